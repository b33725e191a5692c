/**
 * The facts a planner needs about a graph, as flat tables: units, where they occur, and what widths cost.
 *
 * Layers are known by their position in the graph, units by one running number over all groups.
 */
import { kernelUses } from '../costs';
import { couplingOf } from '../coupling';
import { isWeighted, type Graph, type LayerId, type TensorName } from '../graph';
import { channelGroups, lockedLayers, type ChannelGroup } from '../groups';
import { channelsOf, inferShapes, sizeOf } from '../shapes';
import { isTrainable, layerTensors } from '../tensor-shapes';

export interface UnitGroup {
  readonly group: ChannelGroup;
  /** Its units are `firstUnit` to `firstUnit + group.size - 1`. */
  readonly firstUnit: number;
  /** Channels one unit has in each layer's output, for the layers where it occurs. */
  readonly occurrences: readonly { readonly position: number; readonly channels: number }[];
  /** Indices into `macTerms` of the terms that shrink with it. */
  readonly macTerms: readonly number[];
}

/** `coefficient * width(output) * width(input)`, or without the input where `input` is -1. */
export interface CostTerm {
  readonly coefficient: number;
  readonly input: number;
  readonly output: number;
}

export interface UnitTable {
  readonly groups: readonly UnitGroup[];
  readonly unitCount: number;
  /** Group of every unit, as index into `groups`. */
  readonly groupOf: Int32Array;
  readonly layers: readonly LayerId[];
  /** Output channels of every layer before any cut. */
  readonly widths: Int32Array;
  /** Unit of every output channel, for weighted layers. */
  readonly unitsOf: ReadonlyMap<LayerId, Int32Array>;
  readonly locked: ReadonlyMap<LayerId, string>;
  readonly macTerms: readonly CostTerm[];
  readonly parameterTerms: readonly CostTerm[];
}

/** Throws `NetworkError` when the graph's shapes or tensors do not fit. */
export function unitTable(graph: Graph): UnitTable {
  const { classes } = couplingOf(graph);
  const layers = graph.layers.map(({ id }) => id);
  const groups = channelGroups(graph);
  const { macTerms, parameterTerms } = costTerms(graph);
  const unitsOf = new Map<LayerId, Int32Array>();
  for (const layer of graph.layers) {
    if (isWeighted(layer)) unitsOf.set(layer.id, new Int32Array(classes.get(layer.id)?.length ?? 0));
  }
  const groupOf: number[] = [];
  const entries = groups.map((group, index): UnitGroup => {
    const firstUnit = groupOf.length;
    for (let unit = 0; unit < group.size; unit++) groupOf.push(index);
    for (const { layer, channels } of group.members) {
      const own = unitsOf.get(layer);
      channels.forEach((list, unit) => list.forEach((channel) => own?.fill(firstUnit + unit, channel, channel + 1)));
    }
    const occurrences = occurrencesOf(group, layers, classes);
    const positions = new Set(occurrences.map(({ position }) => position));
    const shrinks = ({ input, output }: CostTerm): boolean => positions.has(input) || positions.has(output);
    return { group, firstUnit, occurrences, macTerms: macTerms.flatMap((term, at) => (shrinks(term) ? [at] : [])) };
  });
  return {
    groups: entries,
    unitCount: groupOf.length,
    groupOf: Int32Array.from(groupOf),
    layers,
    widths: Int32Array.from(layers, (id) => classes.get(id)?.length ?? 0),
    unitsOf,
    locked: lockedLayers(graph),
    macTerms,
    parameterTerms,
  };
}

/** Value of `terms` for the given widths by layer position. */
export function costOf(terms: readonly CostTerm[], widths: Int32Array): number {
  let total = 0;
  for (const term of terms) total += termCost(term, widths);
  return total;
}

export function termCost({ coefficient, input, output }: CostTerm, widths: Int32Array): number {
  return coefficient * (widths[output] ?? 0) * (input < 0 ? 1 : (widths[input] ?? 0));
}

/** Units of a group occur alike everywhere, so the first stands for all. */
function occurrencesOf(
  group: ChannelGroup,
  layers: readonly LayerId[],
  classes: ReadonlyMap<LayerId, Int32Array>,
): UnitGroup['occurrences'] {
  const [member] = group.members;
  const own = classes.get(member?.layer ?? '')?.[member?.channels[0]?.[0] ?? -1];
  return layers.flatMap((id, position) => {
    let channels = 0;
    for (const other of classes.get(id) ?? []) if (other === own) channels++;
    return channels === 0 ? [] : [{ position, channels }];
  });
}

/** Costs as `costs.ts` counts them, written as products of widths. */
function costTerms(graph: Graph): Pick<UnitTable, 'macTerms' | 'parameterTerms'> {
  const shapes = inferShapes(graph);
  const positionOf = new Map(graph.layers.map(({ id }, position) => [id, position]));
  const macTerms: CostTerm[] = [];
  const parameterTerms: CostTerm[] = [];
  const counted = new Set<TensorName>();
  graph.layers.forEach((layer, output) => {
    const [from = ''] = layer.inputs;
    const shape = shapes.get(from);
    const outputShape = shapes.get(layer.id);
    if (shape === undefined || outputShape === undefined) return;
    const input = positionOf.get(from) ?? -1;
    const uses = kernelUses(layer, shape, outputShape);
    for (const { name, role, shape: tensorShape } of layerTensors(layer, shape)) {
      // A kernel grows with inputs and filters; a depthwise one (or one input a group) with its filters alone.
      const channels = channelsOf(shape);
      const mixes = layer.op === 'dense' || layer.op === 'convTranspose';
      const pairs = mixes || (layer.op === 'conv' && (layer.groups === 1 || channels > layer.groups));
      const both = role === 'kernel' && pairs;
      const coefficient = sizeOf(tensorShape) / (channelsOf(outputShape) * (both ? channels : 1));
      const term = { coefficient, input: both ? input : -1, output };
      if (role === 'kernel') macTerms.push({ ...term, coefficient: coefficient * uses });
      if (!isTrainable(role) || counted.has(name)) continue;
      counted.add(name);
      parameterTerms.push(term);
    }
  });
  return { macTerms, parameterTerms };
}
