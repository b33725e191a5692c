/**
 * VGGs by their tensor names (Simonyan and Zisserman 2015): `features.N` numbered through convolutions, batch norms, ReLUs
 * and poolings as torchvision does, so that a gap in the numbers is a pooling; `classifier` one or several dense layers
 * with ReLUs between them. With or without batch norm, any depth and widths.
 */
import type { LayerId } from '../../network/graph';
import type { FlattenedKernel, ForeignTensors, Recognition } from '../foreign-names';
import { FormatError } from '../format-error';
import { TorchGraph } from './torch-graph';

export function recogniseVggFeatures(tensors: ForeignTensors, file: string): Recognition | undefined {
  const indices = [...tensors].flatMap(([name, { shape }]) => {
    const index = /^features\.(\d+)\.weight$/.exec(name)?.[1];
    return index !== undefined && shape.length === 4 ? [Number(index)] : [];
  });
  const convs = indices.toSorted((a, b) => a - b);
  const heads = [...tensors.keys()]
    .flatMap((name) => /^((?:classifier|fc|linear)(?:\.\d+)?)\.weight$/.exec(name)?.[1] ?? [])
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const [firstConv] = convs;
  const [firstHead] = heads;
  if (firstConv !== 0 || firstHead === undefined || tensors.has('features.0.0.weight')) return undefined;
  if (
    [...tensors].some(
      ([name, { shape }]) =>
        name.startsWith('features.') &&
        shape.length === 4 &&
        shape[1] === 1 &&
        (shape[0] ?? 0) > 1 &&
        name !== 'features.0.weight',
    )
  )
    return undefined;

  const width = tensors.get(`features.${convs.at(-1)}.weight`)?.shape[0] ?? 1;
  const features = tensors.get(`${firstHead}.weight`)?.shape[1] ?? 1;
  const normalised = tensors.has('features.1.running_mean');
  const step = normalised ? 3 : 2;
  // The numbers after the last convolution are not in the file: these nets end with a pooling.
  const pooled = convs.map((index, at) => (convs[at + 1] ?? index + step + 1) > index + step);
  const side = Math.sqrt(features / width);
  if (!Number.isInteger(side)) {
    const text = `This looks like a VGG, but its ${features} features are no square image of ${width} channels.`;
    throw new FormatError('unrecognised', text, file, firstHead);
  }
  const size = side * 2 ** pooled.filter(Boolean).length;
  const name = `VGG-${convs.length + heads.length}${normalised ? '-BN' : ''}`;
  let channels = tensors.get('features.0.weight')?.shape[1] ?? 3;
  const graph = new TorchGraph(tensors, name, file, size, channels);
  let at: LayerId = 'input';
  convs.forEach((index, position) => {
    const conv = `features.${index}`;
    at = graph.conv(at, conv, channels);
    if (normalised) at = graph.bn(at, `features.${index + 1}`);
    at = graph.relu(at);
    if (pooled[position] === true) at = graph.maxPool(at, `features.${index + step}`, 2, 2, 0);
    channels = graph.width(conv);
  });
  at = graph.add({ op: 'flatten', id: 'flatten', inputs: [at] });
  heads.forEach((head, position) => {
    at = graph.dense(at, head);
    if (position < heads.length - 1) at = graph.relu(at);
  });
  const flattened = new Map<string, FlattenedKernel>([
    [`${firstHead}.kernel`, { channels: width, positions: side * side }],
  ]);
  return {
    name,
    graph: graph.graph(at),
    tensors: graph.tensors,
    flattened,
    notes: [
      `Recognised by its tensor names: VGG with ${convs.length} convolutions, for images of ${size}x${size} pixels.`,
    ],
  };
}
