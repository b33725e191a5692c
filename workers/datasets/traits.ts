/** What can be told of a data set from its pixels and its class names. */
import type { Normalisation } from '../network/graph';
import type { Split } from './dataset';

/** Mean and deviation of pixel / 255 for each channel; 0.5 and 0.25 for an empty split. */
export function measureNormalisation({ images }: Split): Normalisation {
  if (images.length === 0) return { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const count = images.length / 3;
  const channels = [0, 1, 2].map((channel) => {
    let sum = 0;
    let squares = 0;
    for (let at = channel; at < images.length; at += 3) {
      const value = images[at] ?? 0;
      sum += value;
      squares += value * value;
    }
    const mean = sum / count;
    // A channel that never changes would be divided by zero; one level is the smallest deviation that means anything.
    return { mean: mean / 255, std: Math.max(1, Math.sqrt(Math.max(0, squares / count - mean * mean))) / 255 };
  });
  return { mean: channels.map(({ mean }) => mean), std: channels.map(({ std }) => std) };
}

/** Whether classes keep their meaning in a mirror: letters, digits and sides do not. */
export function survivesMirror(classes: readonly string[]): boolean {
  const written = classes.every((name) => /^(.|\d+)$/.test(name));
  return !written && !classes.some((name) => /(^|[\s_-])(left|right)([\s_-]|$)/i.test(name));
}
