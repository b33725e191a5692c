/** Small pictures of kernels for the tooltip, remembered for the layers that were looked at last. */
import type { CommandResult } from '../../workers/protocol';
import { studioClient } from '../studio/store';

export type Kernels = CommandResult<'kernels'>;

const remembered = 8;
const known = new Map<string, Kernels>();

/** Null when the worker cannot say: a tooltip goes without its picture. */
export async function kernelsOf(network: string, layer: string): Promise<Kernels | null> {
  const key = `${network}/${layer}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  try {
    const kernels = await studioClient().call('kernels', { network, layer });
    known.set(key, kernels);
    for (const old of [...known.keys()].slice(0, Math.max(0, known.size - remembered))) known.delete(old);
    return kernels;
  } catch {
    return null;
  }
}

/** One pixel a tap: the style sheet scales it. Dark = strong, relative to the filter's strongest tap. */
export function paintKernel(canvas: HTMLCanvasElement, { size, magnitude }: Kernels, channel: number): void {
  const [height, width] = size;
  const taps = height * width;
  const own = magnitude.subarray(channel * taps, (channel + 1) * taps);
  const context = canvas.getContext('2d');
  if (context === null || own.length === 0) return;
  canvas.width = width;
  canvas.height = height;
  const image = context.createImageData(width, height);
  const strongest = Math.max(...own, 1e-12);
  own.forEach((value, tap) => {
    // By energy, as in the inspector.
    const light = Math.round(245 - 215 * (value / strongest) ** 2);
    image.data.set([light, light, Math.max(0, light - 6), 255], 4 * tap);
  });
  context.putImageData(image, 0, 0);
}
