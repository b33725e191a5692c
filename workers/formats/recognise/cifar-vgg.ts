/**
 * VGG-16 with batch norm for 32x32 images by its tensor names: `features.N` numbered through convolutions, batch norms,
 * ReLUs and poolings as torchvision does, one dense `classifier` (or `classifier.0`, `fc`). Any widths.
 */
import type { TensorName } from '../../network/graph';
import { vgg16Graph } from '../../network/zoo/vgg';
import { batchNormNames, type ForeignTensors, type Recognition } from '../foreign-names';

const stageSizes = [2, 2, 3, 3, 3];

export function recogniseVgg(tensors: ForeignTensors): Recognition | undefined {
  const convolutions = [...tensors.entries()]
    .flatMap(([name, entry]) => {
      const index = /^features\.(\d+)\.weight$/.exec(name)?.[1];
      return index !== undefined && entry.shape.length === 4
        ? [{ index: Number(index), width: entry.shape[0] ?? 0 }]
        : [];
    })
    .toSorted((a, b) => a.index - b.index);
  const head = ['classifier', 'classifier.0', 'fc', 'linear'].find((name) => tensors.has(`${name}.weight`));
  if (convolutions.length === 0 || head === undefined) return undefined;
  const normalised = convolutions.every(({ index }) => tensors.has(`features.${index + 1}.running_mean`));
  const biased = convolutions.some(({ index }) => tensors.has(`features.${index}.bias`));
  if (convolutions.length !== 13 || !normalised || biased) return undefined;
  const names = new Map<TensorName, string>();
  let at = 0;
  stageSizes.forEach((size, stage) => {
    for (let conv = 1; conv <= size; conv++) {
      const theirs = convolutions[at++]?.index ?? 0;
      const ours = `stage${stage + 1}`;
      names.set(`${ours}.conv${conv}.kernel`, `features.${theirs}.weight`);
      for (const [our, their] of batchNormNames(`${ours}.bn${conv}`, `features.${theirs + 1}`)) names.set(our, their);
    }
  });
  names.set('classifier.kernel', `${head}.weight`).set('classifier.bias', `${head}.bias`);
  const classes = tensors.get(`${head}.weight`)?.shape[0] ?? 0;
  return {
    name: 'VGG-16-BN',
    graph: vgg16Graph({ widths: convolutions.map(({ width }) => width), classes }),
    tensors: names,
    notes: ['Recognised by its tensor names: VGG-16 with batch norm for 32x32 images.'],
  };
}
