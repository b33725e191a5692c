/**
 * Coupling: which channels, over all layers, exist only together.
 *
 * Every channel of every layer's output gets a class. Channels are followed from the layer that makes them through all
 * that carries them; where two meet and must stay in step (an addition, a shared kernel ...) their classes are joined.
 * Removing a whole class from every tensor that holds it leaves a network that fits together; removing less does not.
 */
import { isWeighted, type ConvLayer, type Graph, type Layer, type LayerId, type Shape, type TensorName } from './graph';
import { DisjointSets } from './disjoint-sets';
import { channelsOf, inferShapes } from './shapes';
import { tensorAxes } from './tensor-axes';
import { expectedTensors } from './tensor-shapes';

export type TieKind = 'add' | 'multiply' | 'concat' | 'depthwise' | 'grouped' | 'shared' | 'pad' | 'flatten';

/** Where and how channels of a class are held together, or merely carried along (`pad`, `flatten`). */
export interface Tie {
  readonly kind: TieKind;
  readonly layer: LayerId;
}

/** A class: channels that live and go together. Numbered from 0 in order of first appearance. */
export type ChannelClass = number;

export interface Coupling {
  /** `classes.get(layer)[channel]`, for the output of every layer. */
  readonly classes: ReadonlyMap<LayerId, Int32Array>;
  readonly count: number;
  /** Why the class may never go. */
  readonly locks: ReadonlyMap<ChannelClass, string>;
  readonly ties: ReadonlyMap<ChannelClass, readonly Tie[]>;
}

const known = new WeakMap<Graph, Coupling>();

/** The coupling of `graph`, computed once per graph object. Throws `NetworkError` when shapes or tensors do not fit. */
export function couplingOf(graph: Graph): Coupling {
  const found = known.get(graph);
  if (found !== undefined) return found;
  const coupling = new Propagation(graph).result();
  known.set(graph, coupling);
  return coupling;
}

/** Walks the graph once, giving each channel an atom and joining atoms that must stay in step. */
class Propagation {
  private readonly shapes: ReadonlyMap<LayerId, Shape>;
  private readonly atoms = new Map<LayerId, Int32Array>();
  private readonly sets = new DisjointSets();
  private readonly locked: { readonly atom: number; readonly reason: string }[] = [];
  private readonly tied: { readonly atom: number; readonly tie: Tie }[] = [];
  private readonly tensors = new Map<string, Int32Array>();
  private readonly owners = new Map<TensorName, LayerId>();

  constructor(private readonly graph: Graph) {
    this.shapes = inferShapes(graph);
    // Two uses of one tensor can only be tied index by index when they agree on its shape.
    expectedTensors(graph, this.shapes);
    for (const layer of graph.layers) this.visit(layer);
    for (const id of graph.outputs) {
      this.lock(this.atomsOf(id), `The channels of "${id}" are the network's outputs.`);
    }
  }

  private visit(layer: Layer): void {
    const inputs = layer.inputs.map((id) => this.atomsOf(id));
    const output = this.outputAtoms(layer, inputs);
    this.atoms.set(layer.id, output);
    this.tieShared(layer, inputs[0] ?? output, output);
  }

  private outputAtoms(layer: Layer, inputs: readonly Int32Array[]): Int32Array {
    const [input = new Int32Array(0), second = input] = inputs;
    switch (layer.op) {
      case 'input': {
        const atoms = this.fresh(channelsOf(layer.shape));
        this.lock(atoms, `Tied to the network's input "${layer.id}", whose channels are given.`);
        return atoms;
      }
      case 'dense':
        return this.fresh(layer.units);
      case 'conv':
        return this.convAtoms(layer, input);
      case 'convTranspose':
        return this.fresh(layer.filters);
      case 'depthwise':
        this.note(input, { kind: 'depthwise', layer: layer.id });
        return input;
      case 'add':
        for (const other of inputs.slice(1)) this.join(input, other, { kind: 'add', layer: layer.id });
        return input;
      case 'multiply':
        if (second.length === input.length) this.join(input, second, { kind: 'multiply', layer: layer.id });
        else this.lock(second, `Its single channel is spread over all channels in "${layer.id}".`);
        return input;
      case 'concat':
        if (layer.axis === 'height' || layer.axis === 'width') {
          for (const other of inputs.slice(1)) this.join(input, other, { kind: 'concat', layer: layer.id });
          return input;
        }
        return Int32Array.from(inputs.flatMap((atoms) => [...atoms]));
      case 'pad': {
        const [before, after] = layer.channels;
        if (before + after > 0) this.note(input, { kind: 'pad', layer: layer.id });
        return Int32Array.from([...this.fresh(before), ...input, ...this.fresh(after)]);
      }
      case 'slice': {
        const [begin, end, stride] = [layer.begin[2], layer.end[2], layer.stride[2]];
        if (stride > 1)
          this.lock(input, `Slice "${layer.id}" takes one channel in ${stride}, so all must keep their places.`);
        return input.filter((_, at) => at >= begin && at < end && (at - begin) % stride === 0);
      }
      case 'gather':
        return Int32Array.from(layer.channels, (channel) => input[channel] ?? 0);
      case 'flatten':
        this.note(input, { kind: 'flatten', layer: layer.id });
        // NHWC order: the channel runs fastest.
        return Int32Array.from(
          { length: channelsOf(this.shapeOf(layer.id)) },
          (_, at) => input[at % input.length] ?? 0,
        );
      case 'reshape': {
        if (channelsOf(layer.shape) === input.length) return input;
        const reason = `Reshape "${layer.id}" deals ${input.length} channels out anew, so all must keep their places.`;
        return this.lockedThrough(layer, inputs, reason);
      }
      case 'opaque':
        return this.lockedThrough(
          layer,
          inputs,
          `"${layer.id}" (${layer.operator}) is not understood. ${layer.reason}`,
        );
      case 'softmax':
        this.lock(input, `Softmax "${layer.id}" shares one whole among all of its channels.`);
        return input;
      case 'batchNorm':
      case 'activation':
      case 'prelu':
      case 'scale':
      case 'maxPool':
      case 'averagePool':
      case 'globalPool':
      case 'resize':
        return input;
    }
  }

  /** Channels that must all stay, before and after a layer that does not keep them apart. */
  private lockedThrough(layer: Layer, inputs: readonly Int32Array[], reason: string): Int32Array {
    const output = this.fresh(channelsOf(this.shapeOf(layer.id)));
    for (const atoms of [...inputs, output]) this.lock(atoms, reason);
    return output;
  }

  private convAtoms(layer: ConvLayer, input: Int32Array): Int32Array {
    const output = this.fresh(layer.filters);
    if (layer.groups === 1) return output;
    const tie: Tie = { kind: 'grouped', layer: layer.id };
    const inPerGroup = input.length / layer.groups;
    const outPerGroup = layer.filters / layer.groups;
    if (inPerGroup === 1) {
      // A depthwise convolution with a channel multiplier: an input channel goes with its group's filters.
      output.forEach((atom, at) => this.joinAtoms(atom, input[Math.floor(at / outPerGroup)] ?? atom, tie));
      return output;
    }
    // Groups stay equally wide: position p goes in all of them or in none.
    input.forEach((atom, at) => this.joinAtoms(atom, input[at % inPerGroup] ?? atom, tie));
    output.forEach((atom, at) => this.joinAtoms(atom, output[at % outPerGroup] ?? atom, tie));
    return output;
  }

  /** Two layers naming one tensor lose the same slices of it. */
  private tieShared(layer: Layer, input: Int32Array, output: Int32Array): void {
    for (const { name, axes } of tensorAxes(layer, input, output)) {
      const owner = this.owners.get(name);
      if (owner === undefined) this.owners.set(name, layer.id);
      for (const { axis, labels } of axes) {
        const key = `${axis} ${name}`;
        const before = this.tensors.get(key);
        if (before === undefined) this.tensors.set(key, labels);
        // One layer may name a tensor twice (a statistic used as a shift); its own channels need no tie.
        else if (owner !== layer.id) this.join(before, labels, { kind: 'shared', layer: layer.id });
      }
    }
  }

  result(): Coupling {
    const numbers = new Map<number, ChannelClass>();
    const classes = new Map<LayerId, Int32Array>();
    for (const [id, atoms] of this.atoms) {
      classes.set(
        id,
        atoms.map((atom) => {
          const root = this.sets.find(atom);
          const number = numbers.get(root) ?? numbers.size;
          numbers.set(root, number);
          return number;
        }),
      );
    }
    const classOf = (atom: number): ChannelClass => numbers.get(this.sets.find(atom)) ?? -1;
    const locks = new Map<ChannelClass, string>();
    for (const { atom, reason } of this.locked) if (!locks.has(classOf(atom))) locks.set(classOf(atom), reason);
    this.lockLastChannels(classes, locks);
    const ties = new Map<ChannelClass, Tie[]>();
    for (const { atom, tie } of this.tied) {
      const list = ties.get(classOf(atom)) ?? [];
      if (!list.some(({ kind, layer }) => kind === tie.kind && layer === tie.layer)) list.push(tie);
      ties.set(classOf(atom), list);
    }
    return { classes, count: numbers.size, locks, ties };
  }

  /** A class that is all a layer has can never go: the layer would keep nothing. */
  private lockLastChannels(classes: ReadonlyMap<LayerId, Int32Array>, locks: Map<ChannelClass, string>): void {
    for (const layer of this.graph.layers) {
      const own = classes.get(layer.id) ?? new Int32Array(0);
      const [only] = own;
      if (only === undefined || locks.has(only) || own.some((other) => other !== only)) continue;
      const noun = isWeighted(layer) ? 'filter' : 'channel';
      const all = own.length === 1 ? `its only ${noun}` : `all of its ${own.length} ${noun}s, which are tied together`;
      locks.set(only, `"${layer.id}" would lose ${all}.`);
    }
  }

  private fresh(count: number): Int32Array {
    return Int32Array.from({ length: count }, () => this.sets.add());
  }

  private join(first: Int32Array, second: Int32Array, tie: Tie): void {
    first.forEach((atom, at) => this.joinAtoms(atom, second[at] ?? atom, tie));
  }

  private joinAtoms(first: number, second: number, tie: Tie): void {
    this.sets.union(first, second);
    this.tied.push({ atom: first, tie });
  }

  private note(atoms: Int32Array, tie: Tie): void {
    for (const atom of atoms) this.tied.push({ atom, tie });
  }

  private lock(atoms: Int32Array, reason: string): void {
    for (const atom of atoms) this.locked.push({ atom, reason });
  }

  private atomsOf(id: LayerId): Int32Array {
    // `inferShapes` has refused references to layers that are missing or stand later.
    return this.atoms.get(id) ?? new Int32Array(0);
  }

  private shapeOf(id: LayerId): Shape {
    return this.shapes.get(id) ?? [0];
  }
}
