/**
 * A network on the device, run layer by layer with tfjs: the first executor and the reference for every faster one.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  NetworkError,
  obstacleOf,
  type Layer,
  type LayerId,
  type Network,
  type TensorName,
  type Tensors,
} from '../../network/graph';
import { expectedTensors, type TensorRole } from '../../network/tensor-shapes';
import type { ForwardOptions, LoadedNetwork, Parameter, ParameterRole, StepOptions, StepResult } from '../executor';
import { refuseOversized, type MemoryLimits, type PlannedUse } from '../memory-plan';
import { followStatistics } from '../ops/batch-norm';
import type { Weights } from './forward';
import { ancestors, infer } from './inference';
import { packed, unpacked } from './packing';
import { CombinedStatistics } from './recalibration';
import { TrainingPass, type PassGradients } from './training-pass';
import { readValues, toDevice } from './transfer';

export class EagerNetwork implements LoadedNetwork {
  readonly parameters: readonly Parameter[];
  readonly statistics: ReadonlyMap<TensorName, tf.Variable>;
  private readonly variables = new Map<TensorName, tf.Variable>();
  /** Largest batch known to fit. */
  private readonly fitting: Record<PlannedUse, number> = { inference: 1, training: 0 };
  /** What the first output depends on, and what all do. */
  private readonly first: readonly Layer[];
  private readonly layers: readonly Layer[];
  private readonly weights: Weights;

  /**
   * Throws `NetworkError` where a tensor is missing or of the wrong shape, or where the network cannot be run;
   * `DeviceError('too-large')` where not even one image fits. `released` is called by `dispose`.
   */
  constructor(
    private readonly network: Network,
    private readonly limits: MemoryLimits,
    private readonly released: () => void,
  ) {
    const obstacle = obstacleOf(network.graph);
    if (obstacle !== null) throw new NetworkError(obstacle.message, obstacle.layer);
    refuseOversized(network.graph, 1, 'inference', limits);
    const { outputs } = network.graph;
    if (outputs.length === 0) throw new NetworkError('The network names no output layer.');
    this.first = ancestors(network.graph, outputs.slice(0, 1));
    this.layers = ancestors(network.graph, outputs);
    const expected = [...expectedTensors(network.graph).values()];
    for (const { name, shape, layers } of expected) checkTensor(network.tensors, name, shape, layers[0]);
    const parameters: Parameter[] = [];
    const statistics = new Map<TensorName, tf.Variable>();
    for (const { name, role, layers } of expected) {
      const value = this.upload(name);
      if (isParameterRole(role)) parameters.push({ name, role, layers, value });
      else statistics.set(name, value);
    }
    this.parameters = parameters;
    this.statistics = statistics;
    this.weights = (name) => this.variable(name);
  }

  get graph(): Network['graph'] {
    return this.network.graph;
  }

  forward(images: tf.Tensor4D, { gates = new Map() }: ForwardOptions = {}): tf.Tensor {
    this.refuse(images, 'inference');
    return present(infer(this.first, images, this.weights, gates, this.graph.outputs.slice(0, 1))[0]);
  }

  outputs(images: tf.Tensor4D, { gates = new Map() }: ForwardOptions = {}): readonly tf.Tensor[] {
    this.refuse(images, 'inference');
    return infer(this.layers, images, this.weights, gates, this.graph.outputs);
  }

  activations(images: tf.Tensor4D, layers: readonly LayerId[]): Map<LayerId, tf.Tensor> {
    this.refuse(images, 'inference');
    const wanted = [...new Set(layers)];
    const tensors = infer(ancestors(this.graph, wanted), images, this.weights, new Map(), wanted);
    return new Map(wanted.map((id, at) => [id, present(tensors[at])]));
  }

  step(images: tf.Tensor4D, options: StepOptions): StepResult {
    this.refuse(images, 'training');
    const train = options.trainParameters ?? true;
    const reached = new Set(this.layers.map((layer) => layer.id));
    const parameters = train ? this.parameters.filter(({ layers }) => layers.some((id) => reached.has(id))) : [];
    const extras = options.extraVariables ?? [];
    const run: { pass?: TrainingPass; outputs: readonly tf.Tensor[]; gates: tf.Tensor[] } = { outputs: [], gates: [] };
    try {
      const { value, grads } = tf.engine().gradients<tf.Scalar>(
        () => {
          const gates = [...(options.gates?.() ?? [])];
          const network = tf.customGrad((...inputs) => {
            // Gates computed inside the tape end with the forward scope; backward still multiplies by them.
            const tensors = inputs.slice(0, gates.length).map((gate) => tf.keep((gate as tf.Tensor1D).clone()));
            run.gates = tensors;
            const pairs = gates.map(([id], index): [LayerId, tf.Tensor1D] => [id, present(tensors[index])]);
            const { outputs } = this.graph;
            const pass = new TrainingPass(
              this.layers,
              outputs,
              this.weights,
              new Map(pairs),
              train,
              options.batchNorm,
              options.stopsGradient,
            );
            run.pass = pass;
            run.outputs = pass.forward(images).map((output) => tf.keep(output.clone()));
            const gradFunc = (dy: tf.Tensor | tf.Tensor[]): tf.Tensor[] => {
              const gradients = pass.backward(unpacked(Array.isArray(dy) ? present(dy[0]) : dy, run.outputs));
              return inOrder(
                gradients,
                gates.map(([id]) => id),
                parameters,
              );
            };
            return { value: packed(run.outputs), gradFunc };
          });
          const result = network(...gates.map(([, gate]) => gate), ...parameters.map((parameter) => parameter.value));
          const loss = options.loss(unpacked(result, run.outputs));
          return options.extraLoss === undefined ? loss : tf.add(loss, options.extraLoss());
        },
        [...parameters.map((parameter) => parameter.value), ...extras],
        undefined,
        true,
      );
      const names = [...parameters.map((parameter) => parameter.name), ...extras.map((variable) => variable.name)];
      const gradients = new Map<string, tf.Tensor>();
      // tfjs gives null or undefined for what the loss does not depend on, whatever its types say.
      (grads as (tf.Tensor | null | undefined)[]).forEach((gradient, index) => {
        if (gradient !== null && gradient !== undefined) gradients.set(names[index] ?? '', handOver(gradient));
      });
      if (run.pass !== undefined) this.followStatistics(run.pass, options.statisticsMomentum ?? 0.1);
      return { loss: value, outputs: run.outputs.map((output) => output.clone()), gradients };
    } finally {
      run.pass?.dispose();
      tf.dispose([...run.outputs, ...run.gates]);
    }
  }

  async recalibrate(batches: AsyncIterable<tf.Tensor4D>): Promise<void> {
    const combined = new Map<LayerId, CombinedStatistics>();
    const last = new Map<LayerId, { mean: TensorName; variance: TensorName }>();
    let count = 0;
    for await (const images of batches) {
      count++;
      this.refuse(images, 'inference');
      const pass = new TrainingPass(this.layers, this.graph.outputs, this.weights, new Map(), false);
      try {
        pass.forward(images);
        const statistics = [...pass.statistics.values()];
        const values = await readValues(statistics.flatMap(({ mean, variance }) => [mean, variance]));
        statistics.forEach(({ layer, positions }, index) => {
          const mean = present(values[2 * index]);
          const sum = combined.get(layer.id) ?? new CombinedStatistics(mean.length);
          sum.add(mean, present(values[2 * index + 1]), positions);
          combined.set(layer.id, sum);
          last.set(layer.id, layer);
        });
      } finally {
        pass.dispose();
        images.dispose();
      }
    }
    if (count === 0) throw new RangeError('Recalibration needs at least one batch of images, and got none.');
    const tensors: Record<TensorName, { shape: number[]; values: Float32Array }> = {};
    for (const [id, names] of last) {
      const { mean, variance } = present(combined.get(id)).result();
      tensors[names.mean] = { shape: [mean.length], values: mean };
      tensors[names.variance] = { shape: [variance.length], values: variance };
    }
    this.assign(tensors);
  }

  async readBack(): Promise<Tensors> {
    const names = [...this.variables.keys()];
    const values = await readValues([...this.variables.values()]);
    // Tensors no layer names stay as they came.
    const tensors = { ...this.network.tensors };
    names.forEach((name, index) => {
      tensors[name] = { shape: this.variable(name).shape, values: present(values[index]) };
    });
    return tensors;
  }

  assign(tensors: Tensors): void {
    for (const [name, tensor] of Object.entries(tensors)) {
      const variable = this.variables.get(name);
      if (variable === undefined) {
        if (name in this.network.tensors) continue;
        throw new NetworkError(`The network has no tensor "${name}" to assign to.`);
      }
      checkTensor(tensors, name, variable.shape);
      const value = toDevice(tensor);
      variable.assign(value);
      value.dispose();
    }
  }

  async snapshot(): Promise<Network> {
    return { ...this.network, tensors: await this.readBack() };
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose();
    this.variables.clear();
    this.released();
  }

  /** Before a batch larger than any so far is allocated: does it fit? */
  private refuse(images: tf.Tensor4D, use: PlannedUse): void {
    const [batch] = images.shape;
    if (batch <= this.fitting[use]) return;
    refuseOversized(this.graph, batch, use, this.limits);
    this.fitting[use] = batch;
  }

  private upload(name: TensorName): tf.Variable {
    const value = toDevice(present(this.network.tensors[name]));
    const variable = tf.variable(value);
    value.dispose();
    this.variables.set(name, variable);
    return variable;
  }

  private variable(name: TensorName): tf.Variable {
    const variable = this.variables.get(name);
    if (variable === undefined) throw new NetworkError(`Tensor "${name}" is not on the device.`);
    return variable;
  }

  private followStatistics(pass: TrainingPass, momentum: number): void {
    if (momentum === 0) return;
    const layers = [...pass.statistics.values()].map(({ layer, positions, ...batch }) => {
      const running = { mean: this.variable(layer.mean), variance: this.variable(layer.variance) };
      return { running, batch, positions };
    });
    followStatistics(layers, momentum);
  }
}

function inOrder(gradients: PassGradients, gates: readonly LayerId[], parameters: readonly Parameter[]): tf.Tensor[] {
  return [
    ...gates.map((id) => present(gradients.gates.get(id))),
    ...parameters.map(({ name }) => present(gradients.tensors.get(name))),
  ];
}

/** The same data as a tensor of the current scope: kept tensors would escape a caller's `tidy`. */
function handOver(tensor: tf.Tensor): tf.Tensor {
  const own = tensor.clone();
  tensor.dispose();
  return own;
}

function isParameterRole(role: TensorRole): role is ParameterRole {
  return role !== 'mean' && role !== 'variance';
}

function checkTensor(tensors: Tensors, name: TensorName, shape: readonly number[], layer?: LayerId): void {
  const tensor = tensors[name];
  if (tensor === undefined) {
    throw new NetworkError(`The network has no tensor "${name}", which layer "${layer ?? ''}" names.`, layer);
  }
  const size = shape.reduce((a, b) => a * b, 1);
  if (tensor.shape.join() === shape.join() && tensor.values.length === size) return;
  const found = `[${tensor.shape.join(', ')}] with ${tensor.values.length} values`;
  throw new NetworkError(`Tensor "${name}" must have shape [${shape.join(', ')}], but has ${found}.`, layer);
}

function present<T>(value: T | null | undefined): T {
  if (value === undefined || value === null) throw new RangeError('A tensor the step needs is missing.');
  return value;
}
