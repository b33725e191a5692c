/** A data set in memory: bytes, labels and the splits. Sources are one file each beside this one. */
import type { Normalisation } from '../network/graph';

export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** `images` is `[count, height, width, 3]` in RGB bytes, row-major; `labels` is `[count]`, class indices. */
export interface Split {
  readonly count: number;
  readonly images: Uint8Array;
  readonly labels: Uint16Array;
}

export interface Dataset {
  /** Content identity: source id plus a hash of what was read. */
  readonly id: string;
  /** Shown to people: "Shapes-10", "CIFAR-10 (5,000 + 2,000 images)". */
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: readonly [number, number, 3];
  /** Used when the network brings no normalisation of its own. */
  readonly normalisation: Normalisation;
  /** Whether a mirrored image keeps its label. */
  readonly flip: boolean;
  /** Disjoint by construction. Decisions read validation only. */
  readonly splits: Readonly<Record<SplitName, Split>>;
  /** What a person should know: "data_batch_2..5 are missing; 5,000 training images are used." */
  readonly notes: readonly string[];
}

export type DatasetErrorKind = 'format' | 'truncated' | 'labels' | 'empty' | 'network' | 'checksum' | 'timeout';

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
