/** Networks and data as the page sees them, and the commands that open, describe and draw them. */
import type { SplitName, Task } from '../datasets/dataset';
import type { ChannelIndex, Graph, LayerId, NetworkMeta, Normalisation } from '../network/graph';
import type { RankPlan } from '../network/rank-plan';
import type { DataSource, NetworkSource } from '../session/recipe';

/** Handles into the worker. Opaque to the page; never reused. */
export type NetworkId = string;
export type DatasetId = string;

export type RemovedChannels = Readonly<Record<LayerId, readonly ChannelIndex[]>>;

/** Convolutions split into pairs of the given ranks. */
export type Truncation = Pick<RankPlan, 'scheme' | 'ranks'>;

export interface NetworkView {
  readonly network: NetworkId;
  readonly graph: Graph;
  readonly meta: NetworkMeta;
  /** SHA-256 over structure and tensors, hex. */
  readonly hash: string;
  readonly source: NetworkSource;
  /** What the reader guessed or left out: shown, never silent. */
  readonly notes: readonly string[];
}

export interface DatasetView {
  readonly dataset: DatasetId;
  readonly name: string;
  readonly task: Task;
  readonly classes: readonly string[];
  readonly shape: readonly [number, number, number];
  readonly normalisation: Normalisation;
  readonly counts: Readonly<Record<SplitName, number>>;
  readonly notes: readonly string[];
  readonly source: DataSource;
}

/** How well a network does when bytes become numbers one way or another. */
export interface InputTrial {
  readonly images: number;
  /** Accuracy of guessing. */
  readonly chance: number;
  /** The best first. */
  readonly tried: readonly {
    readonly id: string;
    readonly title: string;
    readonly order: 'RGB' | 'BGR';
    readonly normalisation: Normalisation;
    readonly accuracy: number;
  }[];
}

/** A network this project ships with its weights. */
export interface ShippedNetwork {
  readonly id: string;
  readonly title: string;
  readonly data: DataSource;
  /** Test accuracy of the shipped weights, share of 1, measured by the recipe that made them. */
  readonly accuracy: number;
  readonly macs: number;
  readonly parameters: number;
  readonly recipe: string;
}

/** What is open. */
export interface NetworkCommands {
  /** `file` holds the bytes when the source is a file. */
  openNetwork: {
    params: { readonly source: NetworkSource; readonly files: readonly File[]; readonly seed?: number | undefined };
    result: NetworkView;
  };
  /** The usual ways to turn bytes into a network's input, each measured on images of the validation split. */
  tryInputs: { params: { readonly network: NetworkId; readonly dataset: DatasetId }; result: InputTrial };
  /** The network with its input and classes described; `BGR` turns its first kernels, so that it takes RGB. */
  describeInput: {
    params: {
      readonly network: NetworkId;
      readonly normalisation: Normalisation;
      readonly order: 'RGB' | 'BGR';
      readonly classes: readonly string[] | null;
    };
    result: NetworkView;
  };
  openDataset: {
    params: { readonly source: DataSource; readonly files: readonly File[] };
    result: DatasetView;
  };
  /** RMS over input channels of every kernel tap: `[filters, kh, kw]`; RGB kernels also signed `[filters, kh, kw, 3]`. */
  kernels: {
    params: { readonly network: NetworkId; readonly layer: LayerId };
    result: {
      readonly filters: number;
      readonly size: readonly [number, number];
      readonly magnitude: Float32Array;
      readonly rgb: Float32Array | null;
    };
  };
  /** RGB bytes of single images of a split, `[indices, h, w, 3]`. */
  imagesAt: {
    params: { readonly dataset: DatasetId; readonly split: SplitName; readonly indices: readonly number[] };
    result: { readonly shape: readonly [number, number, number]; readonly pixels: Uint8Array };
  };
}
