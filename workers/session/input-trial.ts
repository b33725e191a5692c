/**
 * What a network expects of its input, found out on images: the usual ways to turn bytes into numbers, each tried and
 * measured. A network whose file says nothing is at chance when bytes are turned the wrong way.
 */
import type { Dataset, SplitName } from '../datasets/dataset';
import { networkCosts } from '../network/costs';
import type { Network, Normalisation } from '../network/graph';
import { withTurnedInput } from '../network/input-channels';
import type { InputTrial } from '../protocol';
import { StudioError, type Engine, type OpenNetwork } from './engine';
import { inputShape, measure } from './measuring';

interface Convention {
  readonly id: string;
  readonly title: string;
  readonly order: 'RGB' | 'BGR';
  readonly normalisation: Normalisation;
}

const grey = (mean: number, std: number): Normalisation => ({ mean: [mean, mean, mean], std: [std, std, std] });

/** (pixel / 255 - mean) / std. */
const conventions: readonly Convention[] = [
  { id: 'unit', title: '0 to 1 (pixel / 255)', order: 'RGB', normalisation: grey(0, 1) },
  { id: 'signed', title: '-1 to 1', order: 'RGB', normalisation: grey(0.5, 0.5) },
  { id: 'raw', title: '0 to 255 (raw pixels)', order: 'RGB', normalisation: grey(0, 1 / 255) },
  {
    id: 'imagenet',
    title: 'mean and deviation of ImageNet',
    order: 'RGB',
    normalisation: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  {
    id: 'cifar',
    title: 'mean and deviation of CIFAR-10',
    order: 'RGB',
    normalisation: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  },
  { id: 'bgr-unit', title: '0 to 1, blue first (BGR)', order: 'BGR', normalisation: grey(0, 1) },
  {
    id: 'caffe',
    title: '0 to 255 less the mean of ImageNet, blue first (Caffe)',
    order: 'BGR',
    normalisation: { mean: [0.485, 0.456, 0.406], std: [1 / 255, 1 / 255, 1 / 255] },
  },
];

/** Images a convention is tried on, fewer for large networks. */
const mostImages = 512;
const fewestImages = 64;
const patience = 4e10;

/** Where labels are taken from: never the test split, unless there is no other. */
function splitFor({ splits }: Dataset): SplitName {
  return (['validation', 'train', 'test'] as const).find((name) => splits[name].count > 0) ?? 'test';
}

/** All conventions, measured, the best first. Throws `DatasetError` when network and data do not fit at all. */
export async function tryInputs(
  engine: Engine,
  network: Network,
  dataset: Dataset,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<InputTrial> {
  const channels = inputShape(network)?.at(-1) ?? 3;
  const images = Math.round(Math.min(mostImages, Math.max(fewestImages, patience / networkCosts(network.graph).macs)));
  const tried = conventionsFor(network, dataset, channels);
  const results: InputTrial['tried'][number][] = [];
  let seen = 0;
  for (const convention of tried) {
    const { order, normalisation } = convention;
    const turned = order === 'BGR' ? withTurnedInput(network) : network;
    const candidate: Network = { ...turned, meta: { ...turned.meta, normalisation } };
    const evaluation = await engine.queue.run(signal, () =>
      measure(engine.executor, candidate, dataset, splitFor(dataset), { signal, images }),
    );
    seen = evaluation.images;
    results.push({ ...convention, accuracy: evaluation.score });
    onProgress(results.length, tried.length);
  }
  return {
    images: seen,
    chance: 1 / dataset.classes.length,
    tried: results.toSorted((first, second) => second.accuracy - first.accuracy),
  };
}

/** What the file itself says comes first, then the usual ones, then the statistics of the open data. */
function conventionsFor(network: Network, dataset: Dataset, channels: number): readonly Convention[] {
  const own = network.meta.normalisation;
  const all: Convention[] = conventions.filter(({ order }) => order === 'RGB' || (channels === 3 && canTurn(network)));
  const stated: Convention[] = [
    ...(own === undefined ? [] : [{ id: 'own', title: 'as the file says', order: 'RGB' as const, normalisation: own }]),
    { id: 'data', title: `mean and deviation of ${dataset.name}`, order: 'RGB', normalisation: dataset.normalisation },
  ];
  const shown = [...stated, ...all].map((one) => ({ ...one, normalisation: forChannels(one.normalisation, channels) }));
  const same = (a: Convention, b: Convention): boolean =>
    a.order === b.order && JSON.stringify(a.normalisation) === JSON.stringify(b.normalisation);
  return shown.filter((one, at) => shown.findIndex((other) => same(one, other)) === at);
}

function canTurn(network: Network): boolean {
  try {
    withTurnedInput(network);
    return true;
  } catch {
    return false;
  }
}

/** One number a channel; the mean of three where one is wanted. */
function forChannels({ mean, std }: Normalisation, channels: number): Normalisation {
  if (mean.length === channels) return { mean, std };
  const middle = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const filled = (value: number) => Array.from({ length: channels }, () => value);
  return { mean: filled(middle(mean)), std: filled(middle(std)) };
}

/**
 * The network with its input described: how bytes become numbers, and its classes by name. Channels that stand blue first
 * are turned once, in the first kernels. Throws `NetworkError` or `StudioError`.
 */
export async function describeInput(
  engine: Engine,
  { network, view }: OpenNetwork,
  {
    normalisation,
    order,
    classes,
  }: { normalisation: Normalisation; order: 'RGB' | 'BGR'; classes: readonly string[] | null },
): Promise<OpenNetwork> {
  const channels = inputShape(network)?.at(-1) ?? 0;
  if (normalisation.mean.length !== channels || normalisation.std.length !== channels) {
    throw new StudioError(`The network's input has ${channels} channels: give as many means and deviations.`);
  }
  const turned = order === 'BGR' ? withTurnedInput(network) : network;
  const notes = order === 'BGR' ? ['Its first kernels were turned, so that it takes red first (RGB).'] : [];
  const meta = { ...turned.meta, normalisation, ...(classes === null ? {} : { classes }) };
  return engine.keepNetwork({ ...turned, meta }, view.source, [...view.notes, ...notes]);
}
