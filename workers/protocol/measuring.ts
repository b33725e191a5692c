/** What is measured of an open network: importance, spectra, accuracy, time, and networks side by side. */
import type { SplitName } from '../datasets/dataset';
import type { SettingValues } from '../methods/method';
import type { LayerId } from '../network/graph';
import type { FilterScores, Reduction, Sensitivity } from '../network/plan';
import type { Spectra } from '../network/rank-plan';
import type { ClassCounts, Metric, PassEvaluation } from '../training/evaluate';
import type { DatasetId, NetworkId, RemovedChannels, Truncation } from './networks';

/** What a network answers after one of its passes; a plain network has one. */
export interface PassFigures extends Omit<PassEvaluation, 'confusion'> {
  /** Multiply-adds of one image up to this pass. */
  readonly macs: number;
}

/** Two networks on the same images, by position: how they differ, and the 95 % interval of that. */
export interface NetworkPair {
  readonly first: number;
  readonly second: number;
  /** Images that only the first, only the second of them gets right; where pixels have classes, more pixels of. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Accuracy, or mIoU, of the second less that of the first, share of 1. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided, of the exact McNemar test; where pixels have classes, of the sign test over images. */
  readonly pValue: number;
}

interface Compared {
  readonly split: SplitName;
  readonly images: number;
  /** Every two networks. */
  readonly pairs: readonly NetworkPair[];
  readonly testUses: number;
}

/** Answers of several networks to the same images, which have a class each. */
export interface ComparedImages extends Compared {
  readonly task: 'classification';
  /** `[images]`, true classes. */
  readonly labels: Uint16Array;
  /**
   * One per network. `predictions` `[images]`; `margins` `[images]`, probability of the true class less that of the
   * likeliest other one.
   */
  readonly answers: readonly { readonly predictions: Uint16Array; readonly margins: Float32Array }[];
}

/** The same where every pixel has a class. */
export interface ComparedPixels extends Compared {
  readonly task: 'segmentation';
  /** `[images]`, pixels that have a class. */
  readonly labelled: Uint32Array;
  /** One per network, of its last pass. `right` `[images]`, pixels told right. */
  readonly answers: readonly {
    readonly right: Uint32Array;
    readonly mIoU: number;
    readonly perClass: readonly ClassCounts[];
  }[];
}

/** Questions about open networks; none changes one. */
export interface MeasuringCommands {
  /** Importance per filter by a method that scores. */
  score: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId | null;
      readonly method: string;
      readonly settings: SettingValues;
      readonly seed: number;
    };
    result: { readonly scores: FilterScores; readonly normalise: 'layerMean' | 'none'; readonly seconds: number };
  };
  /** Singular values of every kernel a truncation by `method` could split. */
  spectra: {
    params: { readonly network: NetworkId; readonly method: string; readonly settings: SettingValues };
    result: Spectra;
  };
  /** The same cut as the real thing, per group, coarse first; `signal` cancels. */
  sensitivity: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly scores: FilterScores;
      readonly reduction: Reduction;
      readonly normalise: 'layerMean' | 'none';
      readonly images: number;
    };
    result: { readonly sensitivity: Sensitivity };
  };
  /**
   * Accuracy of the network without `removed`, or truncated, on the first `images` of a split; with and without
   * batch-norm recalibration.
   */
  preview: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly removed: RemovedChannels;
      readonly truncation?: Truncation | undefined;
      readonly images: number;
      readonly recalibrate: boolean;
    };
    result: { readonly accuracy: number; readonly recalibrated: number | null; readonly images: number };
  };
  /**
   * What a cut or a truncation comes to right away, recalibrated, and reconstructed as well, on the first `images`
   * validation images. Measured when nobody else wants the device.
   */
  recover: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly removed: RemovedChannels;
      readonly truncation?: Truncation | undefined;
      readonly images: number;
    };
    result: { readonly accuracy: number; readonly recalibrated: number; readonly reconstructed: number };
  };
  evaluate: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly split: SplitName;
      readonly images: number | null;
      /** How often to look; as often as the network was built for when absent. */
      readonly passes?: number | undefined;
    };
    result: {
      readonly metric: Metric;
      /** What `metric` says, of the last pass. */
      readonly accuracy: number;
      readonly loss: number;
      readonly images: number;
      /** Of the last pass. */
      readonly perClass: readonly ClassCounts[];
      /** `confusion` is `[label][answer]`, row-major counts of images, or of pixels. */
      readonly passes: readonly (PassFigures & { readonly confusion: readonly number[] })[];
      readonly seconds: number;
      readonly testUses: number;
    };
  };
  /** Median forward milliseconds of one layer for a batch, before and after the cut. */
  measureLayer: {
    params: {
      readonly network: NetworkId;
      readonly layer: LayerId;
      readonly removed: RemovedChannels;
      readonly batch: number;
    };
    result: { readonly originalMs: number; readonly cutMs: number };
  };
  /** Answers of up to five networks to the same first `images` of a split (null = all), and every two of them compared. */
  compareNetworks: {
    params: {
      readonly networks: readonly NetworkId[];
      readonly dataset: DatasetId;
      readonly split: SplitName;
      readonly images: number | null;
    };
    result: ComparedImages | ComparedPixels;
  };
  /** Forward milliseconds of a batch through each network, which take turns: median and quartiles. */
  timeNetworks: {
    params: { readonly networks: readonly NetworkId[]; readonly batch: number };
    result: {
      readonly times: readonly { readonly median: number; readonly low: number; readonly high: number }[];
    };
  };
}
