/** A data set in memory: bytes, labels and the splits. Sources are one file each beside this one. */
import type { Normalisation } from '../network/graph';

export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** What a network is to say of an image: one class for all of it, or one for each pixel. */
export type Task = 'classification' | 'segmentation';

/** Stands in a mask where a pixel has no class: it counts neither in a loss nor in a figure. */
export const ignoredPixel = 255;

export interface Split {
  readonly count: number;
  /** `[count, height, width, channels]`, bytes of RGB or grey pixels, row-major. */
  readonly images: Uint8Array;
  /** `[count]`, class indices. Empty in a segmentation set: there pixels have classes, images have none. */
  readonly labels: Uint16Array;
  /** Segmentation only: `[count, height, width]`, class indices or `ignoredPixel`. */
  readonly masks?: Uint8Array | undefined;
  /**
   * Procedural segmentation only: `[count, height, width]`, pixels from each object pixel to the one spot that tells its
   * class; negative where there is no object.
   */
  readonly cueDistances?: Float32Array | undefined;
}

/** A range of `cueDistances`: above the end of the band before it (or 0), up to and including `to` pixels. */
export interface DistanceBand {
  readonly name: string;
  readonly to: number;
}

/** How images may be moved with their labels. */
export interface DataAugmentation {
  /** Pixels of padding random crops are taken from. */
  readonly padding: number;
  /** Whether images keep their meaning turned by 90, 180 or 270 degrees. */
  readonly quarterTurns: boolean;
}

export interface Dataset {
  /** Content identity: source id plus a hash of what was read. */
  readonly id: string;
  /** Shown to people: "Shapes-10", "CIFAR-10 (5,000 + 2,000 images)". */
  readonly name: string;
  readonly classes: readonly string[];
  /** `[height, width, channels]` of an image. */
  readonly shape: readonly [number, number, number];
  /** Used when the network brings no normalisation of its own. */
  readonly normalisation: Normalisation;
  /** Whether a mirrored image keeps its label. */
  readonly flip: boolean;
  /** Where training may move images otherwise than by crops from 4 pixels of padding. */
  readonly augmentation?: DataAugmentation | undefined;
  /** Bands of `cueDistances` that accuracy is told for, nearest first; the last one has no end. */
  readonly distanceBands?: readonly DistanceBand[] | undefined;
  /** Disjoint by construction. Decisions read validation only. */
  readonly splits: Readonly<Record<SplitName, Split>>;
  /** What a person should know: "data_batch_2..5 are missing; 5,000 training images are used." */
  readonly notes: readonly string[];
}

/** A set whose images come with masks is for segmentation. */
export function taskOf({ splits }: Pick<Dataset, 'splits'>): Task {
  return splits.train.masks === undefined ? 'classification' : 'segmentation';
}

export type DatasetErrorKind =
  | 'format'
  | 'truncated'
  | 'labels'
  /** Images with masks, opened as images with classes. */
  | 'masks'
  | 'empty'
  | 'network'
  | 'checksum'
  | 'timeout';

/** Names what was read, what was expected and what to do. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  constructor(
    readonly kind: DatasetErrorKind,
    message: string,
    readonly file?: string,
  ) {
    super(message);
  }
}

/** What a thrown value says, fit to stand in brackets inside a sentence. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/[.:\s]+$/, '');
}
