/** Forward passes against the clock. */
import { tensor2d, tensor4d, type Tensor4D } from '@tensorflow/tfjs-core';
import type { Executor, LoadedNetwork } from '../compute/executor';
import type { Network } from '../network/graph';

const WARM_UPS = 2;
const REPEATS = 9;

/** Milliseconds of one forward pass: the median and the quartiles around it. */
export interface ForwardTime {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Times a forward pass of a batch through each network. They take turns, so that a device that warms up or is
 * throttled meanwhile treats them alike. Stops between passes with the signal's reason.
 */
export async function forwardTimes(
  executor: Executor,
  networks: readonly Network[],
  batch: number,
  signal: AbortSignal,
): Promise<readonly ForwardTime[]> {
  const entries: { readonly loaded: LoadedNetwork; readonly images: Tensor4D; readonly times: number[] }[] = [];
  try {
    for (const network of networks) {
      const [input] = network.graph.layers;
      const images = pattern(batch, input?.op === 'input' ? input.shape : [1]);
      entries.push({ loaded: executor.load(network), images, times: [] });
    }
    for (let turn = 0; turn < WARM_UPS + REPEATS; turn += 1) {
      for (const { loaded, images, times } of entries) {
        signal.throwIfAborted();
        const start = performance.now();
        const output = loaded.forward(images);
        // Reading back waits until the device is done.
        await output.data();
        if (turn >= WARM_UPS) times.push(performance.now() - start);
        output.dispose();
      }
    }
    executor.check();
  } finally {
    for (const { loaded, images } of entries) {
      loaded.dispose();
      images.dispose();
    }
  }
  return entries.map(({ times }) => quartiles(times));
}

function quartiles(times: readonly number[]): ForwardTime {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** Values that are neither constant nor zero: some devices are faster on those. */
function pattern(batch: number, shape: readonly number[]): Tensor4D {
  const size = shape.reduce((product, length) => product * length, batch);
  const values = Float32Array.from({ length: size }, (_, at) => ((at * 7919) % 257) / 257 - 0.5);
  const [height = 1, width = 1, channels = 1] = shape;
  if (shape.length === 3) return tensor4d(values, [batch, height, width, channels]);
  // A flat input: the executor takes what the graph's input says.
  return tensor2d(values, [batch, height]) as unknown as Tensor4D;
}
