/**
 * VGG-16 with batch norm for CIFAR (Simonyan & Zisserman 2014, configuration D; the usual 32x32 form): thirteen 3x3
 * convolutions without bias, five 2x2 max poolings, flatten (1x1x512 for 32x32 images), one dense classifier.
 *
 * The head is the 512-d one: no hidden dense layers. Widths: 5 numbers (one per stage), or 13 in forward order.
 */
import type { Graph } from '../graph';
import { GraphBuilder, halvingWindow } from './builder';
import { expandWidths, widthReader } from './widths';

const STAGE_SIZES = [2, 2, 3, 3, 3];

export interface VggOptions {
  readonly widths?: readonly number[] | undefined;
  readonly classes: number;
}

/** Throws `NetworkError` for a width list of the wrong length. */
export function vgg16Graph({ widths, classes }: VggOptions): Graph {
  const nextWidth = widthReader(expandWidths('VGG-16-BN', widths, [64, 128, 256, 512, 512], STAGE_SIZES));
  const net = new GraphBuilder();
  let last = net.input([32, 32, 3]);
  STAGE_SIZES.forEach((size, index) => {
    const stage = `stage${index + 1}`;
    for (let at = 1; at <= size; at++) {
      last = net.conv(`${stage}.conv${at}`, last, nextWidth());
      last = net.activation(`${stage}.relu${at}`, net.batchNorm(`${stage}.bn${at}`, last));
    }
    last = net.append({ id: `${stage}.pool`, op: 'maxPool', inputs: [last], ...halvingWindow });
  });
  last = net.append({ id: 'flatten', op: 'flatten', inputs: [last] });
  return net.finish(net.dense('classifier', last, classes));
}
