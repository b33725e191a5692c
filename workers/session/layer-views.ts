/** What the inspector shows of one layer: its kernels as pictures, and its measured time before and after a cut. */
import type { Executor } from '../compute/executor';
import { cutChannels } from '../network/cut';
import { isWeighted, layerOf, NetworkError, type Graph, type LayerId, type Network } from '../network/graph';
import type { RemovedChannels } from '../network/plan';
import { inferShapes } from '../network/shapes';
import type { CommandResult } from '../protocol';
import { forwardTimes } from './timing';

/**
 * RMS over the input channels of every kernel tap, `[filters, kh, kw]`; kernels over RGB also signed,
 * `[filters, kh, kw, 3]`. A dense unit is one tap. Throws `NetworkError` for a layer without a kernel.
 */
export function kernelViews({ graph, tensors }: Network, id: LayerId): CommandResult<'kernels'> {
  const layer = layerOf(graph, id);
  const kernel = isWeighted(layer) ? tensors[layer.kernel] : undefined;
  if (kernel === undefined) throw new NetworkError(`Layer "${id}" has no kernel to look at.`, id);
  const { kh, kw, inputs, filters, at } = kernelAxes(layer.op, kernel.shape);
  const magnitude = new Float32Array(filters * kh * kw);
  const rgb = layer.op === 'conv' && inputs === 3 ? new Float32Array(filters * kh * kw * 3) : null;
  for (let tap = 0; tap < kh * kw; tap += 1) {
    for (let filter = 0; filter < filters; filter += 1) {
      let sum = 0;
      for (let input = 0; input < inputs; input += 1) {
        const value = kernel.values[at(tap, input, filter)] ?? 0;
        sum += value * value;
        if (rgb !== null) rgb[(filter * kh * kw + tap) * 3 + input] = value;
      }
      magnitude[filter * kh * kw + tap] = Math.sqrt(sum / inputs);
    }
  }
  return { filters, size: [kh, kw], magnitude, rgb };
}

interface KernelAxes {
  readonly kh: number;
  readonly kw: number;
  readonly inputs: number;
  readonly filters: number;
  /** Where a weight lies in the kernel. */
  readonly at: (tap: number, input: number, filter: number) => number;
}

/** Filters are the last axis, but of depthwise kernels `[kh, kw, c, 1]` and transposed ones `[kh, kw, filters, cin]`. */
function kernelAxes(op: string, shape: readonly number[]): KernelAxes {
  const [first = 1, second = 1, third = 1, fourth = 1] = shape;
  if (op === 'convTranspose') {
    const at: KernelAxes['at'] = (tap, input, filter) => (tap * third + filter) * fourth + input;
    return { kh: first, kw: second, inputs: fourth, filters: third, at };
  }
  const [kh, kw, inputs, filters] =
    op === 'dense'
      ? [1, 1, first, second]
      : op === 'depthwise'
        ? [first, second, 1, third]
        : [first, second, third, fourth];
  return { kh, kw, inputs, filters, at: (tap, input, filter) => (tap * inputs + input) * filters + filter };
}

/** Median forward milliseconds of layer `id` alone for a batch of `batch`, as it is and after the cut. */
export async function measureLayer(
  executor: Executor,
  network: Network,
  id: LayerId,
  removed: RemovedChannels,
  batch: number,
  signal: AbortSignal,
): Promise<CommandResult<'measureLayer'>> {
  const cut = cutChannels(network, removed);
  const alone = cut === network ? [network] : [network, cut];
  const [original, smaller] = await forwardTimes(
    executor,
    alone.map((whole) => layerAlone(whole, id)),
    batch,
    signal,
  );
  const originalMs = original?.median ?? 0;
  return { originalMs, cutMs: smaller?.median ?? originalMs };
}

/** A network of that one layer, fed with an input of the shape it gets inside. */
function layerAlone({ graph, tensors, meta }: Network, id: LayerId): Network {
  const layer = layerOf(graph, id);
  const shape = inferShapes(graph).get(layer.inputs[0] ?? '');
  if (!isWeighted(layer) || shape === undefined) throw new NetworkError(`Layer "${id}" has no kernel to time.`, id);
  const alone: Graph = {
    layers: [
      { id: 'input', op: 'input', inputs: [], shape },
      { ...layer, inputs: ['input'] },
    ],
    outputs: [id],
  };
  return { graph: alone, tensors, meta: { name: meta.name, history: [] } };
}
