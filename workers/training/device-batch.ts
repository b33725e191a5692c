/** From a batch on the host to tensors on the device. */
import { tensor2d, tensor4d, type Tensor2D } from '@tensorflow/tfjs-core';
import { DatasetError } from '../datasets/dataset';
import type { Graph } from '../network/graph';
import { channelsOf, inferShapes, shapeText } from '../network/shapes';
import type { HostBatch } from './batching';
import type { DeviceBatch } from './hooks';

/** Uploads `batch`; `shape` is that of one image. The caller disposes both tensors. */
export function uploadBatch(batch: HostBatch, shape: readonly [number, number, number], classes: number): DeviceBatch {
  return { images: tensor4d(batch.images, [batch.count, ...shape]), labels: oneHot(batch.labels, classes) };
}

function oneHot(labels: Uint16Array, classes: number): Tensor2D {
  const values = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => {
    values[row * classes + label] = 1;
  });
  return tensor2d(values, [labels.length, classes]);
}

/**
 * Throws `DatasetError` (kind `labels` or `format`) when the network cannot be trained or judged on such images: another
 * number of classes, or another image size.
 */
export function requireFit(graph: Graph, shape: readonly [number, number, number], classes: number): void {
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
  const output = shapes.get(graph.outputs[0] ?? '');
  const outputs = output === undefined ? 0 : channelsOf(output);
  if (outputs !== classes) {
    throw new DatasetError(
      'labels',
      `The network tells ${outputs} classes apart, the data set has ${classes}. ` +
        'Open a data set with the classes the network was trained for.',
    );
  }
}
