/**
 * DenseNet-40, growth rate 12, for CIFAR (Huang et al. 2017, section 4.2; no bottlenecks, no compression): a stem of 16
 * filters, three dense blocks of 12 pre-activation layers (batch norm, ReLU, 3x3 convolution), transitions of batch
 * norm, ReLU, 1x1 convolution and 2x2 average pooling, then batch norm, ReLU, global pooling, dense classifier.
 *
 * Widths: 3 numbers (the growth of each block; stem 16, transitions keep their input width), or 39 in forward order:
 * stem, 12 layers, transition, 12 layers, transition, 12 layers.
 */
import { NetworkError, type Graph, type LayerId } from '../graph';
import { GraphBuilder, halvingWindow } from './builder';

const LAYERS = 12;
const STEM = 16;

export interface DenseNetOptions {
  readonly widths?: readonly number[] | undefined;
  readonly classes: number;
}

/** Throws `NetworkError` for a width list of the wrong length. */
export function denseNet40Graph({ widths, classes }: DenseNetOptions): Graph {
  const plan = readPlan(widths ?? [12, 12, 12]);
  const net = new GraphBuilder();
  let stream = net.conv('stem', net.input([32, 32, 3]), plan.stem);
  plan.blocks.forEach((growths, index) => {
    const block = `block${index + 1}`;
    growths.forEach((growth, at) => {
      const id = `${block}.layer${at + 1}`;
      const grown = net.conv(`${id}.conv`, activated(net, id, stream), growth);
      stream = net.concat(`${id}.concat`, [stream, grown]);
    });
    const width = plan.transitions[index];
    if (width === undefined) return;
    const id = `transition${index + 1}`;
    const narrowed = net.conv(`${id}.conv`, activated(net, id, stream), width, { size: 1 });
    stream = net.append({
      id: `${id}.pool`,
      op: 'averagePool',
      inputs: [narrowed],
      ...halvingWindow,
      countPadding: false,
    });
  });
  const pooled = net.globalAveragePool('pool', activated(net, 'final', stream));
  return net.finish(net.dense('classifier', pooled, classes));
}

function activated(net: GraphBuilder, id: string, from: LayerId): LayerId {
  return net.activation(`${id}.relu`, net.batchNorm(`${id}.bn`, from));
}

interface WidthPlan {
  readonly stem: number;
  readonly blocks: readonly (readonly number[])[];
  /** Widths after the first and the second block. */
  readonly transitions: readonly number[];
}

function readPlan(widths: readonly number[]): WidthPlan {
  const bad = widths.find((width) => !Number.isSafeInteger(width) || width < 1);
  if (bad !== undefined) {
    throw new NetworkError(`DenseNet-40: a width must be a whole number, at least 1, not ${bad}.`);
  }
  const blockAt = (start: number): readonly number[] => widths.slice(start, start + LAYERS);
  if (widths.length === 3 * LAYERS + 3) {
    const [stem = 0] = widths;
    const [firstTransition, secondTransition] = [LAYERS + 1, 2 * LAYERS + 2];
    const transitions = [widths[firstTransition] ?? 0, widths[secondTransition] ?? 0];
    return { stem, blocks: [blockAt(1), blockAt(firstTransition + 1), blockAt(secondTransition + 1)], transitions };
  }
  if (widths.length !== 3) {
    const choice = '3 (the growth of each block) or 39 (one per convolution)';
    throw new NetworkError(`DenseNet-40 takes ${choice} widths, not ${widths.length}.`);
  }
  const [first = 0, second = 0] = widths;
  const transitions = [STEM + LAYERS * first, STEM + LAYERS * (first + second)];
  return { stem: STEM, blocks: widths.map((growth) => new Array<number>(LAYERS).fill(growth)), transitions };
}
