/** Convolution by convolution, depthwise ones too: multiply-adds a second of a layer's output and of its two gradients. */
import * as tf from '@tensorflow/tfjs-core';
import { createExecutor, type ExecutorOptions } from '../compute/runtime';
import { convolve, convolveInputGradient, convolveKernelGradient } from '../compute/ops/convolution';
import { convolveDepthwise, depthwiseInputGradient, depthwiseKernelGradient } from '../compute/ops/depthwise';
import type { ConvLayer, DepthwiseLayer, Layer } from '../network/graph';
import { inferShapes } from '../network/shapes';
import { workloadNetwork, type Workload } from './workloads';

export interface LayerSpeed {
  readonly layer: string;
  /** Multiply-adds of one pass over the batch. */
  readonly macs: number;
  /** Billions of multiply-adds a second. */
  readonly output: number;
  readonly inputGradient: number;
  readonly kernelGradient: number;
}

const repeats = 9;

export async function layerSpeeds(workload: Workload, options: ExecutorOptions): Promise<LayerSpeed[]> {
  const executor = await createExecutor(options);
  try {
    const { graph } = workloadNetwork(workload);
    const shapes = inferShapes(graph);
    const found: LayerSpeed[] = [];
    for (const layer of graph.layers.filter(isConvolution)) {
      const [height = 0, width = 0, channels = 0] = shapes.get(layer.inputs[0] ?? '') ?? [];
      const [rows = 0, columns = 0, filters = 0] = shapes.get(layer.id) ?? [];
      const inputShape: [number, number, number, number] = [workload.batch, height, width, channels];
      const kernelEnd =
        layer.op === 'depthwise' ? ([channels, 1] as const) : ([channels / layer.groups, filters] as const);
      const kernelShape: [number, number, number, number] = [...layer.kernelSize, ...kernelEnd];
      const x: tf.Tensor4D = tf.randomUniform(inputShape, -1, 1, 'float32', 1);
      const kernel: tf.Tensor4D = tf.randomUniform(kernelShape, -1, 1, 'float32', 2);
      const dy: tf.Tensor4D = tf.randomUniform([workload.batch, rows, columns, filters], -1, 1, 'float32', 3);
      const macs = kernelShape.reduce((a, b) => a * b, 1) * workload.batch * rows * columns;
      const speed = async (compute: () => tf.Tensor): Promise<number> => macs / 1e6 / (await median(compute));
      const passes = passesOf(layer, x, kernel, dy);
      found.push({
        layer: layer.id,
        macs,
        output: await speed(passes.output),
        inputGradient: await speed(passes.inputGradient),
        kernelGradient: await speed(passes.kernelGradient),
      });
      tf.dispose([x, kernel, dy]);
    }
    return found;
  } finally {
    executor.dispose();
  }
}

/** Output and both gradients of a layer. */
function passesOf(
  layer: ConvLayer | DepthwiseLayer,
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  dy: tf.Tensor4D,
): Readonly<Record<'output' | 'inputGradient' | 'kernelGradient', () => tf.Tensor>> {
  if (layer.op === 'depthwise') {
    return {
      output: () => convolveDepthwise(x, kernel, layer),
      inputGradient: () => depthwiseInputGradient(dy, kernel, x.shape, layer),
      kernelGradient: () => depthwiseKernelGradient(x, dy, layer),
    };
  }
  return {
    output: () => convolve(x, kernel, layer, layer.groups),
    inputGradient: () => convolveInputGradient(dy, kernel, x.shape, layer, layer.groups),
    kernelGradient: () => convolveKernelGradient(x, dy, layer, layer.groups),
  };
}

/** Milliseconds. */
async function median(compute: () => tf.Tensor): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < repeats; at++) {
    const began = performance.now();
    const result = tf.tidy(compute);
    // One value ends the work on devices that run behind.
    const one = tf.slice(tf.reshape(result, [-1]), [0], [1]);
    await one.data();
    times.push(performance.now() - began);
    tf.dispose([result, one]);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(repeats / 2)] ?? 0;
}

function isConvolution(layer: Layer): layer is ConvLayer | DepthwiseLayer {
  return layer.op === 'conv' || layer.op === 'depthwise';
}
