/**
 * How much device memory a network needs, layer by layer, before anything is allocated.
 *
 * tfjs does not notice an allocation the device refuses: over a WebGPU limit it computes zeros, and on a full WASM heap
 * it writes to address 0. So a load or a step that cannot fit is refused here.
 */
import type { Graph, Layer, LayerId, Shape } from '../network/graph';
import { channelsOf, inferShapes, sizeOf } from '../network/shapes';
import { layerTensors } from '../network/tensor-shapes';
import { remembers } from './eager/backward';
import { DeviceError } from './executor';

/** What the device can give, in bytes. */
export interface MemoryLimits {
  /** Largest single buffer (WebGPU: the smaller of `maxBufferSize` and `maxStorageBufferBindingSize`). */
  readonly buffer: number;
  /** Everything together, where the device has a known total (the WASM heap). */
  readonly total?: number | undefined;
}

export type PlannedUse = 'inference' | 'training';

/** One buffer, the largest its layer needs. */
export interface PlannedBuffer {
  readonly layer: LayerId;
  readonly bytes: number;
  /** Grows with the batch, or not (weights). */
  readonly perImage: boolean;
}

export interface MemoryPlan {
  readonly buffers: readonly PlannedBuffer[];
  /** Weights, gradients and the values alive at the fullest moment of a step: an estimate, within a third. */
  readonly totalBytes: number;
}

/** Plans `batch` images through `graph`. Throws `NetworkError` where shapes do not fit. */
export function planMemory(graph: Graph, batch: number, use: PlannedUse): MemoryPlan {
  const shapes = inferShapes(graph);
  const buffers: PlannedBuffer[] = [];
  let [weights, remembered, largest] = [0, 0, 0];
  const named = new Set<string>();
  for (const layer of graph.layers) {
    const output = 4 * batch * sizeOf(shapes.get(layer.id) ?? []);
    const inputs = layer.inputs.map((id) => 4 * batch * sizeOf(shapes.get(id) ?? []));
    const working = workingBytes(layer, output, inputs, shapes.get(layer.inputs[0] ?? '') ?? [], use);
    buffers.push({ layer: layer.id, bytes: Math.max(output, working), perImage: true });
    largest = Math.max(largest, output + 2 * working + inputs.reduce((sum, bytes) => sum + bytes, 0));
    if (isRemembered(graph, layer)) remembered += output;
    for (const { name, bytes } of weightBytes(layer, shapes)) {
      if (named.has(name)) continue;
      named.add(name);
      buffers.push({ layer: layer.id, bytes, perImage: false });
      weights += bytes;
    }
  }
  // Training holds weights, gradients and the optimiser's momentum, and what the gradients will read.
  const totalBytes = use === 'training' ? 3 * weights + remembered + largest : weights + largest;
  return { buffers, totalBytes };
}

/** Throws `DeviceError('too-large')` naming layer, bytes, limit and the batch that would fit. */
export function refuseOversized(graph: Graph, batch: number, use: PlannedUse, limits: MemoryLimits): void {
  const plan = planMemory(graph, batch, use);
  const [largest] = plan.buffers.toSorted((a, b) => b.bytes - a.bytes);
  if (largest === undefined) return;
  if (largest.bytes > limits.buffer) {
    throw new DeviceError(
      'too-large',
      `Layer "${largest.layer}" needs a buffer of ${bytesText(largest.bytes)}, but this device allows ` +
        `${bytesText(limits.buffer)} per buffer. ${cure(largest, batch, limits.buffer / largest.bytes)}`,
      largest.layer,
    );
  }
  if (limits.total !== undefined && plan.totalBytes > limits.total) {
    const doing = use === 'training' ? 'Training on' : 'Running';
    throw new DeviceError(
      'too-large',
      `${doing} ${batch} images at once needs about ${bytesText(plan.totalBytes)}, most of it in layer ` +
        `"${largest.layer}" (${bytesText(largest.bytes)}), but this device has ${bytesText(limits.total)}. ` +
        cure(largest, batch, limits.total / plan.totalBytes),
      largest.layer,
    );
  }
}

/** "1.5 GB", "34 MB" (decimal). */
export function bytesText(bytes: number): string {
  const [unit, size] = bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : ['kB', 1e3];
  return `${Number((bytes / size).toPrecision(3))} ${unit}`;
}

/** Largest temporary the layer's operations make beside their inputs and output. */
function workingBytes(
  layer: Layer,
  output: number,
  inputs: readonly number[],
  inputShape: readonly number[],
  use: PlannedUse,
): number {
  const input = inputs[0] ?? 0;
  switch (layer.op) {
    case 'conv':
    case 'convTranspose':
      // Training transposes input and output gradient; the phases of a strided input gradient round up.
      return use === 'training' ? Math.max(input, output) * 1.1 : 0;
    case 'depthwise':
    case 'averagePool':
    case 'maxPool':
      // Zeros between the pixels of the output gradient.
      return use === 'training' ? output * layer.stride[0] * layer.stride[1] : input;
    case 'resize':
      // Resized in height, not yet in width.
      return (input / (inputShape[0] ?? 1)) * layer.size[0];
    default:
      return use === 'training' ? Math.max(output, input) : 0;
  }
}

/** Whether some layer's gradient reads this layer's output. */
function isRemembered(graph: Graph, layer: Layer): boolean {
  if (remembers(layer).output) return true;
  return graph.layers.some((reader) => reader.inputs.includes(layer.id) && remembers(reader).inputs);
}

function weightBytes(layer: Layer, shapes: ReadonlyMap<LayerId, Shape>): { name: string; bytes: number }[] {
  const input = shapes.get(layer.inputs[0] ?? '');
  if (input === undefined || channelsOf(input) === 0) return [];
  return layerTensors(layer, input).map(({ name, shape }) => ({ name, bytes: 4 * sizeOf(shape) }));
}

function cure(largest: PlannedBuffer, batch: number, share: number): string {
  const fitting = Math.floor(batch * share);
  if (!largest.perImage || fitting < 1) return 'Choose a smaller network or smaller images.';
  return `Use batches of at most ${fitting === 1 ? 'one image' : `${fitting} images`}.`;
}
