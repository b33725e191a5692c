/**
 * MobileNetV2 (Sandler et al. 2018) by its tensor names, in two dialects, at any widths; strides as for 224 pixels:
 * torchvision (`features.0` the stem, `features.1` to `features.17` inverted residuals `conv.*`, `features.18` the last 1x1
 * convolution, `classifier.1`) and timm (`conv_stem`, `blocks.STAGE.BLOCK.conv_pw`, `conv_dw`, `conv_pwl`, `conv_head`).
 */
import type { ForeignTensors, Recognition } from '../foreign-names';
import { countFrom, TorchGraph } from './torch-graph';

type ConvAndNorm = readonly [conv: string, norm: string];

interface Block {
  readonly name: string;
  /** An expansion (if there is one), a depthwise convolution, a linear projection. */
  readonly convs: readonly ConvAndNorm[];
  readonly stride: number;
}

interface Dialect {
  readonly of: string;
  readonly stem: ConvAndNorm;
  readonly blocks: readonly Block[];
  readonly head: ConvAndNorm;
  readonly classifier: string;
}

/** Blocks of torchvision that halve the size. */
const halving = new Set([2, 4, 7, 14]);
const lastBlock = 17;

function torchvision(tensors: ForeignTensors): Dialect | undefined {
  const whole = ['features.0.0.weight', 'features.1.conv.0.0.weight', 'features.18.0.weight', 'classifier.1.weight'];
  if (!whole.every((name) => tensors.has(name)) || tensors.has('features.19.0.weight')) return undefined;
  const block = (number: number): Block => {
    const prefix = `features.${number}.conv`;
    const expanded = tensors.has(`${prefix}.2.weight`) && tensors.has(`${prefix}.1.0.weight`);
    const pairs = (expanded ? ['0', '1'] : ['0']).map((at): ConvAndNorm => [`${prefix}.${at}.0`, `${prefix}.${at}.1`]);
    const projection: ConvAndNorm = [`${prefix}.${pairs.length}`, `${prefix}.${pairs.length + 1}`];
    return { name: `features.${number}`, convs: [...pairs, projection], stride: halving.has(number) ? 2 : 1 };
  };
  return {
    of: 'torchvision',
    stem: ['features.0.0', 'features.0.1'],
    blocks: Array.from({ length: lastBlock }, (_, at) => block(at + 1)),
    head: ['features.18.0', 'features.18.1'],
    classifier: 'classifier.1',
  };
}

/** Strides of the first block of each stage. */
const stageStrides = [1, 2, 2, 2, 1, 2, 1];

/**
 * timm calls the parts of its whole family of networks alike: those with other kernels than 3x3 or with gates
 * (MNASNet, EfficientNet) are none of this.
 */
function timm(tensors: ForeignTensors): Dialect | undefined {
  const whole = ['conv_stem.weight', 'blocks.0.0.conv_dw.weight', 'blocks.1.0.conv_pwl.weight', 'conv_head.weight'];
  if (!whole.every((name) => tensors.has(name))) return undefined;
  const stages = countFrom(0, (stage) => tensors.has(`blocks.${stage}.0.conv_dw.weight`));
  const plain = [...tensors].every(
    ([name, { shape }]) => !name.includes('.se.') && (!name.endsWith('conv_dw.weight') || shape[2] === 3),
  );
  if (stages !== stageStrides.length || !plain) return undefined;
  const blocks = stageStrides.flatMap((stride, stage) => {
    const count = countFrom(0, (at) => tensors.has(`blocks.${stage}.${at}.conv_dw.weight`));
    return Array.from({ length: count }, (_, at): Block => {
      const name = `blocks.${stage}.${at}`;
      const expanded = tensors.has(`${name}.conv_pwl.weight`);
      const convs = expanded ? ['conv_pw', 'conv_dw', 'conv_pwl'] : ['conv_dw', 'conv_pw'];
      return {
        name,
        convs: convs.map((conv, index) => [`${name}.${conv}`, `${name}.bn${index + 1}`]),
        stride: at === 0 ? stride : 1,
      };
    });
  });
  return { of: 'timm', stem: ['conv_stem', 'bn1'], blocks, head: ['conv_head', 'bn2'], classifier: 'classifier' };
}

export function recogniseMobileNetV2(tensors: ForeignTensors, file: string): Recognition | undefined {
  const dialect = torchvision(tensors) ?? timm(tensors);
  if (dialect === undefined) return undefined;
  const { of, stem, blocks, head, classifier } = dialect;
  const name = 'MobileNetV2';
  const channels = tensors.get(`${stem[0]}.weight`)?.shape[1] ?? 3;
  const graph = new TorchGraph(tensors, name, file, 224, channels);
  let width = channels;
  const normalised = (input: string, [conv, norm]: ConvAndNorm, stride: number): string => {
    const output = graph.bn(graph.conv(input, conv, width, { stride }), norm);
    width = graph.width(conv);
    return output;
  };
  let at = graph.relu(normalised('input', stem, 2), 'relu6');
  for (const { name: block, convs, stride } of blocks) {
    const [input, before] = [at, width];
    convs.forEach((conv, index) => {
      at = normalised(at, conv, index === convs.length - 2 ? stride : 1);
      if (index < convs.length - 1) at = graph.relu(at, 'relu6');
    });
    if (stride === 1 && before === width) at = graph.sum(`${block}.add`, input, at);
  }
  at = graph.relu(normalised(at, head, 1), 'relu6');
  const output = graph.dense(graph.globalPool(at), classifier);
  return {
    name,
    graph: graph.graph(output),
    tensors: graph.tensors,
    notes: [`Recognised by its tensor names: MobileNetV2 of ${of}, for images of 224x224 pixels.`],
  };
}
