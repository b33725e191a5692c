/** Functions of one value, and the chains that older exporters spell them in. */
import type { ActivationLayer, Layer, LayerId } from '../../network/graph';
import { innermost, NotUnderstood, vector } from './builder';
import { scalarOf } from './constant';
import type { Handler, Site } from './site';
import { dimsOf, type View } from './view';

type Settings = Pick<ActivationLayer, 'kind' | 'slope' | 'offset' | 'min' | 'max'>;

/** An activation of a view: the file's axes stay where they are. */
export function activated(site: Site, view: View, settings: Settings): View {
  return { ...view, layer: site.layer({ op: 'activation', ...settings }, [view.layer]) };
}

export const simple =
  (kind: Settings['kind']): Handler =>
  (site) => [activated(site, site.view(0), { kind })];

/** max(min, min(max, x)) by its usual name. */
function clipSettings(min: number | undefined, max: number | undefined): Settings {
  if (min === 0 && max === undefined) return { kind: 'relu' };
  if (min === 0 && max === 6) return { kind: 'relu6' };
  return { kind: 'clip', ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** A bound; undefined for one that no float32 exceeds. */
function bound(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) > 3.4e38 ? undefined : value;
}

export function clipped(site: Site, view: View, min: number | undefined, max: number | undefined): View {
  const [low, high] = [bound(min), bound(max)];
  if (low === undefined && high === undefined) return view;
  return activated(site, view, clipSettings(low, high));
}

export const clip: Handler = (site) => {
  const { node } = site;
  const limit = (name: string, index: number): number | undefined => {
    if (node.opset < 11) return node.has(name) ? node.float(name, 0) : undefined;
    const constant = site.constant(index);
    return constant === undefined ? undefined : scalarOf(constant);
  };
  return [clipped(site, site.view(0), limit('min', 1), limit('max', 2))];
};

export const leakyRelu: Handler = (site) => [
  activated(site, site.view(0), { kind: 'leakyRelu', slope: site.node.float('alpha', 0.01) }),
];

export const elu: Handler = (site) => {
  const alpha = site.node.float('alpha', 1);
  if (alpha !== 1) throw new NotUnderstood(`has alpha ${alpha}; Elu is read with alpha 1`);
  return [activated(site, site.view(0), { kind: 'elu' })];
};

/** Slope and offset as the float32 of a file has them: 1/6 is not exact there. */
function isAbout(value: number, wanted: number): boolean {
  return Math.abs(value - wanted) <= 1e-6 * Math.abs(wanted);
}

export const hardSigmoid: Handler = (site) => {
  const [slope, offset] = [site.node.float('alpha', 0.2), site.node.float('beta', 0.5)];
  const usual = isAbout(slope, 1 / 6) && offset === 0.5;
  return [activated(site, site.view(0), { kind: 'hardSigmoid', ...(usual ? {} : { slope, offset }) })];
};

export const gelu: Handler = (site) => {
  const how = site.node.text('approximate', 'none');
  if (how !== 'none') throw new NotUnderstood(`is the ${how} approximation of Gelu; the exact form is read`);
  return [activated(site, site.view(0), { kind: 'gelu' })];
};

export const mish: Handler = (site) => {
  const view = site.view(0);
  const soft = activated(site, view, { kind: 'softplus' });
  const bounded = activated(site, soft, { kind: 'tanh' });
  return [{ ...view, layer: site.layer({ op: 'multiply' }, [view.layer, bounded.layer]) }];
};

export const prelu: Handler = (site) => {
  const view = site.view(0);
  const slope = site.required(1, 'slope');
  const channels = dimsOf(view)[0] ?? 1;
  const only = channels === 1 ? undefined : scalarOf(slope);
  if (only !== undefined) return [activated(site, view, { kind: 'leakyRelu', slope: only })];
  if (slope.values.length !== channels) {
    throw new NotUnderstood(`has slopes [${slope.dims.join(', ')}]; one per channel is read`);
  }
  const layer = innermost(site.builder, view, 0);
  const name = site.builder.tensor(`${site.node.title}.slope`, site.source(1), 'vector', () => vector(slope.values));
  return [{ ...view, layer: site.layer({ op: 'prelu', slope: name }, [layer]) }];
};

/** Softmax or LogSoftmax over one axis; before opset 13 over that axis and all after it. */
export const softmax: Handler = (site) => {
  const view = site.view(0);
  const { node } = site;
  const dims = dimsOf(view);
  const given = node.int('axis', node.opset < 13 ? 1 : -1);
  const axis = (given < 0 ? given + dims.length + 1 : given) - 1;
  if (axis < 0 || axis >= dims.length) throw new NotUnderstood(`works along axis ${given}`);
  if (node.opset < 13 && dims.slice(axis + 1).some((size) => size !== 1)) {
    throw new NotUnderstood('works along several axes at once');
  }
  const layer = innermost(site.builder, view, axis);
  const shape = site.builder.shapeOf(layer);
  const alone = shape.length === 3 && shape[0] === 1 && shape[1] === 1;
  const input = alone ? site.builder.shaped(layer, [shape[2]]) : layer;
  const body = node.op === 'LogSoftmax' ? ({ op: 'softmax', log: true } as const) : ({ op: 'softmax' } as const);
  return [{ ...view, layer: site.layer(body, [input]) }];
};

/** The layer a layer reads, where it reads one. */
function inputOf(layer: Layer | undefined): LayerId | undefined {
  return layer?.inputs[0];
}

function layerAt(site: Site, id: LayerId | undefined): Layer | undefined {
  return id === undefined ? undefined : site.builder.layers.get(id);
}

function isScale(layer: Layer | undefined, factor: number, offset: number): boolean {
  return layer?.op === 'scale' && isAbout(layer.factor, factor) && Math.abs(layer.offset - offset) <= 1e-6;
}

/** `relu6(x + 3)`: answers x. */
function shiftedRelu6(site: Site, id: LayerId | undefined): LayerId | undefined {
  const outer = layerAt(site, id);
  if (outer?.op !== 'activation' || outer.kind !== 'relu6') return undefined;
  const inner = layerAt(site, inputOf(outer));
  return isScale(inner, 1, 3) ? inputOf(inner) : undefined;
}

/**
 * A known function that `factor` times the layer `id` spells out, and of which layer: `relu6(x + 3) / 6` is a hard
 * sigmoid, `x relu6(x + 3) / 6` a hard swish.
 */
export function scaledFunction(
  site: Site,
  id: LayerId,
  factor: number,
): { readonly kind: 'hardSigmoid' | 'hardSwish'; readonly of: LayerId } | undefined {
  if (!isAbout(factor, 1 / 6)) return undefined;
  const plain = shiftedRelu6(site, id);
  if (plain !== undefined) return { kind: 'hardSigmoid', of: plain };
  const product = layerAt(site, id);
  if (product?.op !== 'multiply') return undefined;
  const [a = '', b = ''] = product.inputs;
  if (shiftedRelu6(site, b) === a) return { kind: 'hardSwish', of: a };
  return shiftedRelu6(site, a) === b ? { kind: 'hardSwish', of: b } : undefined;
}

/**
 * A known function that the product of two layers spells out, its layer, and a factor that is left over:
 * `x sigmoid(x)` is a swish, `x hardSigmoid(x)` a hard swish, `a x (1 + erf(x / sqrt 2))` is 2a times a Gelu.
 */
export function productFunction(
  site: Site,
  a: LayerId,
  b: LayerId,
): { readonly kind: 'swish' | 'hardSwish' | 'gelu'; readonly of: LayerId; readonly factor: number } | undefined {
  for (const [plain, gate] of [
    [a, b],
    [b, a],
  ] as const) {
    const layer = layerAt(site, gate);
    if (layer?.op === 'activation' && inputOf(layer) === plain) {
      if (layer.kind === 'sigmoid') return { kind: 'swish', of: plain, factor: 1 };
      if (layer.kind === 'hardSigmoid' && layer.slope === undefined && layer.offset === undefined) {
        return { kind: 'hardSwish', of: plain, factor: 1 };
      }
    }
    const of = isScale(layer, 1, 1) ? erfArgument(site, inputOf(layer)) : undefined;
    if (of === undefined) continue;
    if (of === plain) return { kind: 'gelu', of, factor: 2 };
    const scaled = layerAt(site, plain);
    if (scaled?.op === 'scale' && scaled.offset === 0 && inputOf(scaled) === of) {
      return { kind: 'gelu', of, factor: 2 * scaled.factor };
    }
  }
  return undefined;
}

/** x of `erf(x / sqrt 2)`. */
function erfArgument(site: Site, id: LayerId | undefined): LayerId | undefined {
  const outer = layerAt(site, id);
  if (outer?.op !== 'opaque' || outer.operator !== 'Erf') return undefined;
  const inner = layerAt(site, inputOf(outer));
  return isScale(inner, Math.SQRT1_2, 0) ? inputOf(inner) : undefined;
}
