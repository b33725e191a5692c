/** Sums and products: of two tensors, or of a tensor and a constant. */
import type { BatchNormLayer, LayerId } from '../../network/graph';
import { isWeighted } from '../../network/graph';
import { clipped, activated, productFunction, scaledFunction } from './activations';
import { arranged, commonChannels, innermost, NotUnderstood, vector } from './builder';
import { broadcastDims, type Constant, scalarOf } from './constant';
import type { Handler, Site } from './site';
import { dimsOf, reshapeView, type View } from './view';

/** The smallest number that batch norm may add to a variance: 1 + it is 1 in float32. */
const nothing = 1e-12;

/** factor * x + offset with one number each for all channels of the file's axis `axis`. */
interface Affine {
  readonly axis: number;
  readonly factor: readonly number[];
  readonly offset: readonly number[];
}

/** A constant beside a view: the same everywhere, or one number per index of a single axis. */
type Spread = { readonly all: number } | { readonly axis: number; readonly values: readonly number[] };

function spreadOf(constant: Constant, view: View): Spread {
  const dims = [1, ...dimsOf(view)];
  const own = [...Array.from({ length: Math.max(0, dims.length - constant.dims.length) }, () => 1), ...constant.dims];
  const larger = own.length > dims.length || own.some((size, axis) => size !== 1 && size !== dims[axis]);
  if (larger) throw new NotUnderstood(`meets a constant [${constant.dims.join(', ')}] larger than the tensor`);
  const values = Array.from(constant.values);
  const [first = 0] = values;
  if (values.every((value) => value === first)) return { all: first };
  const axes = own.flatMap((size, axis) => (size > 1 ? [axis] : []));
  const [axis] = axes;
  if (axis === undefined || axes.length > 1) {
    throw new NotUnderstood(`meets a constant [${constant.dims.join(', ')}] that differs from place to place`);
  }
  return { axis: axis - 1, values };
}

/** Bias of the layer before, where that has none and nobody else reads it. */
function asBias(site: Site, view: View, index: number, { axis, offset }: Affine): View | undefined {
  const layer = site.builder.layers.get(view.layer);
  if (
    layer === undefined ||
    !isWeighted(layer) ||
    layer.bias !== undefined ||
    axis !== commonChannels(site.builder, [view])
  )
    return undefined;
  if (!site.builder.isOwn(site.source(index), view.layer)) return undefined;
  const name = site.builder.tensor(`${layer.id}.bias`, '', 'vector', () => vector(offset));
  site.builder.replace({ ...layer, bias: name });
  return view;
}

/** A batch norm that does nothing but scale and shift; such a one before it takes both in. */
function perChannel(site: Site, view: View, index: number, affine: Affine): View {
  const { builder } = site;
  const before = builder.layers.get(view.layer);
  const joins = builder.affines.has(view.layer) && builder.isOwn(site.source(index), view.layer);
  if (joins && before?.op === 'batchNorm' && affine.axis === commonChannels(builder, [view])) {
    compose(site, before, affine);
    return view;
  }
  const input = innermost(builder, view, affine.axis);
  const wish = site.node.title;
  const own = (role: string, values: readonly number[]) =>
    builder.tensor(`${wish}.${role}`, '', 'vector', () => vector(values));
  const body = {
    op: 'batchNorm',
    gamma: own('gamma', affine.factor),
    beta: own('beta', affine.offset),
    mean: own(
      'mean',
      affine.factor.map(() => 0),
    ),
    variance: own(
      'variance',
      affine.factor.map(() => 1),
    ),
    epsilon: nothing,
  } as const;
  const layer = site.layer(body, [input]);
  builder.affines.add(layer);
  return { ...view, layer };
}

function compose({ builder }: Site, { gamma = '', beta = '' }: BatchNormLayer, { factor, offset }: Affine): void {
  const [old, shift] = [builder.tensors[gamma], builder.tensors[beta]];
  if (old === undefined || shift === undefined) throw new NotUnderstood('scales a tensor that was lost');
  builder.tensors[gamma] = vector(old.values.map((value, at) => value * (factor[at] ?? 1)));
  builder.tensors[beta] = vector(shift.values.map((value, at) => value * (factor[at] ?? 1) + (offset[at] ?? 0)));
}

/** factor * x + offset, the same everywhere; joined with a scale before it, and recognised where it ends a function. */
function everywhere(site: Site, view: View, index: number, factor: number, offset: number): View {
  if (factor === 1 && offset === 0) return view;
  const known = offset === 0 ? scaledFunction(site, view.layer, factor) : undefined;
  if (known !== undefined) return activated(site, { ...view, layer: known.of }, { kind: known.kind });
  const before = site.builder.layers.get(view.layer);
  if (before?.op === 'scale' && site.builder.isOwn(site.source(index), view.layer)) {
    const [input = ''] = before.inputs;
    const joined = { factor: before.factor * factor, offset: before.offset * factor + offset };
    if (joined.factor === 1 && joined.offset === 0) return { ...view, layer: input };
    return { ...view, layer: site.layer({ op: 'scale', ...joined }, [input]) };
  }
  return { ...view, layer: site.layer({ op: 'scale', factor, offset }, [view.layer]) };
}

/** The view at input `index`, scaled and shifted by constants that may differ per channel. */
function scaledAndShifted(site: Site, index: number, factor: Spread, offset: Spread): View {
  const view = site.view(index);
  if ('all' in factor && 'all' in offset) return everywhere(site, view, index, factor.all, offset.all);
  const axis = 'all' in factor ? ('all' in offset ? 0 : offset.axis) : factor.axis;
  const count = dimsOf(view)[axis] ?? 1;
  const list = (spread: Spread): readonly number[] =>
    'all' in spread ? Array.from({ length: count }, () => spread.all) : spread.values;
  const affine = { axis, factor: list(factor), offset: list(offset) };
  const biased = 'all' in factor && factor.all === 1 ? asBias(site, view, index, affine) : undefined;
  return biased ?? perChannel(site, view, index, affine);
}

const unchanged: Spread = { all: 1 };
const none: Spread = { all: 0 };

function mapSpread(spread: Spread, change: (value: number) => number): Spread {
  return 'all' in spread ? { all: change(spread.all) } : { ...spread, values: spread.values.map(change) };
}

/** Two views in one memory order and one shape; undefined where the file lays them out differently. */
function alike(site: Site, first: View, second: View): LayerId | undefined {
  const dims = dimsOf(first);
  const [a, b] = [reshapeView(first, dims), reshapeView(second, dims)];
  if (a === undefined || b === undefined) return undefined;
  const same = a.atoms.join() === b.atoms.join() && a.axes.map(String).join(';') === b.axes.map(String).join(';');
  if (!same) return undefined;
  return site.builder.shaped(second.layer, site.builder.shapeOf(first.layer));
}

function layouts(first: View, second: View): NotUnderstood {
  const text = (view: View): string => `[n, ${dimsOf(view).join(', ')}]`;
  return new NotUnderstood(
    `joins tensors ${text(first)} and ${text(second)} whose numbers do not lie in the same order`,
  );
}

function sameDims(first: View, second: View): boolean {
  return dimsOf(first).join() === dimsOf(second).join();
}

/** `[n, c, 1, 1]` repeated to the size of `[n, c, h, w]`. */
function spreadOver(site: Site, small: View, large: View): View {
  const own = arranged(site.builder, small, 0);
  const { shape } = arranged(site.builder, large, 0);
  const [height = 1, width = 1, channels = 1] = shape;
  if (
    dimsOf(small)
      .slice(1)
      .some((size) => size !== 1) ||
    own.shape.at(-1) !== channels ||
    shape.length !== 3
  ) {
    throw layouts(small, large);
  }
  const spatial = site.builder.shaped(own.layer, [1, 1, channels]);
  const body = { op: 'resize', size: [height, width], mode: 'nearest', grid: 'asymmetric' } as const;
  return { ...large, layer: site.layer(body, [spatial]) };
}

/** The sum of two views; a smaller one is repeated. */
function sum(site: Site, first: View, second: View): View {
  const dims = broadcastDims(dimsOf(first), dimsOf(second)).join();
  if (dims !== dimsOf(first).join()) return sum(site, spreadOver(site, first, second), second);
  const other = sameDims(first, second) ? second : spreadOver(site, second, first);
  const layer = alike(site, first, other);
  if (layer === undefined) throw layouts(first, other);
  return { ...first, layer: site.layer({ op: 'add' }, [first.layer, layer]) };
}

function product(site: Site, first: View, second: View): View {
  if (sameDims(first, second)) {
    const layer = alike(site, first, second);
    if (layer === undefined) throw layouts(first, second);
    const known = productFunction(site, first.layer, layer);
    if (known !== undefined) {
      const made = activated(site, { ...first, layer: known.of }, { kind: known.kind });
      if (known.factor === 1) return made;
      return { ...made, layer: site.layer({ op: 'scale', factor: known.factor, offset: 0 }, [made.layer]) };
    }
    return { ...first, layer: site.layer({ op: 'multiply' }, [first.layer, layer]) };
  }
  const dims = broadcastDims(dimsOf(first), dimsOf(second)).join();
  if (dims === dimsOf(second).join()) return product(site, second, first);
  if (dims !== dimsOf(first).join()) throw layouts(first, second);
  const channels = commonChannels(site.builder, [first]);
  if (channels === undefined) throw layouts(first, second);
  const large = arranged(site.builder, first, channels);
  const small = arranged(site.builder, second, channels);
  const shape = small.shape.length === 3 ? small.shape : ([1, 1, small.shape[0]] as const);
  const inputs = [large.layer, site.builder.shaped(small.layer, shape)];
  return { ...first, layer: site.layer({ op: 'multiply' }, inputs) };
}

/** Position of the only view among two inputs; undefined when both are views. */
function onlyView(site: Site): 0 | 1 | undefined {
  const [first, second] = [site.value(0)?.kind, site.value(1)?.kind];
  return first === 'view' ? (second === 'view' ? undefined : 0) : 1;
}

function beside(site: Site, index: 0 | 1): Spread {
  return spreadOf(site.required(1 - index, 'second input'), site.view(index));
}

export const add: Handler = (site) => {
  const index = onlyView(site);
  if (index === undefined) return [sum(site, site.view(0), site.view(1))];
  return [scaledAndShifted(site, index, unchanged, beside(site, index))];
};

export const subtract: Handler = (site) => {
  const index = onlyView(site);
  if (index === 0) {
    return [
      scaledAndShifted(
        site,
        0,
        unchanged,
        mapSpread(beside(site, 0), (value) => -value),
      ),
    ];
  }
  if (index === 1) return [scaledAndShifted(site, 1, { all: -1 }, beside(site, 1))];
  const second = site.view(1);
  const negative = site.layer({ op: 'scale', factor: -1, offset: 0 }, [second.layer]);
  return [sum(site, site.view(0), { ...second, layer: negative })];
};

export const multiply: Handler = (site) => {
  const index = onlyView(site);
  if (index === undefined) return [product(site, site.view(0), site.view(1))];
  return [scaledAndShifted(site, index, beside(site, index), none)];
};

export const divide: Handler = (site) => {
  if (onlyView(site) !== 0) throw new NotUnderstood('divides by a tensor that depends on the image');
  return [
    scaledAndShifted(
      site,
      0,
      mapSpread(beside(site, 0), (value) => 1 / value),
      none,
    ),
  ];
};

export const negate: Handler = (site) => [everywhere(site, site.view(0), 0, -1, 0)];

export const sumOfAll: Handler = (site) => {
  const views = site.node.inputs.map((_, index) => site.view(index));
  const [first, ...others] = views;
  if (first === undefined) throw new NotUnderstood('adds nothing');
  return [others.reduce((total, view) => sum(site, total, view), first)];
};

export const power: Handler = (site) => {
  const view = site.view(0);
  const exponent = scalarOf(site.required(1, 'exponent'));
  if (exponent === 1) return [view];
  if (exponent !== 2 && exponent !== 3) throw new NotUnderstood(`raises to the power ${exponent}`);
  let { layer } = view;
  for (let times = 1; times < exponent; times++) layer = site.layer({ op: 'multiply' }, [layer, view.layer]);
  return [{ ...view, layer }];
};

export const bounded =
  (side: 'min' | 'max'): Handler =>
  (site) => {
    const index = onlyView(site);
    const spread = index === undefined || site.node.inputs.length !== 2 ? undefined : beside(site, index);
    if (index === undefined || spread === undefined || !('all' in spread)) {
      throw new NotUnderstood('compares tensors; one number as the other side is read');
    }
    const view = site.view(index);
    return [side === 'min' ? clipped(site, view, undefined, spread.all) : clipped(site, view, spread.all, undefined)];
  };

export const batchNorm: Handler = (site) => {
  const view = site.view(0);
  const wish = /^(.+?)[./](weight|gamma)(:0)?$/.exec(site.source(1))?.[1] ?? site.node.title;
  const input = innermost(site.builder, view, 0);
  const roles = ['gamma', 'beta', 'mean', 'variance'] as const;
  const [gamma = '', beta = '', mean = '', variance = ''] = roles.map((role, at) => {
    const constant = site.required(at + 1, role);
    return site.builder.tensor(`${wish}.${role}`, site.source(at + 1), 'vector', () => vector(constant.values));
  });
  const epsilon = Math.max(site.node.float('epsilon', 1e-5), nothing);
  const id = site.layer({ op: 'batchNorm', gamma, beta, mean, variance, epsilon }, [input], wish);
  return [{ ...view, layer: id }];
};
