/**
 * ResNets of torchvision and timm (He et al. 2016; ResNeXt too) by their tensor names: `conv1`, `bn1`,
 * `layerS.B.convN|bnN`, `downsample.0|1` (or `shortcut.0|1`), `fc` or `linear`. Basic blocks and bottlenecks, any widths. A
 * 7x7 `conv1` is followed by a max pooling and made for 224 pixels, a 3x3 one is made for 32.
 */
import type { LayerId } from '../../network/graph';
import type { ForeignTensors, Recognition } from '../foreign-names';
import { countFrom, TorchGraph } from './torch-graph';

const depths: Readonly<Record<string, string>> = {
  'basic 2,2,2,2': 'ResNet-18',
  'basic 3,4,6,3': 'ResNet-34',
  'bottleneck 3,4,6,3': 'ResNet-50',
  'bottleneck 3,4,23,3': 'ResNet-101',
  'bottleneck 3,8,36,3': 'ResNet-152',
};

export function recogniseDeepResNet(tensors: ForeignTensors, file: string): Recognition | undefined {
  const head = ['fc', 'linear', 'classifier'].find((name) => tensors.has(`${name}.weight`));
  const stem = tensors.get('conv1.weight')?.shape;
  const blocks = [1, 2, 3, 4].map((stage) =>
    countFrom(0, (block) => tensors.has(`layer${stage}.${block}.conv1.weight`)),
  );
  if (head === undefined || stem === undefined || blocks[0] === 0 || blocks[1] === 0) return undefined;
  const bottleneck = tensors.has('layer1.0.conv3.weight');
  const stages = blocks.filter((count) => count > 0);
  const name = depths[`${bottleneck ? 'bottleneck' : 'basic'} ${stages.join(',')}`] ?? 'ResNet';
  const large = (stem[2] ?? 3) > 3;
  const graph = new TorchGraph(tensors, name, file, large ? 224 : 32, stem[1] ?? 3);
  let width = graph.width('conv1');
  let at = graph.relu(graph.bn(graph.conv('input', 'conv1', stem[1] ?? 3, { stride: large ? 2 : 1 }), 'bn1'));
  if (large) at = graph.maxPool(at, 'maxpool', 3, 2, 1);
  stages.forEach((count, stage) => {
    for (let block = 0; block < count; block++) {
      const prefix = `layer${stage + 1}.${block}`;
      at = residual(graph, prefix, at, width, { bottleneck, stride: stage > 0 && block === 0 ? 2 : 1 });
      width = graph.width(`${prefix}.${bottleneck ? 'conv3' : 'conv2'}`);
    }
  });
  const output = graph.dense(graph.globalPool(at), head);
  const kind = bottleneck ? 'bottlenecks, their stride in the 3x3 convolution' : 'basic blocks';
  return {
    name,
    graph: graph.graph(output),
    tensors: graph.tensors,
    notes: [
      `Recognised by its tensor names: ResNet with ${stages.join(', ')} ${kind}, for images of ${large ? '224x224' : '32x32'} pixels.`,
    ],
  };
}

interface Block {
  readonly bottleneck: boolean;
  readonly stride: number;
}

function residual(
  graph: TorchGraph,
  prefix: string,
  input: LayerId,
  width: number,
  { bottleneck, stride }: Block,
): LayerId {
  const convs = bottleneck ? [1, 2, 3] : [1, 2];
  let at = input;
  let channels = width;
  for (const index of convs) {
    const conv = `${prefix}.conv${index}`;
    at = graph.bn(
      graph.conv(at, conv, channels, { stride: index === (bottleneck ? 2 : 1) ? stride : 1 }),
      `${prefix}.bn${index}`,
    );
    channels = graph.width(conv);
    if (index !== convs.at(-1)) at = graph.relu(at);
  }
  const shortcut = ['downsample', 'shortcut'].find((name) => graph.has(`${prefix}.${name}.0.weight`));
  const side =
    shortcut === undefined
      ? input
      : graph.bn(graph.conv(input, `${prefix}.${shortcut}.0`, width, { stride }), `${prefix}.${shortcut}.1`);
  return graph.relu(graph.sum(`${prefix}.add`, at, side));
}
