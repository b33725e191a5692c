/**
 * Images made to fit a network that takes another size or grey pixels: resized bilinearly (half-pixel centres, no
 * antialiasing, as the `resize` layer does) and weighted to one channel (ITU-R BT.601).
 */
import type { Shape } from '../network/graph';
import { resizeSamples } from '../network/resize';
import type { Dataset, Split, SplitName } from './dataset';

/** Resized images may take so many bytes a split; a split keeps its first images. */
const maximumBytes = 2 ** 28;

const luma = [0.299, 0.587, 0.114] as const;

const known = new WeakMap<Dataset, Map<string, Dataset>>();

/**
 * The data set with images of shape `input`; itself where they are so already, or where they cannot be: pixels with labels
 * of their own are never resized, and other channels than grey and RGB are not made. Splits are converted when first read.
 */
export function fittedTo(dataset: Dataset, input: Shape | undefined): Dataset {
  const fits = input === undefined || input.join() === dataset.shape.join();
  if (fits || input.length !== 3 || !canFit(dataset, input)) return dataset;
  const forms = known.get(dataset) ?? new Map<string, Dataset>();
  known.set(dataset, forms);
  const before = forms.get(input.join());
  if (before !== undefined) return before;
  const [height, width, channels] = input;
  const { mean, std } = dataset.normalisation;
  const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const fitted: Dataset = {
    ...dataset,
    shape: [height, width, channels],
    normalisation: channels === 1 ? { mean: [average(mean)], std: [average(std)] } : dataset.normalisation,
    splits: lazily(dataset, [height, width, channels]),
  };
  forms.set(input.join(), fitted);
  return fitted;
}

/** Whether `fittedTo` can make images of that shape. */
export function canFit({ splits, shape }: Pick<Dataset, 'splits' | 'shape'>, [, , channels]: Shape): boolean {
  return splits.train.masks === undefined && shape[2] === 3 && (channels === 1 || channels === 3);
}

function lazily({ splits, shape }: Dataset, target: readonly [number, number, number]): Dataset['splits'] {
  const made = new Map<SplitName, Split>();
  const split = (name: SplitName): Split => {
    const before = made.get(name) ?? fitSplit(splits[name], shape, target);
    made.set(name, before);
    return before;
  };
  return {
    get train() {
      return split('train');
    },
    get validation() {
      return split('validation');
    },
    get test() {
      return split('test');
    },
  };
}

function fitSplit(split: Split, [height, width]: Dataset['shape'], target: readonly [number, number, number]): Split {
  const [rows, columns, channels] = target;
  const size = rows * columns * channels;
  const count = Math.min(split.count, Math.max(1, Math.floor(maximumBytes / size)));
  const grid = { mode: 'bilinear', grid: 'halfPixel' } as const;
  const [down, across] = [resizeSamples(height, rows, grid), resizeSamples(width, columns, grid)];
  const images = new Uint8Array(count * size);
  for (let image = 0; image < count; image++) {
    const from = image * height * width * 3;
    let at = image * size;
    for (const vertical of down) {
      for (const horizontal of across) {
        const pixel = [0, 0, 0];
        for (const [y, weightY] of vertical) {
          for (const [x, weightX] of horizontal) {
            const start = from + (y * width + x) * 3;
            for (let channel = 0; channel < 3; channel++) {
              pixel[channel] = (pixel[channel] ?? 0) + weightY * weightX * (split.images[start + channel] ?? 0);
            }
          }
        }
        if (channels === 1)
          images[at++] = Math.round(pixel.reduce((sum, value, channel) => sum + value * (luma[channel] ?? 0), 0));
        else for (const value of pixel) images[at++] = Math.round(value);
      }
    }
  }
  return { count, images, labels: split.labels.slice(0, count) };
}
