/**
 * One training-mode forward and backward pass over a graph, with explicit lifetimes.
 *
 * tfjs's own tape would keep every intermediate tensor until the end and knows no convolution gradient on WASM. Here a
 * value lives until the last layer that reads it has been run, forward or backward.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormMode, Gates, StepOptions } from '../executor';
import {
  isWeighted,
  NetworkError,
  type BatchNormLayer,
  type Layer,
  type LayerId,
  type TensorName,
} from '../../network/graph';
import { normaliseBatch } from '../ops/batch-norm';
import { channelSum, scaleShift } from '../ops/channels';
import { layerGradients, remembers } from './backward';
import { layerOutput, optional, type Weights } from './forward';
import { normChains, type NormChain } from './fusion';

export interface BatchStatistics {
  readonly layer: BatchNormLayer;
  readonly mean: tf.Tensor1D;
  /** Population variance. */
  readonly variance: tf.Tensor1D;
  /** Values per channel the statistics were taken over. */
  readonly positions: number;
}

export interface PassGradients {
  readonly tensors: Map<TensorName, tf.Tensor>;
  readonly gates: Map<LayerId, tf.Tensor1D>;
}

export class TrainingPass {
  readonly statistics = new Map<LayerId, BatchStatistics>();
  private readonly shapes = new Map<LayerId, readonly number[]>();
  /** Outputs before a gate, where there is one. */
  private readonly outputs = new Map<LayerId, tf.Tensor>();
  private readonly gated = new Map<LayerId, tf.Tensor>();
  private readonly gradients = new Map<LayerId, tf.Tensor>();
  private readonly trained = new Set<LayerId>();
  private chains: ReadonlyMap<LayerId, NormChain> = new Map();
  /** Layers that run in the pass of a batch norm before them. */
  private absorbed: ReadonlySet<LayerId> = new Set();

  /** `layers` in topological order, `wanted` those whose outputs are asked for. */
  constructor(
    private readonly layers: readonly Layer[],
    private readonly wanted: readonly LayerId[],
    private readonly weights: Weights,
    private readonly gates: Gates,
    private readonly trainTensors: boolean,
    private readonly batchNorm: BatchNormMode = 'batch',
    private readonly stopsGradient?: StepOptions['stopsGradient'],
  ) {
    for (const layer of layers) {
      const own = trainTensors && (isWeighted(layer) || layer.op === 'batchNorm' || layer.op === 'prelu');
      const below = layer.inputs.some((id) => this.trained.has(id));
      if (own || below || gates.has(layer.id)) this.trained.add(layer.id);
    }
  }

  /** The outputs of `wanted`; they belong to the pass until `dispose`. */
  forward(images: tf.Tensor): readonly tf.Tensor[] {
    const readers = new Map<LayerId, number>();
    for (const layer of this.layers) for (const id of layer.inputs) readers.set(id, (readers.get(id) ?? 0) + 1);
    if (this.batchNorm === 'batch') {
      ({ chains: this.chains, absorbed: this.absorbed } = normChains(
        this.layers,
        this.wanted,
        new Set(this.gates.keys()),
      ));
    }
    for (const layer of this.layers) {
      if (!this.absorbed.has(layer.id)) this.compute(layer, images);
      const output = this.outputs.get(layer.id);
      const gate = this.gates.get(layer.id);
      if (gate !== undefined && output !== undefined)
        this.gated.set(layer.id, tf.keep(scaleShift(output, gate, undefined)));
      for (const id of layer.inputs) {
        const left = (readers.get(id) ?? 0) - 1;
        readers.set(id, left);
        if (left === 0 && !this.wanted.includes(id)) this.releaseAfterForward(id);
      }
    }
    return this.wanted.map((id) => this.value(id));
  }

  /** Gradients by every trained tensor and every gate, given the gradients `dys` by the outputs of `wanted`. */
  backward(dys: readonly tf.Tensor[]): PassGradients {
    const result: PassGradients = { tensors: new Map(), gates: new Map() };
    dys.forEach((dy, at) => accumulate(this.gradients, this.wanted[at] ?? '', tf.keep(dy.clone())));
    for (const layer of this.layers.toReversed()) {
      const gradient = this.gradients.get(layer.id);
      if (gradient === undefined || !this.trained.has(layer.id)) continue;
      const through = this.throughGate(layer.id, gradient, result);
      const [before = ''] = layer.inputs;
      if (this.chains.get(before)?.rectifierAlone === true) {
        // The norm's gradient goes through the rectifier itself, reading its output.
        this.gradients.delete(layer.id);
        this.gradients.set(before, through);
        continue;
      }
      this.backwardLayer(layer, through, result);
      const chain = this.chains.get(layer.id);
      if (chain !== undefined) this.release(chain.last);
      this.release(layer.id);
    }
    return result;
  }

  dispose(): void {
    for (const { mean, variance } of this.statistics.values()) tf.dispose([mean, variance]);
    for (const layer of this.layers) this.release(layer.id);
  }

  /** Output of the layer, or of the chain that begins with it. */
  private compute(layer: Layer, images: tf.Tensor): void {
    const inputs = layer.op === 'input' ? [images] : layer.inputs.map((id) => this.value(id));
    const chain = this.chains.get(layer.id);
    const output = tf.keep(
      layer.op === 'batchNorm' && this.batchNorm === 'batch'
        ? this.normalise(layer, inputs, chain)
        : layerOutput(layer, inputs, this.weights),
    );
    this.outputs.set(chain?.last ?? layer.id, output);
    for (const id of [layer.id, ...(chain?.followers ?? [])]) this.shapes.set(id, output.shape);
  }

  private normalise(layer: BatchNormLayer, inputs: readonly tf.Tensor[], chain: NormChain | undefined): tf.Tensor {
    const [x] = inputs;
    if (x === undefined) throw new NetworkError(`Batch norm "${layer.id}" has no input.`, layer.id);
    const residual = chain?.residual === undefined ? undefined : this.value(chain.residual);
    const followers = { residual, rectified: chain?.rectified };
    const [output, mean, variance] = tf.tidy(() => {
      const [gamma, beta] = [optional(this.weights, layer.gamma), optional(this.weights, layer.beta)];
      const normalised = normaliseBatch(x, gamma, beta, layer.epsilon, followers);
      return [normalised.output, normalised.mean, normalised.variance] as [tf.Tensor, tf.Tensor1D, tf.Tensor1D];
    });
    this.statistics.set(layer.id, {
      layer,
      mean: tf.keep(mean),
      variance: tf.keep(variance),
      positions: x.size / mean.size,
    });
    return output;
  }

  private throughGate(id: LayerId, gradient: tf.Tensor, result: PassGradients): tf.Tensor {
    const gate = this.gates.get(id);
    const output = this.outputs.get(id);
    if (gate === undefined || output === undefined) return gradient;
    result.gates.set(
      id,
      tf.tidy(() => channelSum(tf.mul(gradient, output))),
    );
    const through = tf.keep(scaleShift(gradient, gate, undefined));
    gradient.dispose();
    this.gradients.set(id, through);
    return through;
  }

  private backwardLayer(layer: Layer, dy: tf.Tensor, result: PassGradients): void {
    if (layer.op === 'input') return;
    const wanted = layer.inputs.map((id) => this.trained.has(id) && this.stopsGradient?.(layer.id, id) !== true);
    const remembered = remembers(layer);
    const gradients = this.scoped(() =>
      layerGradients(layer, dy, {
        weights: this.weights,
        inputs: remembered.inputs ? layer.inputs.map((id) => this.value(id)) : [],
        inputShapes: layer.inputs.map((id) => this.shapes.get(id) ?? []),
        output: this.outputs.get(layer.id) ?? dy,
        rectified: this.rectifierOutput(layer.id),
        statistics: this.statistics.get(layer.id),
        wanted,
        trained: this.trainTensors,
      }),
    );
    layer.inputs.forEach((id, index) => {
      const gradient = gradients.inputs[index];
      if (gradient === undefined) return;
      if (wanted[index] === true) accumulate(this.gradients, id, gradient);
      else gradient.dispose();
    });
    for (const [name, gradient] of gradients.tensors) accumulate(result.tensors, name, gradient);
  }

  /** Output of the rectifier whose gradient is part of this batch norm's. */
  private rectifierOutput(id: LayerId): tf.Tensor | undefined {
    const chain = this.chains.get(id);
    return chain?.rectifierAlone === true ? this.outputs.get(chain.last) : undefined;
  }

  /** Runs `compute`, keeping only the gradients it returns. */
  private scoped(compute: () => ReturnType<typeof layerGradients>): ReturnType<typeof layerGradients> {
    const scope: { result?: ReturnType<typeof layerGradients> } = {};
    tf.tidy(() => {
      const result = compute();
      scope.result = result;
      for (const gradient of result.inputs) if (gradient !== undefined) tf.keep(gradient);
      for (const [, gradient] of result.tensors) tf.keep(gradient);
    });
    return scope.result ?? { inputs: [], tensors: [] };
  }

  private value(id: LayerId): tf.Tensor {
    const tensor = this.gated.get(id) ?? this.outputs.get(id);
    if (tensor === undefined) throw new NetworkError(`Layer "${id}" has not been computed.`, id);
    return tensor;
  }

  /** After the last forward reader: what no gradient reads goes. */
  private releaseAfterForward(id: LayerId): void {
    const reads = (layer: Layer): boolean => this.trained.has(layer.id) && remembers(layer).inputs;
    const inputRead = this.layers.some((layer) => layer.inputs.includes(id) && reads(layer));
    const own = this.layers.find((layer) => layer.id === id);
    const outputRead = own !== undefined && this.trained.has(id) && (remembers(own).output || this.gates.has(id));
    const gated = this.gated.get(id);
    if (gated !== undefined && !inputRead) {
      gated.dispose();
      this.gated.delete(id);
    }
    if (!outputRead && (gated !== undefined || !inputRead)) {
      this.outputs.get(id)?.dispose();
      this.outputs.delete(id);
    }
  }

  private release(id: LayerId): void {
    for (const values of [this.outputs, this.gated, this.gradients]) {
      values.get(id)?.dispose();
      values.delete(id);
    }
  }
}

function accumulate<K>(sums: Map<K, tf.Tensor>, key: K, gradient: tf.Tensor): void {
  const sum = sums.get(key);
  if (sum === undefined) {
    sums.set(key, gradient);
    return;
  }
  sums.set(key, tf.keep(tf.add(sum, gradient)));
  sum.dispose();
  gradient.dispose();
}
