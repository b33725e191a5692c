/**
 * The feed-forward networks under the gates: a stem, stages, a head. The stem is never gated and runs once.
 *
 * Plain: 3x3 convolutions without bias, each with batch norm and ReLU, 3x3 stem at stride 2; the head is a 1x1
 * convolution with bias, resized to the image. Residual: the stages of a CIFAR ResNet, whose first blocks project; the
 * head is global average pooling and a dense classifier.
 */
import type { LayerId, Pair } from '../../graph';
import type { GraphBuilder } from '../builder';
import { residualStage } from '../resnet';

/** Widths of its convolutions in forward order; the first has the stride. */
interface PlainStage {
  readonly widths: readonly number[];
  readonly stride: number;
}

interface PlainPlan {
  readonly stem: number;
  readonly stages: readonly PlainStage[];
}

/**
 * `shallow` sees less than the objects of cue rods in one pass, on purpose. Its controls: `wide` has the parameters of
 * a net gated by 3x3 kernels, `deep` and `deeper` see the whole object. `fourStage` is for images of 64 x 64.
 */
export const plainBackbones = {
  shallow: stages([16], [32], [48]),
  wide: stages([24], [48], [72]),
  deep: stages([16, 16], [32, 32], [48, 48]),
  deeper: stages([16, 16], [32, 32, 32], [48, 48, 48, 48]),
  fourStage: {
    stem: 16,
    stages: [
      { widths: [16], stride: 1 },
      { widths: [24], stride: 2 },
      { widths: [32], stride: 2 },
      { widths: [48], stride: 1 },
    ],
  },
} as const satisfies Readonly<Record<string, PlainPlan>>;

export type PlainBackbone = keyof typeof plainBackbones;

const resNetDepths = { resnet8: 8, resnet20: 20, resnet32: 32 } as const;
const RESNET_WIDTHS = [16, 32, 64];

export type ResNetBackbone = keyof typeof resNetDepths;

export function isResNet(backbone: string): backbone is ResNetBackbone {
  return Object.hasOwn(resNetDepths, backbone);
}

/** Three stages at strides 1, 2, 1. */
function stages(first: readonly number[], second: readonly number[], third: readonly number[]): PlainPlan {
  return {
    stem: first[0] ?? 1,
    stages: [
      { widths: first, stride: 1 },
      { widths: second, stride: 2 },
      { widths: third, stride: 1 },
    ],
  };
}

/** A tensor of the network and its shape. */
export interface Feature {
  readonly layer: LayerId;
  readonly size: Pair;
  readonly channels: number;
}

export interface BackboneWriter {
  readonly stem: (net: GraphBuilder, image: LayerId, size: Pair) => Feature;
  /** `stages[i - 1]` writes stage i. */
  readonly stages: readonly ((net: GraphBuilder, input: Feature) => Feature)[];
  /** Logits at the resolution of the features, and the network's answer. */
  readonly head: (net: GraphBuilder, top: Feature, classes: number, size: Pair) => { logits: Feature; answer: LayerId };
}

export function backboneWriter(backbone: PlainBackbone | ResNetBackbone): BackboneWriter {
  return isResNet(backbone) ? residualWriter(resNetDepths[backbone]) : plainWriter(plainBackbones[backbone]);
}

function plainWriter({ stem, stages: plans }: PlainPlan): BackboneWriter {
  return {
    stem: (net, image, size) => plainConv(net, 'stem', { layer: image, size, channels: 3 }, stem, 2),
    stages: plans.map(({ widths, stride }, index) => (net, input) => {
      let last = input;
      widths.forEach((width, at) => {
        last = plainConv(net, `stage${index + 1}.conv${at + 1}`, last, width, at === 0 ? stride : 1);
      });
      return last;
    }),
    head(net, top, classes, size) {
      const logits = net.conv('head', top.layer, classes, { size: 1, bias: true });
      return { logits: { ...top, layer: logits, channels: classes }, answer: net.resize('prediction', logits, size) };
    },
  };
}

function plainConv(net: GraphBuilder, id: string, input: Feature, width: number, stride: number): Feature {
  const conv = net.conv(id, input.layer, width, { stride });
  const layer = net.activation(`${id}.relu`, net.batchNorm(`${id}.bn`, conv));
  return { layer, size: strided(input.size, stride), channels: width };
}

function residualWriter(depth: number): BackboneWriter {
  const blocks = (depth - 2) / 6;
  return {
    stem: (net, image, size) => plainConv(net, 'stem', { layer: image, size, channels: 3 }, RESNET_WIDTHS[0] ?? 1, 1),
    stages: RESNET_WIDTHS.map((width, index) => (net, input) => {
      const stride = index === 0 ? 1 : 2;
      const widths = new Array<number>(2 * blocks).fill(width);
      const layer = residualStage(net, input.layer, {
        name: `Gated ResNet-${depth}`,
        id: `stage${index + 1}`,
        widths,
        stride,
        shortcut: 'projection',
        stream: input.channels,
      });
      return { layer, size: strided(input.size, stride), channels: width };
    }),
    head(net, top, classes) {
      const answer = net.dense('classifier', net.globalAveragePool('pool', top.layer), classes);
      return { logits: { layer: answer, size: [1, 1], channels: classes }, answer };
    },
  };
}

/** Size after a 3x3 window at `stride`, padded by 1. */
function strided([height, width]: Pair, stride: number): Pair {
  return [Math.ceil(height / stride), Math.ceil(width / stride)];
}
