/** A network that looks several times, image by image. */
import type { SplitName } from '../datasets/dataset';
import type { DatasetId, NetworkId } from './networks';

/** One image as a network sees it, look by look. */
export interface ImageLooks {
  /** `[h, w, 3]`, RGB bytes. */
  readonly image: Uint8Array;
  readonly size: readonly [number, number];
  /** `[h, w]`, class indices, 255 = none; null where images have one label. */
  readonly truth: Uint8Array | null;
  readonly label: number | null;
  readonly passes: readonly {
    /** `[h, w]`, class indices; null where images have one label. */
    readonly prediction: Uint8Array | null;
    /** By class; null where pixels are labelled. */
    readonly probabilities: Float32Array | null;
    /** Share of this image's labelled pixels that are right; null where images have one label. */
    readonly accuracy: number | null;
    /** None in the first look. */
    readonly gates: readonly {
      /** From 1. */
      readonly stage: number;
      readonly size: readonly [number, number];
      /** `[h, w]` of `size`, mean over channels. */
      readonly map: Float32Array;
      /** Mean over the picture, by channel. */
      readonly channels: Float32Array;
    }[];
  }[];
}

/** What the answer at one pixel rests on, look by look. */
export interface ImageEvidence {
  /** Rows and columns of `drop`, spread evenly over the image. */
  readonly grid: readonly [number, number];
  readonly passes: readonly {
    /** The class named at the pixel. */
    readonly answer: number;
    /** By class, at the pixel. */
    readonly probabilities: Float32Array;
    /** How much the probability of `answer` falls when a patch there (an eighth of each side) is hidden. */
    readonly drop: Float32Array;
    /** Gate values at the pixel, by channel. */
    readonly gates: readonly { readonly stage: number; readonly values: Float32Array }[];
  }[];
}

/** One image as a network sees it. */
export interface LookingCommands {
  /** `passes` null = as often as the network was built to look; `image` counts within the split. */
  looks: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly split: SplitName;
      readonly image: number;
      readonly passes: number | null;
    };
    result: ImageLooks;
  };
  /** Found by hiding one patch of the image after the other; `signal` cancels. */
  evidence: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly split: SplitName;
      readonly image: number;
      readonly passes: number | null;
      readonly row: number;
      readonly column: number;
    };
    result: ImageEvidence;
  };
}
