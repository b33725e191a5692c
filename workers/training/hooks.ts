/**
 * What a method may do around a training step. `methods/` builds its hooks on these; the loop calls them, at batch
 * edges and in this order: `beforeStep`, `gates` and `extraLoss` (inside the gradient tape), `changeGradients`,
 * weight decay and update, `afterStep`; once after the last step, `finish`.
 */
import type { Scalar, Tensor, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import type { BatchNormMode, Gates, Parameter } from '../compute/executor';
import type { LayerId, Tensors } from '../network/graph';

/** A mini-batch on the device; the receiver disposes both tensors. */
export interface DeviceBatch {
  /** `[batch, height, width, channels]`, normalised. */
  readonly images: Tensor4D;
  /** One-hot `[rows, classes]`: a row for each image, or for each pixel where pixels are labelled; zeros for ignored ones. */
  readonly labels: Tensor2D;
  /** Rows that have a label. */
  readonly labelled: number;
}

/** Values of a method's settings, by name. */
export type SettingValues = Readonly<Record<string, number | string | boolean>>;

/** Where the loop stands before or after an update. */
export interface StepPosition {
  /** Global step within the stage, from 0. */
  readonly step: number;
  /** Steps of the whole stage. */
  readonly steps: number;
  readonly epoch: number;
  readonly learningRate: number;
  readonly parameters: readonly Parameter[];
  /** Present values of the method's settings, live knobs included. */
  readonly settings: SettingValues;
}

/** What a training hook sees between backward and update. */
export interface StepView extends StepPosition {
  /** The whole loss of the step, extra terms included. It belongs to the loop. */
  readonly loss: Scalar;
  /** Loss gradients without weight decay, by parameter (or variable) name. A hook that replaces an entry disposes the old tensor. */
  readonly gradients: Map<string, Tensor>;
}

/** Named series for the inspector and metrics.csv; keys stay the same over a stage. */
export interface Telemetry {
  readonly values: Readonly<Record<string, number>>;
  /** Per layer, per filter or per singular value. */
  readonly layers?: Readonly<Record<LayerId, Readonly<Record<string, Float32Array>>>> | undefined;
}

/** Every hook is optional. */
export interface TrainingHooks {
  /** Awaited before the forward pass: truncations, re-clustering, moving an annealed target. */
  beforeStep?(position: StepPosition): Promise<void> | void;
  /** Inside the gradient tape. */
  gates?(): Gates;
  /** Inside the gradient tape, added to the loss. */
  extraLoss?(): Scalar;
  /**
   * Trainable variables of the method's own: updated by the same optimiser, without weight decay, kept in checkpoints.
   * Each has a name that is the same in every run ("dagger.conv1.w1"): checkpoints find it by that
   * (`named-variable.ts`).
   */
  readonly variables?: readonly Variable[];
  /** The method updates `variables` itself, from `gradients` under their names (Adam, another rate). */
  updateVariables?(view: StepView): void;
  /** False: only `variables` train. */
  readonly trainParameters?: boolean;
  /** False: batch norm normalises by the batch, but its running statistics stay as they are. */
  readonly updateStatistics?: boolean;
  /** `running`: batch norm normalises as in inference while this trains. Default `batch`. */
  readonly batchNorm?: BatchNormMode;
  /** True = no gradient flows from what the layer `reader` computes into its input `input`. */
  stopsGradient?(reader: LayerId, input: LayerId): boolean;
  /** Replace gradients; owns weight decay for the parameters named in `ownsDecay`. */
  changeGradients?(view: StepView): void;
  readonly ownsDecay?: ReadonlySet<string>;
  /** Awaited after the update. */
  afterStep?(position: StepPosition): Promise<void> | void;
  /** Once, after the last step or a stop: a last truncation, snapping clusters together. */
  finish?(position: StepPosition): Promise<void> | void;
  telemetry?(): Promise<Telemetry>;
  /** State beyond `variables` that a resumed run needs (clusters, moments, cached subgradients), as host tensors. */
  readState?(): Promise<Tensors>;
  writeState?(state: Tensors): void;
}
