/** From a batch on the host to tensors on the device. */
import { tensor2d, tensor4d, type Tensor2D } from '@tensorflow/tfjs-core';
import { DatasetError } from '../datasets/dataset';
import type { Graph, Shape } from '../network/graph';
import { channelsOf, inferShapes, shapeText } from '../network/shapes';
import { unlabelled, type HostBatch, type ImageSource } from './batching';
import type { DeviceBatch } from './hooks';

/** Uploads `batch`; `shape` is that of one image. The caller disposes both tensors. */
export function uploadBatch(batch: HostBatch, shape: readonly [number, number, number], classes: number): DeviceBatch {
  return {
    images: tensor4d(batch.images, [batch.count, ...shape]),
    labels: oneHot(batch.labels, classes),
    labelled: batch.labels.reduce((count, label) => count + (label === unlabelled ? 0 : 1), 0),
  };
}

function oneHot(labels: Uint16Array, classes: number): Tensor2D {
  const values = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => {
    if (label !== unlabelled) values[row * classes + label] = 1;
  });
  return tensor2d(values, [labels.length, classes]);
}

/** What data ask of a network. */
interface Demands extends Pick<ImageSource, 'split' | 'shape'> {
  readonly classes: number;
}

/**
 * Throws `DatasetError` (kind `labels` or `format`) when the network cannot be trained or judged on such images: another
 * number of classes, another image size, or one class for an image where each pixel has one (or the other way round).
 */
export function requireFit(graph: Graph, { split, shape, classes }: Demands): void {
  const shapes = inferShapes(graph);
  const input = graph.layers.find((layer) => layer.op === 'input');
  const wanted = input && shapes.get(input.id);
  if (wanted !== undefined && shapeText(wanted) !== shapeText(shape)) {
    throw new DatasetError(
      'format',
      `The network takes ${shapeText(wanted)} images, the data set has ${shapeText(shape)}. ` +
        'Open a data set with images of that size, or let the import resize them.',
    );
  }
  const output = shapes.get(graph.outputs[0] ?? '') ?? [0];
  if (split.masks !== undefined) requirePixels(output, shape);
  else if (output.length === 3 && output[0] * output[1] > 1) {
    throw new DatasetError(
      'labels',
      'The network answers for every pixel, the data set has one label for each image. Open a segmentation data set.',
    );
  }
  const outputs = channelsOf(output);
  if (outputs !== classes) {
    throw new DatasetError(
      'labels',
      `The network tells ${outputs} classes apart, the data set has ${classes}. ` +
        'Open a data set with the classes the network was trained for.',
    );
  }
}

function requirePixels(output: Shape, [height, width]: Demands['shape']): void {
  if (output.length === 3 && output[0] === height && output[1] === width) return;
  const found = output.length === 1 ? 'once for each image' : `for ${output[0]}x${output[1]} places`;
  throw new DatasetError(
    'labels',
    `The data set labels every pixel of ${height}x${width} images, the network answers ${found}. ` +
      'Open a segmentation network for images of that size, or a data set with one label for each image.',
  );
}
