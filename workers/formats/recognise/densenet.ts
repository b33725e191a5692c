/**
 * DenseNets by their tensor names (Huang et al. 2017), in three dialects: torchvision (`features.denseblockB.denselayerL`),
 * and two common ones for 32 pixels (`denseB.L`, `transB`; `blockB.layer.L`, `transB`). With bottlenecks or without.
 */
import type { LayerId } from '../../network/graph';
import type { ForeignTensors, Recognition } from '../foreign-names';
import { countFrom, TorchGraph } from './torch-graph';

interface Dialect {
  readonly stem: string;
  /** Batch norm behind the stem, where there is one. */
  readonly stemNorm?: string;
  readonly layer: (block: number, layer: number) => string;
  /** Number of a block's first layer. */
  readonly firstLayer: number;
  readonly conv: readonly [norm: string, conv: string][];
  readonly transition: (block: number) => readonly [norm: string, conv: string];
  readonly lastNorm: string;
  readonly head: string;
}

const twice: Dialect['conv'] = [
  ['bn1', 'conv1'],
  ['bn2', 'conv2'],
];

const dialects: readonly Dialect[] = [
  {
    stem: 'features.conv0',
    stemNorm: 'features.norm0',
    layer: (block, layer) => `features.denseblock${block}.denselayer${layer}`,
    firstLayer: 1,
    conv: [
      ['norm1', 'conv1'],
      ['norm2', 'conv2'],
    ],
    transition: (block) => [`features.transition${block}.norm`, `features.transition${block}.conv`],
    lastNorm: 'features.norm5',
    head: 'classifier',
  },
  {
    stem: 'conv1',
    layer: (block, layer) => `dense${block}.${layer}`,
    firstLayer: 0,
    conv: twice,
    transition: (block) => [`trans${block}.bn`, `trans${block}.conv`],
    lastNorm: 'bn',
    head: 'linear',
  },
  {
    stem: 'conv1',
    layer: (block, layer) => `block${block}.layer.${layer}`,
    firstLayer: 0,
    conv: twice,
    transition: (block) => [`trans${block}.bn1`, `trans${block}.conv1`],
    lastNorm: 'bn1',
    head: 'fc',
  },
];

export function recogniseDenseNet(tensors: ForeignTensors, file: string): Recognition | undefined {
  const dialect = dialects.find(({ stem, layer, firstLayer, head }) =>
    [`${stem}.weight`, `${layer(1, firstLayer)}.conv1.weight`, `${head}.weight`].every((name) => tensors.has(name)),
  );
  if (dialect === undefined) return undefined;
  const { stem, stemNorm, layer, firstLayer, conv, transition, lastNorm, head } = dialect;
  const shape = tensors.get(`${stem}.weight`)?.shape ?? [];
  const channels = shape[1] ?? 3;
  const large = (shape[2] ?? 3) > 3;
  const blocks = countFrom(1, (block) => tensors.has(`${layer(block, firstLayer)}.conv1.weight`));
  const counts = Array.from({ length: blocks }, (_, at) =>
    countFrom(firstLayer, (index) => tensors.has(`${layer(at + 1, index)}.conv1.weight`)),
  );
  const perLayer = tensors.has(`${layer(1, firstLayer)}.conv2.weight`) ? 2 : 1;
  const depth = counts.reduce((sum, count) => sum + count * perLayer, 0) + blocks + 1;
  const name = `DenseNet-${depth}`;
  const graph = new TorchGraph(tensors, name, file, large ? 224 : 32, channels);
  let at: LayerId = graph.conv('input', stem, channels, { stride: large ? 2 : 1 });
  let width = graph.width(stem);
  if (stemNorm !== undefined && graph.has(`${stemNorm}.weight`)) at = graph.relu(graph.bn(at, stemNorm));
  if (large) at = graph.maxPool(at, 'features.pool0', 3, 2, 1);
  counts.forEach((count, index) => {
    for (let one = firstLayer; one < firstLayer + count; one++) {
      const prefix = layer(index + 1, one);
      let grown = at;
      let inside = width;
      for (const [norm, own] of conv.slice(0, perLayer)) {
        grown = graph.conv(graph.relu(graph.bn(grown, `${prefix}.${norm}`)), `${prefix}.${own}`, inside);
        inside = graph.width(`${prefix}.${own}`);
      }
      // Which side the new channels stand on: the dialect of `denseB.L` puts them first.
      const inputs = stem === 'conv1' && head === 'linear' ? [grown, at] : [at, grown];
      at = graph.add({ op: 'concat', id: `${prefix}.concat`, inputs });
      width += inside;
    }
    const [norm, own] = transition(index + 1);
    if (!graph.has(`${own}.weight`)) return;
    at = graph.averagePool(graph.conv(graph.relu(graph.bn(at, norm)), own, width), `${own}.pool`);
    width = graph.width(own);
  });
  const output = graph.dense(graph.globalPool(graph.relu(graph.bn(at, lastNorm))), head);
  return {
    name,
    graph: graph.graph(output),
    tensors: graph.tensors,
    notes: [
      `Recognised by its tensor names: DenseNet with blocks of ${counts.join(', ')} layers, for images of ${large ? '224x224' : '32x32'} pixels.`,
    ],
  };
}
