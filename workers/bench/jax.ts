/**
 * jax-js as a contestant: the same step written as its users write it, traced once and compiled whole (`jit`).
 *
 * Its arrays are counted: handing one to a function gives it away, `.ref` keeps another. Layout is its own, NCHW.
 */
import {
  defaultDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  valueAndGrad,
  type Array as JaxArray,
  type Device,
} from '@jax-js/jax';
import { NetworkError, type Graph, type Layer, type LayerId, type Tensor } from '../network/graph';
import { expectedTensors, isTrainable } from '../network/tensor-shapes';
import type { Contestant } from './measure';
import { classes, imageSize, workloadImages, workloadLabels, workloadNetwork, type Workload } from './workloads';

type Parameters = Record<string, JaxArray>;

/** On WASM or WebGPU. Throws where jax-js does not find the device. */
export async function jaxContestant(
  workload: Workload,
  device: Extract<Device, 'wasm' | 'webgpu'>,
  forwardOnly: boolean,
): Promise<Contestant> {
  const found = await init(device);
  if (!found.includes(device)) throw new Error(`jax-js does not start on ${device} here.`);
  defaultDevice(device);
  const { graph, tensors } = workloadNetwork(workload);
  const names = [...expectedTensors(graph).values()].filter(({ role }) => isTrainable(role)).map(({ name }) => name);
  let parameters: Parameters = Object.fromEntries(names.map((name) => [name, upload(tensors[name])]));
  let velocities: Parameters = Object.fromEntries(
    names.map((name) => [name, np.zeros([...(parameters[name]?.shape ?? [])])]),
  );
  const pixels = np.array(workloadImages(workload)).reshape([workload.batch, imageSize, imageSize, 3]);
  const images = np.transpose(pixels, [0, 3, 1, 2]);
  const labels = np.array(workloadLabels(workload)).reshape([workload.batch, classes]);

  const loss = (weights: Parameters, x: JaxArray, targets: JaxArray): JaxArray =>
    nn
      .logSoftmax(forward(graph, weights, x))
      .mul(targets)
      .sum()
      .mul(-1 / workload.batch);
  const logits = jit((weights: Parameters, x: JaxArray) => forward(graph, weights, x));
  const update = jit((weights: Parameters, moving: Parameters, x: JaxArray, targets: JaxArray) => {
    const [value, gradients] = valueAndGrad(loss)(refs(weights), x, targets);
    const moved: Parameters = {};
    const next: Parameters = {};
    for (const name of names) {
      const velocity = taken(moving, name).mul(0.9).add(taken(gradients, name));
      moved[name] = velocity.ref;
      next[name] = taken(weights, name).sub(velocity.mul(0.01));
    }
    return [value, next, moved] as [JaxArray, Parameters, Parameters];
  });

  const step = (): JaxArray => {
    if (forwardOnly) return logits(refs(parameters), images.ref);
    const [value, next, moved] = update(parameters, velocities, images.ref, labels.ref);
    [parameters, velocities] = [next, moved];
    return value;
  };

  return {
    device: `jax-js on ${device}`,
    async run(count) {
      for (let at = 1; at < count; at++) step().dispose();
      // Reading gives the array away, and waits for all that was queued before it.
      const [value = Number.NaN] = await step().data();
      return value;
    },
    dispose() {
      for (const array of [...Object.values(parameters), ...Object.values(velocities), images, labels]) array.dispose();
      logits.dispose();
      update.dispose();
    },
  };
}

/** Kernels `[kh, kw, cin, filters]` as `[filters, cin, kh, kw]`; vectors and matrices as they are. */
function upload(tensor: Tensor | undefined): JaxArray {
  if (tensor === undefined) throw new NetworkError('The network lacks a tensor it names.');
  const array = np.array(Float32Array.from(tensor.values)).reshape([...tensor.shape]);
  return tensor.shape.length === 4 ? np.transpose(array, [3, 2, 0, 1]) : array;
}

function refs(parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, array]) => [name, array.ref]));
}

function taken(parameters: Parameters, name: string): JaxArray {
  const array = parameters[name];
  if (array === undefined) throw new NetworkError(`The network has no tensor "${name}".`);
  return array;
}

/** Takes the parameters and the images; gives the logits. */
function forward(graph: Graph, parameters: Parameters, images: JaxArray): JaxArray {
  const values = new Map<LayerId, JaxArray>();
  let last = images;
  for (const layer of graph.layers) {
    const inputs = layer.inputs.map((id) => {
      const value = values.get(id);
      if (value === undefined) throw new NetworkError(`Layer "${id}" has not been computed.`, id);
      return value.ref;
    });
    last = layer.op === 'input' ? images : layerOutput(layer, inputs, parameters);
    values.set(layer.id, last);
  }
  const output = last.ref;
  for (const array of [...values.values(), ...Object.values(parameters)]) array.dispose();
  return output;
}

/** The layers of the ResNets of the zoo; batch norm with the batch's statistics. Takes `inputs`, keeps `parameters`. */
function layerOutput(layer: Layer, inputs: readonly JaxArray[], parameters: Parameters): JaxArray {
  const [x] = inputs;
  if (x === undefined) throw new NetworkError(`Layer "${layer.id}" has no input.`, layer.id);
  const weight = (name: string): JaxArray => taken(parameters, name).ref;
  switch (layer.op) {
    case 'conv': {
      const [top, bottom, left, right] = layer.padding;
      const padding: [number, number][] = [
        [top, bottom],
        [left, right],
      ];
      return lax.convGeneralDilated(x, weight(layer.kernel), [...layer.stride], padding);
    }
    case 'batchNorm': {
      const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
      const centred = x.sub(mean);
      const variance = np.mean(centred.ref.mul(centred.ref), [0, 2, 3], { keepdims: true });
      const scale = np.sqrt(variance.add(layer.epsilon));
      const vector = (name: string | undefined): JaxArray => weight(name ?? '').reshape([1, -1, 1, 1]);
      return centred.div(scale).mul(vector(layer.gamma)).add(vector(layer.beta));
    }
    case 'activation':
      return nn.relu(x);
    case 'add':
      return inputs.slice(1).reduce((sum, other) => sum.add(other), x);
    case 'globalPool':
      return np.mean(x, [2, 3]);
    case 'dense': {
      const product = np.matmul(x, weight(layer.kernel));
      return layer.bias === undefined ? product : product.add(weight(layer.bias));
    }
    default:
      throw new NetworkError(`This contestant runs ResNets alone, which have no ${layer.op} layers.`, layer.id);
  }
}
