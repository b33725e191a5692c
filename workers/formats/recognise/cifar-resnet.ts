/**
 * CIFAR ResNets by their tensor names, as the common PyTorch implementations write them: `conv1`, `bn1`,
 * `layerS.B.conv1|bn1|conv2|bn2`, and `linear` or `fc`; option A has no shortcut tensors, option B a 1x1 convolution
 * under `shortcut.0` or `downsample.0`. Any depth 6n + 2, any widths.
 */
import type { TensorName } from '../../network/graph';
import { resNetGraph } from '../../network/zoo/resnet';
import { batchNormNames, type ForeignTensors, type Recognition } from '../foreign-names';
import { FormatError } from '../format-error';

const stages = [1, 2, 3] as const;

function blocksOf(tensors: ForeignTensors, stage: number): number {
  let blocks = 0;
  while (tensors.has(`layer${stage}.${blocks}.conv1.weight`)) blocks++;
  return blocks;
}

export function recogniseResNet(tensors: ForeignTensors, file: string): Recognition | undefined {
  const head = ['linear', 'fc'].find((name) => tensors.has(`${name}.weight`));
  const counts = stages.map((stage) => blocksOf(tensors, stage));
  const [blocks = 0] = counts;
  const basic = blocks > 0 && !tensors.has('layer1.0.conv3.weight') && !tensors.has('layer4.0.conv1.weight');
  if (head === undefined || !basic || !tensors.has('conv1.weight')) return undefined;
  // Stages of different depth, and projections elsewhere, are the general ResNet's.
  if (counts.some((count) => count !== blocks)) return undefined;

  const filters = (name: string): number => {
    const entry = tensors.get(`${name}.weight`);
    if (entry === undefined) {
      throw new FormatError(
        'unrecognised',
        `This looks like a CIFAR ResNet, but "${name}.weight" is missing.`,
        file,
        name,
      );
    }
    return entry.shape[0] ?? 0;
  };
  const names = new Map<TensorName, string>([['stem.kernel', 'conv1.weight'], ...batchNormNames('stem.bn', 'bn1')]);
  const widths = [filters('conv1')];
  const projections = new Set<string>();
  for (const stage of stages) {
    for (let block = 0; block < blocks; block++) {
      const [ours, theirs] = [`stage${stage}.block${block + 1}`, `layer${stage}.${block}`];
      for (const conv of ['1', '2']) {
        widths.push(filters(`${theirs}.conv${conv}`));
        names.set(`${ours}.conv${conv}.kernel`, `${theirs}.conv${conv}.weight`);
        for (const [our, their] of batchNormNames(`${ours}.bn${conv}`, `${theirs}.bn${conv}`)) names.set(our, their);
      }
      const shortcut = ['shortcut', 'downsample'].find((name) => tensors.has(`${theirs}.${name}.0.weight`));
      if (shortcut === undefined) continue;
      projections.add(ours);
      names.set(`${ours}.projection.kernel`, `${theirs}.${shortcut}.0.weight`);
      for (const [our, their] of batchNormNames(`${ours}.projection.bn`, `${theirs}.${shortcut}.1`))
        names.set(our, their);
    }
  }
  names.set('classifier.kernel', `${head}.weight`).set('classifier.bias', `${head}.bias`);

  const projected = ['stage2.block1', 'stage3.block1'];
  if (projections.size > 0 && (projections.size !== 2 || projected.some((id) => !projections.has(id))))
    return undefined;
  const depth = 6 * blocks + 2;
  const shortcut = projections.size > 0 ? 'projection' : 'identity';
  return {
    name: `ResNet-${depth}`,
    graph: resNetGraph({ depth, shortcut, widths, classes: filters(head) }),
    tensors: names,
    notes: [
      shortcut === 'projection'
        ? 'Recognised by its tensor names: CIFAR ResNet with 1x1 projection shortcuts (option B).'
        : 'Recognised by its tensor names: CIFAR ResNet with parameter-free shortcuts (option A, new channels on both sides).',
    ],
  };
}
