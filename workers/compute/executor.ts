/**
 * The contract between training and compute: load a network, forward, backward, update, read back.
 *
 * The eager tfjs executor is the first implementation and the reference for every faster one. Between backward and
 * update each parameter and its gradient is a tensor, so a method's hook is a few tensor operations wherever the step ran.
 */
import type { Scalar, Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import type { Graph, LayerId, Network, TensorName, Tensors } from '../network/graph';

export type DeviceKind = 'webgpu' | 'wasm';

/** What runs and why: the device badge. */
export interface DeviceReport {
  readonly kind: DeviceKind;
  /** "Apple M2", "SwiftShader (software)", "4 threads, SIMD". */
  readonly description: string;
  /** One sentence: why this device and not another. */
  readonly reason: string;
  readonly threads: number;
  readonly simd: boolean;
  /** WebGPU only: `maxBufferSize` in bytes. */
  readonly maxBufferBytes?: number | undefined;
  /** Largest relative error of the start-up self-check (forward and gradients against plain float64 loops). */
  readonly selfCheckError: number;
}

export type ParameterRole = 'kernel' | 'bias' | 'gamma' | 'beta' | 'slope';

/** A trainable tensor on the device. `layers` has more than one entry when the tensor is shared. */
export interface Parameter {
  readonly name: TensorName;
  readonly role: ParameterRole;
  readonly layers: readonly LayerId[];
  readonly value: Variable;
}

/** Multiplied into the output of the named layers, shape `[channels]`. */
export type Gates = ReadonlyMap<LayerId, Tensor1D>;

export interface ForwardOptions {
  readonly gates?: Gates | undefined;
}

export interface StepOptions {
  /** Loss of the network's outputs, in order, evaluated inside the gradient tape. */
  readonly loss: (outputs: readonly Tensor[]) => Scalar;
  /** Evaluated inside the tape, so that gradients reach the variables the gates are computed from. */
  readonly gates?: (() => Gates) | undefined;
  /** Added to the loss, inside the tape. */
  readonly extraLoss?: (() => Scalar) | undefined;
  /** Variables of the method's own; their gradients come back under `variable.name`. */
  readonly extraVariables?: readonly Variable[] | undefined;
  /** False = the network's parameters stay as they are and get no gradients. Default true. */
  readonly trainParameters?: boolean | undefined;
  /** How far batch-norm running statistics follow this batch: new = (1 - m) old + m batch. Default 0.1; 0 = not at all. */
  readonly statisticsMomentum?: number | undefined;
  /** What batch norm normalises by. `running`: as in inference; then these statistics follow nothing. Default `batch`. */
  readonly batchNorm?: BatchNormMode | undefined;
  /** True = no gradient flows from what the layer `reader` computes into its input `input`. */
  readonly stopsGradient?: ((reader: LayerId, input: LayerId) => boolean) | undefined;
}

export type BatchNormMode = 'batch' | 'running';

/** All tensors belong to the caller, who disposes them. */
export interface StepResult {
  readonly loss: Scalar;
  /** In the order of `graph.outputs`. */
  readonly outputs: readonly Tensor[];
  /** By `Parameter.name` (and `Variable.name` of `extraVariables`). */
  readonly gradients: Map<string, Tensor>;
}

/** A network whose tensors live on the device. Not re-entrant: one call at a time. */
export interface LoadedNetwork {
  readonly graph: Graph;
  readonly parameters: readonly Parameter[];
  /** Batch-norm running means and variances. */
  readonly statistics: ReadonlyMap<TensorName, Variable>;
  /**
   * Inference: images `[batch, h, w, c]`, normalised; returns the first output, `[batch, ...shape]` (logits
   * `[batch, classes]`, or `[batch, h, w, classes]` where every pixel has its own). Caller disposes it.
   */
  forward(images: Tensor4D, options?: ForwardOptions): Tensor;
  /** Inference with all of `graph.outputs`, in order. Caller disposes them. */
  outputs(images: Tensor4D, options?: ForwardOptions): readonly Tensor[];
  /** Inference that also returns the outputs of `layers`. Caller disposes all. */
  activations(images: Tensor4D, layers: readonly LayerId[]): Map<LayerId, Tensor>;
  /** Training-mode forward and backward. Updates running statistics, changes no parameter. */
  step(images: Tensor4D, options: StepOptions): StepResult;
  /**
   * Re-estimates batch-norm statistics as exact averages over the batches (weights untouched).
   * Population variance is combined over batches, not averaged.
   */
  recalibrate(batches: AsyncIterable<Tensor4D>): Promise<void>;
  /** Copies every tensor back to the host, without keeping copies on the device tensors. */
  readBack(): Promise<Tensors>;
  /** Overwrites device tensors with host values of equal shape. */
  assign(tensors: Tensors): void;
  /** The network with its present weights. */
  snapshot(): Promise<Network>;
  dispose(): void;
}

export interface Executor {
  readonly device: DeviceReport;
  /**
   * Throws `DeviceError` (kind `too-large`) naming layer, bytes and limit before anything is allocated, and `NetworkError`
   * for a network that cannot be run (`obstacleOf`).
   */
  load(network: Network): LoadedNetwork;
  /** Resolves, with the reason, when the device is lost. Never rejects. */
  readonly lost: Promise<string>;
  /** Throws the pending device error, if any (lost, out of memory, uncaptured). Called after each step. */
  check(): void;
  dispose(): void;
}

export type DeviceErrorKind = 'unavailable' | 'self-check' | 'lost' | 'out-of-memory' | 'too-large' | 'uncaptured';

export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  constructor(
    readonly kind: DeviceErrorKind,
    message: string,
    readonly layer?: LayerId,
  ) {
    super(message);
  }
}
