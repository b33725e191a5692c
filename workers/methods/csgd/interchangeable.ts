/**
 * Whether units of a group may become one another.
 *
 * Units of a group occur equally often in every layer, which is enough to cut any of them. To merge two, each occurrence
 * of the one must also have an occurrence of the other that stands in the same place of the computation. Only crossed
 * wiring breaks that: a slice that takes the first of two tied channels of one unit and the second of another.
 */
import { couplingOf, type ChannelClass } from '../../network/coupling';
import type { Graph, Layer, LayerId } from '../../network/graph';
import type { ChannelGroup } from '../../network/groups';

/** The groups of `graph` whose units can stand for each other: all, in the architectures people use. */
export function interchangeableGroups(graph: Graph, groups: readonly ChannelGroup[]): ReadonlySet<ChannelGroup> {
  const { classes } = couplingOf(graph);
  const histories = classHistories(graph, classes);
  return new Set(
    groups.filter(({ members: [member] }) => {
      const own = classes.get(member?.layer ?? '');
      const kinds = new Set(member?.channels.map(([channel]) => histories.get(own?.[channel ?? -1] ?? -1)));
      return kinds.size === 1;
    }),
  );
}

/** Where the channels of each class stand in all layers, in order: equal texts = interchangeable classes. */
function classHistories(graph: Graph, classes: ReadonlyMap<LayerId, Int32Array>): ReadonlyMap<ChannelClass, string> {
  const places = new Map<LayerId, readonly number[]>();
  const numbers = new Map<string, number>();
  const histories = new Map<ChannelClass, string>();
  for (const layer of graph.layers) {
    const own = classes.get(layer.id) ?? new Int32Array(0);
    const inputs = layer.inputs.map((id) => places.get(id) ?? []);
    const computed = placesOf(layer, inputs, own).map((text) => {
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      return number;
    });
    places.set(layer.id, computed);
    own.forEach((unit, at) => histories.set(unit, `${histories.get(unit) ?? ''} ${layer.id}:${computed[at] ?? -1}`));
  }
  return histories;
}

/** How each channel of the layer is computed from the places of its inputs, the filter's own number left out. */
function placesOf(layer: Layer, inputs: readonly (readonly number[])[], classes: Int32Array): readonly string[] {
  const [input = [], second = []] = inputs;
  switch (layer.op) {
    case 'input':
    case 'dense':
    case 'opaque':
    case 'convTranspose':
    case 'conv': {
      const groups = layer.op === 'conv' ? layer.groups : 1;
      const perGroup = classes.length / groups;
      // One input channel a group: the filters of a group follow that channel. Else they follow their group's inputs.
      const source = (group: number): number => (groups > 1 && input.length === groups ? (input[group] ?? -1) : group);
      const seen = new Map<string, number>();
      return Array.from(classes, (unit, at) => {
        const from = source(Math.floor(at / perGroup));
        const key = `${from} ${unit}`;
        const ordinal = seen.get(key) ?? 0;
        seen.set(key, ordinal + 1);
        return `${layer.id} ${from} ${ordinal}`;
      });
    }
    case 'concat':
      if (layer.axis === 'height' || layer.axis === 'width') {
        return input.map((_, at) => `${layer.id} ${inputs.map((other) => other[at] ?? -1).join(' ')}`);
      }
      return inputs.flat().map((place) => `copy ${place}`);
    case 'pad': {
      const [before, after] = layer.channels;
      const zeros = (count: number): string[] => new Array<string>(count).fill('zero');
      return [...zeros(before), ...input.map((place) => `${layer.id} ${place}`), ...zeros(after)];
    }
    case 'slice': {
      const [begin, end, stride] = [layer.begin[2], layer.end[2], layer.stride[2]];
      const taken = input.filter((_, at) => at >= begin && at < end && (at - begin) % stride === 0);
      return taken.map((place) => `${layer.id} ${place}`);
    }
    case 'gather':
      return layer.channels.map((channel) => `copy ${input[channel] ?? -1}`);
    case 'flatten':
      return Array.from(
        classes,
        (_, at) => `${layer.id} ${Math.floor(at / input.length)} ${input[at % input.length] ?? -1}`,
      );
    case 'add':
    case 'multiply':
      return input.map((place, at) => {
        const others = inputs.slice(1).map((other) => (other.length === input.length ? other[at] : second[0]));
        return `${layer.id} ${[place, ...others].join(' ')}`;
      });
    default:
      return input.map((place) => `${layer.id} ${place}`);
  }
}
