/**
 * Decomposition: a convolution replaced by two thin ones that together compute its kernel of lower rank.
 *
 * Layer `x` becomes `x.0` (no bias) and `x.1` (with the bias), tensors `x.kernel` and `x.bias` become `x.0.kernel`,
 * `x.1.kernel` and `x.1.bias`; whatever read `x` reads `x.1`. Strides, paddings and dilations are split by axis, so the
 * pair equals a convolution with the truncated kernel for every image (Xu et al. 2020, Trained Rank Pruning).
 */
import { svd, type SingularValues } from '../linalg/svd';
import {
  NetworkError,
  type ConvLayer,
  type DecomposeRecord,
  type Graph,
  type Layer,
  type LayerId,
  type Network,
  type Tensor,
  type TensorName,
} from './graph';
import { fullRank, unfoldKernel, type Scheme } from './low-rank';
import { channelsOf, inferShapes } from './shapes';
import { expectedTensors } from './tensor-shapes';

export interface Decomposition {
  readonly scheme: Scheme;
  /** By convolution; layers that stay dense are absent. */
  readonly ranks: Readonly<Record<LayerId, number>>;
}

interface Pair {
  readonly dense: ConvLayer;
  readonly first: ConvLayer;
  readonly second: ConvLayer;
}

/**
 * Replaces the named convolutions by pairs of the given ranks and records it in the history; at full rank the network
 * computes what it did. The singular values are split evenly between the two kernels, so that both train alike.
 * `factors` may hold singular value decompositions of `unfoldKernel(kernel, scheme)` that are already known.
 *
 * Throws `NetworkError` for a layer that is no ungrouped convolution, a rank outside 1 ... full, layers sharing a kernel
 * at different ranks, and ids or tensor names that are taken.
 */
export function decomposeLayers(
  network: Network,
  decomposition: Decomposition,
  factors: ReadonlyMap<LayerId, SingularValues> = new Map(),
): Network {
  const { scheme } = decomposition;
  const pairs = pairsOf(network.graph, decomposition);
  if (pairs.size === 0) return network;
  const graph = withPairs(network.graph, pairs);
  const tensors: Record<TensorName, Tensor> = { ...network.tensors };
  const make = (name: TensorName, create: () => Tensor): void => {
    if (tensors[name] === undefined) tensors[name] = create();
  };
  for (const { dense, first, second } of pairs.values()) {
    const kernel = tensorOf(network, dense.kernel, dense.id);
    if (network.tensors[first.kernel] !== undefined || network.tensors[second.kernel] !== undefined) {
      throw new NetworkError(`"${dense.id}" cannot be split: tensor "${first.kernel}" is taken.`, dense.id);
    }
    const values = factors.get(dense.id) ?? decomposed(kernel, scheme);
    make(first.kernel, () => firstKernel(values, kernel.shape, scheme, first.filters));
    make(second.kernel, () => secondKernel(values, kernel.shape, scheme, first.filters));
    const { bias } = dense;
    if (bias !== undefined && second.bias !== undefined) make(second.bias, () => tensorOf(network, bias, dense.id));
  }
  const named = expectedTensors(graph);
  for (const { dense } of pairs.values()) {
    for (const name of [dense.kernel, dense.bias]) if (name !== undefined && !named.has(name)) delete tensors[name];
  }
  const record: DecomposeRecord = { kind: 'decompose', scheme, ranks: ranksOf(pairs) };
  return { graph, tensors, meta: { ...network.meta, history: [...network.meta.history, record] } };
}

/** The structure of the decomposed network alone. Throws as `decomposeLayers`. */
export function decomposeGraph(graph: Graph, decomposition: Decomposition): Graph {
  return withPairs(graph, pairsOf(graph, decomposition));
}

function pairsOf(graph: Graph, { scheme, ranks }: Decomposition): ReadonlyMap<LayerId, Pair> {
  const shapes = inferShapes(graph);
  const rankOfKernel = new Map<TensorName, number>();
  for (const [id, rank] of Object.entries(ranks)) {
    const layer = graph.layers.find((candidate) => candidate.id === id);
    if (layer?.op !== 'conv' || layer.groups !== 1) {
      const problem = layer === undefined ? 'the network has no such layer' : 'only ungrouped convolutions have one';
      throw new NetworkError(`"${id}" has no rank: ${problem}.`, id);
    }
    const full = fullRank(layer, channelsOf(shapes.get(layer.inputs[0] ?? '') ?? [0]), scheme);
    if (!Number.isInteger(rank) || rank < 1 || rank > full) {
      throw new NetworkError(`"${id}" cannot have rank ${rank}; choose a whole number from 1 to ${full}.`, id);
    }
    if ((rankOfKernel.get(layer.kernel) ?? rank) !== rank) {
      throw new NetworkError(`"${id}" shares its kernel; give all layers with "${layer.kernel}" one rank.`, id);
    }
    rankOfKernel.set(layer.kernel, rank);
    for (const part of [`${id}.0`, `${id}.1`]) {
      if (shapes.has(part)) throw new NetworkError(`"${id}" cannot be split: layer "${part}" exists already.`, id);
    }
  }
  const pairs = new Map<LayerId, Pair>();
  for (const layer of graph.layers) {
    const rank = ranks[layer.id];
    if (rank !== undefined && layer.op === 'conv') pairs.set(layer.id, pairOf(layer, scheme, rank));
  }
  return pairs;
}

function pairOf(dense: ConvLayer, scheme: Scheme, rank: number): Pair {
  const { id, kernel, bias } = dense;
  const name = kernel.replace(/\.kernel$/, '');
  const [firstWindow, secondWindow] = windowsOf(dense, scheme);
  const first: ConvLayer = {
    id: `${id}.0`,
    op: 'conv',
    inputs: dense.inputs,
    filters: rank,
    groups: 1,
    kernel: `${name}.0.kernel`,
    ...firstWindow,
  };
  const second: ConvLayer = {
    id: `${id}.1`,
    op: 'conv',
    inputs: [first.id],
    filters: dense.filters,
    groups: 1,
    kernel: `${name}.1.kernel`,
    ...(bias === undefined ? {} : { bias: `${bias.replace(/\.bias$/, '')}.1.bias` }),
    ...secondWindow,
  };
  return { dense, first, second };
}

type Window = Pick<ConvLayer, 'kernelSize' | 'stride' | 'padding' | 'dilation'>;

function windowsOf({ kernelSize, stride, padding, dilation }: ConvLayer, scheme: Scheme): readonly [Window, Window] {
  if (scheme === 'channel') {
    const point = { kernelSize: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
    return [{ kernelSize, stride, padding, dilation }, point];
  }
  const [top, bottom, left, right] = padding;
  return [
    {
      kernelSize: [kernelSize[0], 1],
      stride: [stride[0], 1],
      padding: [top, bottom, 0, 0],
      dilation: [dilation[0], 1],
    },
    {
      kernelSize: [1, kernelSize[1]],
      stride: [1, stride[1]],
      padding: [0, 0, left, right],
      dilation: [1, dilation[1]],
    },
  ];
}

function withPairs(graph: Graph, pairs: ReadonlyMap<LayerId, Pair>): Graph {
  const renamed = (id: LayerId): LayerId => pairs.get(id)?.second.id ?? id;
  const reading = <L extends Layer>(layer: L): L => ({ ...layer, inputs: layer.inputs.map(renamed) });
  return {
    layers: graph.layers.flatMap((layer): readonly Layer[] => {
      const pair = pairs.get(layer.id);
      return pair === undefined ? [reading(layer)] : [reading(pair.first), pair.second];
    }),
    outputs: graph.outputs.map(renamed),
  };
}

function decomposed(kernel: Tensor, scheme: Scheme): SingularValues {
  const { rows, cols, values } = unfoldKernel(kernel, scheme);
  return svd(rows, cols, values);
}

/** `U_k sqrt(S_k)`: `[kh, kw, cin, k]`, or `[kh, 1, cin, k]` in the spatial scheme. */
function firstKernel({ u, s }: SingularValues, shape: readonly number[], scheme: Scheme, rank: number): Tensor {
  const [kh = 1, kw = 1, cin = 1] = shape;
  const rows = scheme === 'channel' ? kh * kw * cin : kh * cin;
  const values = Float32Array.from({ length: rows * rank }, (_, at) => {
    const [row, k] = [Math.floor(at / rank), at % rank];
    return (u[row * s.length + k] ?? 0) * Math.sqrt(s[k] ?? 0);
  });
  return { shape: [kh, scheme === 'channel' ? kw : 1, cin, rank], values };
}

/** `sqrt(S_k) V_k^T`: `[1, 1, k, filters]`, or `[1, kw, k, filters]` in the spatial scheme. */
function secondKernel({ v, s }: SingularValues, shape: readonly number[], scheme: Scheme, rank: number): Tensor {
  const [, kernelWidth = 1, , filters = 1] = shape;
  const kw = scheme === 'channel' ? 1 : kernelWidth;
  const values = Float32Array.from({ length: kw * rank * filters }, (_, at) => {
    const [x, k, filter] = [Math.floor(at / (rank * filters)), Math.floor(at / filters) % rank, at % filters];
    return (v[(x * filters + filter) * s.length + k] ?? 0) * Math.sqrt(s[k] ?? 0);
  });
  return { shape: [1, kw, rank, filters], values };
}

function tensorOf({ tensors }: Network, name: TensorName, layer: LayerId): Tensor {
  const tensor = tensors[name];
  if (tensor !== undefined) return tensor;
  throw new NetworkError(`Layer "${layer}" names tensor "${name}", which the network does not have.`, layer);
}

function ranksOf(pairs: ReadonlyMap<LayerId, Pair>): Readonly<Record<LayerId, number>> {
  return Object.fromEntries([...pairs].map(([id, { first }]) => [id, first.filters]));
}
