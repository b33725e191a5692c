/**
 * CIFAR ResNets (He et al. 2015, section 4.2): a 3x3 stem, three stages of basic blocks, global average pooling, one
 * dense classifier. Convolutions have no bias.
 *
 * Widths: 3 numbers (the stem shares the first), or one per 3x3 convolution in forward order: stem, then conv1, conv2
 * of every block. The outputs of a stage are added together, so all its conv2 (and the stem, in stage 1) must agree.
 */
import { NetworkError, type Graph, type LayerId } from '../graph';
import { GraphBuilder } from './builder';
import { expandWidths, widthReader } from './widths';

/** Option A (strided slice, channels padded with zeros) and option B (1x1 convolution and batch norm). */
export type Shortcut = 'identity' | 'projection';

export interface ResNetOptions {
  /** 6n + 2 weighted layers; n blocks in each stage. */
  readonly depth: number;
  readonly shortcut: Shortcut;
  readonly widths?: readonly number[] | undefined;
  readonly classes: number;
}

/** Throws `NetworkError` for an impossible depth, a width list of the wrong length or widths that cannot be added. */
export function resNetGraph({ depth, shortcut, widths, classes }: ResNetOptions): Graph {
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1) {
    throw new NetworkError(`A CIFAR ResNet has 6n + 2 weighted layers (8, 14, 20 ...), not ${depth}.`);
  }
  const stageSizes = [2 * blocks + 1, 2 * blocks, 2 * blocks];
  const nextWidth = widthReader(expandWidths(`ResNet-${depth}`, widths, [16, 32, 64], stageSizes));

  const net = new GraphBuilder();
  let stream = nextWidth();
  let last = net.conv('stem', net.input([32, 32, 3]), stream);
  last = net.activation('stem.relu', net.batchNorm('stem.bn', last));
  for (const stage of [1, 2, 3]) {
    const name = `ResNet-${depth}`;
    const own = Array.from({ length: 2 * blocks }, nextWidth);
    const stride = stage === 1 ? 1 : 2;
    last = residualStage(net, last, { name, id: `stage${stage}`, widths: own, stride, shortcut, stream });
    stream = own.at(-1) ?? stream;
  }
  last = net.globalAveragePool('pool', last);
  return net.finish(net.dense('classifier', last, classes));
}

export interface ResidualStage {
  /** Of the network, for errors. */
  readonly name: string;
  readonly id: string;
  /** conv1 and conv2 of every block. */
  readonly widths: readonly number[];
  /** Of the first block, which then has the shortcut. */
  readonly stride: number;
  readonly shortcut: Shortcut;
  /** Channels of what the stage reads. */
  readonly stream: number;
}

/** Basic blocks of one stage; returns the last layer. Throws `NetworkError` for widths that cannot be added. */
export function residualStage(net: GraphBuilder, from: LayerId, stage: ResidualStage): LayerId {
  let [last, { stream }] = [from, stage];
  for (let block = 1; 2 * block <= stage.widths.length; block++) {
    const id = `${stage.id}.block${block}`;
    const stride = block === 1 ? stage.stride : 1;
    const [inner = 1, outer = 1] = stage.widths.slice(2 * block - 2);
    let branch = net.conv(`${id}.conv1`, last, inner, { stride });
    branch = net.activation(`${id}.relu1`, net.batchNorm(`${id}.bn1`, branch));
    branch = net.conv(`${id}.conv2`, branch, outer);
    branch = net.batchNorm(`${id}.bn2`, branch);
    if (stride === 1 && outer !== stream) {
      const problem = `${outer} filters of "${id}.conv2" cannot be added to a stream of ${stream}`;
      throw new NetworkError(`${stage.name}: ${problem}; give them the same width.`, `${id}.conv2`);
    }
    const skip = stride === 1 ? last : shortcuts[stage.shortcut](net, id, last, stream, outer);
    last = net.activation(`${id}.relu2`, net.add(`${id}.add`, [branch, skip]));
    stream = outer;
  }
  return last;
}

type ShortcutBuilder = (net: GraphBuilder, id: string, from: LayerId, width: number, wanted: number) => LayerId;

const shortcuts: Readonly<Record<Shortcut, ShortcutBuilder>> = {
  identity(net, id, from, width, wanted) {
    if (wanted < width) {
      const problem = `an option-A shortcut cannot go from ${width} to ${wanted} channels`;
      throw new NetworkError(`"${id}": ${problem}; widen the stage or use projections.`, `${id}.shortcut.pad`);
    }
    const slice = net.append({
      id: `${id}.shortcut.slice`,
      op: 'slice',
      inputs: [from],
      begin: [0, 0, 0],
      end: [...sizeBefore(id), width],
      stride: [2, 2, 1],
    });
    // New channels on both sides, as in the common implementations; an odd one goes after.
    const before = Math.floor((wanted - width) / 2);
    return net.append({
      id: `${id}.shortcut.pad`,
      op: 'pad',
      inputs: [slice],
      padding: [0, 0, 0, 0],
      channels: [before, wanted - width - before],
    });
  },
  projection(net, id, from, _width, wanted) {
    const projected = net.conv(`${id}.projection`, from, wanted, { size: 1, stride: 2 });
    return net.batchNorm(`${id}.projection.bn`, projected);
  },
};

/** Image size entering the first block of stage 2 or 3, for 32x32 images. */
function sizeBefore(id: string): readonly [number, number] {
  return id.startsWith('stage2') ? [32, 32] : [16, 16];
}
