/**
 * A network while a reader writes it down: layers in order, each one's shape known at once, names made usable, and what
 * was not understood kept as `opaque` layers with a reason.
 */
import {
  type Layer,
  type LayerId,
  NetworkError,
  type Network,
  type NetworkMeta,
  type Shape,
  type Tensor,
} from '../network/graph';
import { layersBehind } from '../network/outputs';
import { layerShape } from '../network/shapes';
import { validateNetwork } from '../network/validate';
import { FormatError } from './format-error';

const reserved = new Set(['__proto__', 'constructor', 'prototype']);

/** A part of a file that this program has no layer for; the reader makes an opaque layer of it. */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
}

export class NetworkDraft {
  private readonly layers: Layer[] = [];
  private readonly shapes = new Map<LayerId, Shape>();
  private readonly tensors: Record<string, Tensor> = {};
  private readonly said: string[] = [];

  constructor(private readonly file: string) {}

  /** Something people should know: a guess, or what was left out. Said once. */
  note(text: string): void {
    if (!this.said.includes(text)) this.said.push(text);
  }

  get notes(): readonly string[] {
    return this.said;
  }

  /** An id that is not taken and may be used: `wanted`, or that with a number. */
  freeId(wanted: string): LayerId {
    const plain = wanted.replaceAll(/\p{Cc}/gu, '').slice(0, 180);
    const usable = plain === '' || reserved.has(plain) ? `layer ${plain}` : plain;
    let id = usable;
    for (let count = 2; this.shapes.has(id); count++) id = `${usable} (${count})`;
    return id;
  }

  /** Adds a layer whose id is free. Throws `NetworkError` when its inputs do not fit. */
  add(layer: Layer): LayerId {
    this.shapes.set(
      layer.id,
      layerShape(
        layer,
        layer.inputs.map((id) => this.shapeOf(id)),
      ),
    );
    this.layers.push(layer);
    return layer.id;
  }

  shapeOf(id: LayerId): Shape {
    const shape = this.shapes.get(id);
    if (shape === undefined) throw new NetworkError(`There is no layer "${id}" at this point.`, id);
    return shape;
  }

  /** The layer called `id`, as it was added. */
  layerOf(id: LayerId): Layer | undefined {
    return this.layers.find((layer) => layer.id === id);
  }

  /** Keeps a tensor under a usable name; the same name twice is the same tensor. */
  addTensor(wanted: string, tensor: Tensor): string {
    const name = wanted.replaceAll(/\p{Cc}/gu, '').slice(0, 200);
    this.tensors[name] ??= tensor;
    return name;
  }

  /** Adds what was not understood, as an opaque layer, and says so. */
  addOpaque(id: LayerId, operator: string, inputs: readonly LayerId[], shape: Shape, reason: string): LayerId {
    this.note(
      `Not understood: ${operator} "${id}". ${reason} It is locked; the network around it opens, but cannot be run.`,
    );
    return this.add({ op: 'opaque', id, inputs, operator, reason, shape });
  }

  /** Runs `translate`; what it does not understand becomes an opaque layer of the shape that `fallback` answers. */
  attempt(
    id: LayerId,
    operator: string,
    inputs: readonly LayerId[],
    translate: () => LayerId,
    fallback: () => Shape,
  ): LayerId {
    const before = this.layers.length;
    try {
      return translate();
    } catch (error) {
      if (!(error instanceof NotUnderstood) && !(error instanceof NetworkError)) throw error;
      if (inputs.length === 0) throw new FormatError('unsupported', error.message, this.file, id);
      for (const layer of this.layers.splice(before)) this.shapes.delete(layer.id);
      return this.addOpaque(id, operator, inputs, fallback(), error.message);
    }
  }

  /** The finished network, checked; layers that lead to no output are left out. Throws `FormatError`. */
  finish(outputs: readonly LayerId[], meta: NetworkMeta): Network {
    const needed = layersBehind(this.layers, outputs);
    const layers = this.layers.filter((layer) => needed.has(layer.id) || layer.op === 'input');
    const used = new Set(layers.flatMap((layer) => Object.values(layer).filter((value) => typeof value === 'string')));
    const tensors = Object.fromEntries(Object.entries(this.tensors).filter(([name]) => used.has(name)));
    const network = { graph: { layers, outputs }, tensors, meta };
    try {
      validateNetwork(network);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      throw new FormatError('malformed', error.message, this.file, error.layer ?? 'network');
    }
    return network;
  }
}
