/** From what was walked to a network: its outputs, without a closing part that cannot be run and without dead layers. */
import { type Graph, isWeighted, type Layer, type LayerId, type OriginPort } from '../../network/graph';
import { shapeText } from '../../network/shapes';
import type { Builder } from './builder';
import { channelsFirst, channelsLast, dimsOf, inOrder, type View } from './view';

interface Output {
  readonly name: string;
  readonly view: View;
}

export interface Finished {
  readonly graph: Graph;
  readonly outputs: readonly OriginPort[];
  readonly notes: readonly string[];
}

/** Layers behind which some layer with weights stands, that layer included. */
function leadingToWeights(layers: readonly Layer[]): ReadonlySet<LayerId> {
  const leading = new Set<LayerId>();
  for (const layer of layers.toReversed()) {
    if (isWeighted(layer)) leading.add(layer.id);
    if (leading.has(layer.id)) for (const input of layer.inputs) leading.add(input);
  }
  return leading;
}

/** Opaque layers that no weights follow, and all that reads them. */
function closingPart(layers: readonly Layer[]): ReadonlySet<LayerId> {
  const leading = leadingToWeights(layers);
  const closing = new Set<LayerId>();
  for (const { id, op, inputs } of layers) {
    if ((op === 'opaque' && !leading.has(id)) || inputs.some((input) => closing.has(input))) closing.add(id);
  }
  return closing;
}

/** What `id` is computed from, itself included. */
function ancestors(builder: Builder, ids: Iterable<LayerId>): Set<LayerId> {
  const found = new Set<LayerId>(ids);
  for (const { id, inputs } of [...builder.layers.values()].toReversed()) {
    if (found.has(id)) for (const input of inputs) found.add(input);
  }
  return found;
}

function outputAt(builder: Builder, layer: LayerId): Output {
  const named = builder.named.get(layer);
  return named ?? { name: layer, view: channelsFirst(layer, builder.shapeOf(layer)) };
}

class Ending {
  readonly outputs: Output[] = [];
  readonly notes: string[] = [];

  constructor(
    private readonly builder: Builder,
    private readonly closing: ReadonlySet<LayerId>,
  ) {}

  add(output: Output): void {
    const { layer } = output.view;
    if (this.closing.has(layer)) this.addBefore(layer);
    else if (!this.outputs.some(({ view }) => view.layer === layer)) this.outputs.push(output);
    else this.notes.push(`Output "${output.name}" repeats another output and is left out.`);
  }

  /** The values that the closing part of an output reads stand for it. */
  private addBefore(layer: LayerId): void {
    const above = ancestors(this.builder, [layer]);
    for (const { id, inputs } of this.builder.layers.values()) {
      if (!this.closing.has(id) || !above.has(id)) continue;
      for (const input of inputs) {
        const known = this.outputs.some(({ view }) => view.layer === input);
        if (!this.closing.has(input) && !known) this.outputs.push(outputAt(this.builder, input));
      }
    }
  }

  /** The values that lead to one of unknown shape. */
  addFrom(names: readonly string[]): void {
    for (const name of names) {
      const value = this.builder.values.get(name);
      if (value?.kind === 'view') this.add({ name, view: value.view });
      else if (value?.kind === 'unknown') this.addFrom(value.from.filter((other) => !names.includes(other)));
    }
  }
}

/** Lays an output out so that its port can be told: channels first or last, in one layer. */
function settle(builder: Builder, { name, view }: Output): readonly [LayerId, OriginPort, note?: string] {
  const dims = dimsOf(view);
  const rank = dims.length + 1;
  const shape = builder.shapeOf(view.layer);
  if (shape.length === 3 && shape[0] === 1 && shape[1] === 1) {
    const layout = dims.at(-1) === shape[2] && rank > 2 ? 'NHWC' : 'NCHW';
    return [builder.shaped(view.layer, [shape[2]]), { name, layout, rank }];
  }
  if (shape.length === 1) return [view.layer, { name, layout: dims[0] === shape[0] ? 'NCHW' : 'NHWC', rank }];
  if (rank === 2) {
    const first = channelsFirst(view.layer, shape);
    if (view.axes.flat().join() === first.axes.flat().join()) return [view.layer, { name, layout: 'NCHW', rank }];
    if (inOrder(view)) return [view.layer, { name, layout: 'NHWC', rank }];
  }
  const candidates = [
    ['NCHW', 0],
    ['NHWC', rank - 2],
  ] as const;
  for (const [layout, axis] of rank === 3 || rank === 4 ? candidates : []) {
    const arrangement = channelsLast(view, axis);
    const [p, q] = arrangement?.spatial ?? [];
    if (arrangement === undefined || arrangement.shape.length !== 3) continue;
    if (p !== undefined && q !== undefined && p > q) continue;
    return [builder.shaped(view.layer, arrangement.shape), { name, layout, rank }];
  }
  const note = `Output "${name}" [n, ${dims.join(', ')}] cannot be laid out as in the file; here it is ${shapeText(shape)}.`;
  return [view.layer, { name, layout: 'NHWC', rank: 4 }, note];
}

/** A pool that keeps its two axes of one only to have them flattened away does without. */
function withoutNeedlessFlatten({ layers, outputs }: Graph): Graph {
  const readers = new Map<LayerId, number>();
  for (const id of [...layers.flatMap(({ inputs }) => inputs), ...outputs]) readers.set(id, (readers.get(id) ?? 0) + 1);
  const byId = new Map(layers.map((layer) => [layer.id, layer]));
  /** The pool that stands for each flatten. */
  const pools = new Map<LayerId, LayerId>();
  for (const { id, op, inputs } of layers) {
    const [input = ''] = inputs;
    if (op === 'flatten' && byId.get(input)?.op === 'globalPool' && readers.get(input) === 1) pools.set(id, input);
  }
  const flat = new Set(pools.values());
  const standing = (id: LayerId): LayerId => pools.get(id) ?? id;
  const kept = layers.flatMap((layer): Layer[] => {
    if (pools.has(layer.id)) return [];
    if (layer.op !== 'globalPool' || !flat.has(layer.id)) return [{ ...layer, inputs: layer.inputs.map(standing) }];
    const { keepSpatial: _, ...pool } = layer;
    return [pool];
  });
  return { layers: kept, outputs: outputs.map(standing) };
}

/** One line an operator, so that a network with a hundred of the same stays readable. */
function opaqueNotes(graph: Graph): string[] {
  const reasons = new Map<string, string[]>();
  for (const layer of graph.layers) {
    if (layer.op !== 'opaque') continue;
    const same = reasons.get(layer.operator) ?? [];
    reasons.set(layer.operator, [...same, layer.reason]);
  }
  const lines = [...reasons].map(([operator, [first = '', ...others]]) =>
    others.length === 0 ? first : `${first} ${others.length} more ${operator} are not understood either.`,
  );
  if (lines.length === 0) return [];
  return [
    ...lines,
    'The network opens around what is not understood but cannot be run; channels that reach it are locked.',
  ];
}

function closingNotes(builder: Builder, closing: ReadonlySet<LayerId>, causes: readonly string[]): string[] {
  const reasons = [...builder.layers.values()].flatMap((layer) =>
    layer.op === 'opaque' && closing.has(layer.id) ? [layer.reason] : [],
  );
  return [...new Set([...reasons, ...causes])].map((reason) => {
    const lost = builder.lost.get(reason);
    if (lost === undefined) return `${reason} Nothing with weights follows it, so the network ends before it.`;
    const behind =
      lost === 1
        ? '1 operator with weights behind it does not open'
        : `${lost} operators with weights behind it do not open`;
    return `${reason} The file does not state its shape, so ${behind}; the network ends before it.`;
  });
}

/** `names`: the file's outputs, in order. */
export function finish(builder: Builder, names: readonly string[]): Finished {
  const closing = closingPart([...builder.layers.values()]);
  const ending = new Ending(builder, closing);
  const causes: string[] = [];
  for (const name of names) {
    const value = builder.values.get(name);
    if (value?.kind === 'view') ending.add({ name, view: value.view });
    else if (value?.kind === 'unknown') {
      causes.push(value.cause);
      ending.addFrom(value.from);
    } else ending.notes.push(`Output "${name}" does not depend on the image and is left out.`);
  }
  const settled = ending.outputs.map((output) => settle(builder, output));
  const outputs = settled.map(([layer]) => layer);
  const alive = ancestors(builder, outputs);
  const layers = [...builder.layers.values()].filter(({ id, op }) => alive.has(id) || op === 'input');
  const graph = withoutNeedlessFlatten({ layers, outputs });
  const removed = new Set([...closing].filter((id) => !alive.has(id)));
  const reachable = ancestors(
    builder,
    names.flatMap((name) => {
      const value = builder.values.get(name);
      return value?.kind === 'view' ? [value.view.layer] : [];
    }),
  );
  const left = new Set([...removed].filter((id) => reachable.has(id)));
  return {
    graph,
    outputs: settled.map(([, port]) => port),
    notes: [
      ...ending.notes,
      ...settled.flatMap(([, , note]) => (note === undefined ? [] : [note])),
      ...opaqueNotes(graph),
      ...closingNotes(builder, left, causes),
    ],
  };
}
