/**
 * Stock TensorFlow.js as a contestant: the same step written as its users write it, with its tape and its optimiser.
 * Its WASM backend has no convolution filter gradient, so there it can only run forward.
 */
import * as tf from '@tensorflow/tfjs-core';
import { NetworkError, type Layer, type LayerId } from '../network/graph';
import { startWebGpu, findAdapter, stopWebGpu } from '../compute/webgpu-device';
import { DeviceHealth } from '../compute/device-health';
import type { Contestant } from './measure';
import { classes, imageSize, workloadImages, workloadLabels, workloadNetwork, type Workload } from './workloads';

/** On WebGPU. Throws where there is no adapter. */
export async function stockContestant(workload: Workload, forwardOnly: boolean): Promise<Contestant> {
  const found = await findAdapter();
  if (typeof found === 'string') throw new Error(`${found}.`);
  const device = await startWebGpu(found, new DeviceHealth());
  const { graph, tensors } = workloadNetwork(workload);
  const variables = new Map(
    Object.entries(tensors).map(([name, { values, shape }]) => [
      name,
      tf.variable(tf.tensor(values.slice(), [...shape])),
    ]),
  );
  const { batch } = workload;
  const images = tf.tensor4d(workloadImages(workload), [batch, imageSize, imageSize, 3]);
  const labels = tf.tensor2d(workloadLabels(workload), [batch, classes]);
  const optimiser = tf.train.momentum(0.01, 0.9);
  const weight = (name: string): tf.Tensor => {
    const variable = variables.get(name);
    if (variable === undefined) throw new NetworkError(`The network has no tensor "${name}".`);
    return variable;
  };

  const logits = (): tf.Tensor2D => {
    const values = new Map<LayerId, tf.Tensor>();
    let last: tf.Tensor = images;
    for (const layer of graph.layers) {
      const inputs = layer.inputs.map((id) => values.get(id) ?? images);
      last = forward(layer, inputs.length === 0 ? [images] : inputs, weight);
      values.set(layer.id, last);
    }
    return last as tf.Tensor2D;
  };
  const step = (): tf.Tensor => {
    if (forwardOnly) return tf.tidy(logits);
    const loss = optimiser.minimize(() => tf.losses.softmaxCrossEntropy(labels, logits()), true);
    if (loss === null) throw new Error('tfjs gave no loss.');
    return loss;
  };

  return {
    device: found.description,
    async run(count) {
      for (let at = 1; at < count; at++) step().dispose();
      const last = step();
      const [value = Number.NaN] = await last.data();
      last.dispose();
      return value;
    },
    dispose: () => stopWebGpu(device),
  };
}

/** The layers of the ResNets of the zoo; batch norm with the batch's statistics. */
function forward(layer: Layer, inputs: readonly tf.Tensor[], weight: (name: string) => tf.Tensor): tf.Tensor {
  const [x] = inputs;
  if (x === undefined) throw new NetworkError(`Layer "${layer.id}" has no input.`, layer.id);
  switch (layer.op) {
    case 'input':
      return x;
    case 'conv': {
      const [top, bottom, left, right] = layer.padding;
      const padding: tf.backend_util.ExplicitPadding = [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
      return tf.conv2d(x as tf.Tensor4D, weight(layer.kernel) as tf.Tensor4D, [...layer.stride], padding);
    }
    case 'batchNorm': {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const name = (given: string | undefined): tf.Tensor1D | undefined =>
        given === undefined ? undefined : (weight(given) as tf.Tensor1D);
      return tf.batchNorm4d(
        x as tf.Tensor4D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        name(layer.beta),
        name(layer.gamma),
        layer.epsilon,
      );
    }
    case 'activation':
      return tf.relu(x);
    case 'add':
      return tf.addN([...inputs]);
    case 'globalPool':
      return tf.mean(x, [1, 2]);
    case 'dense': {
      const product = tf.matMul(x, weight(layer.kernel));
      return layer.bias === undefined ? product : tf.add(product, weight(layer.bias));
    }
    default:
      throw new NetworkError(`This contestant runs ResNets alone, which have no ${layer.op} layers.`, layer.id);
  }
}
