/** For tests: a few steps of training under the centripetal update, watched step by step. */
import type { Executor } from '../../compute/executor';
import type { Dataset } from '../../datasets/dataset';
import type { Network, Tensors } from '../../network/graph';
import { channelGroups } from '../../network/groups';
import { withRandomTensors } from '../../network/hazard-networks';
import { graphFromText } from '../../network/text';
import { createControl } from '../../training/control';
import { train, type TrainSettings } from '../../training/loop';
import { tinyDataset, tinySettings } from '../../training/tiny-task';
import { clusteredAxes } from './axes';
import { evenClusters, restoredClusters, type GroupClusters } from './clusters';
import { deviationOf, type Deviation } from './distances';
import { createPull } from './pull';

export const tinyData = tinyDataset(64, 16);

/** A residual stream, a depthwise layer, a bias: every kind of clustered tensor, in some hundred weights. */
export const tinyText = `input 8x8x3 / conv 6 3x3 p1 / bn / top = relu / conv 4 3x3 p1 / bn / relu / conv 6 3x3 p1 / bn /
  add < . top / relu / depthwise 3x3 s2 p1 / bn / relu / conv 5 3x3 p1 bias / relu / globalPool / dense 3 bias`;

/** Weights as training leaves them, small enough not to explode. */
export function tinyWide(text = tinyText, seed = 1): Network {
  const network = withRandomTensors(graphFromText(text), seed);
  const tensors = Object.entries(network.tensors).map(([name, { shape, values }]) => {
    const scale = name.endsWith('.kernel') ? 0.5 : 1;
    const shift = name.endsWith('.gamma') ? 1 : 0;
    return [name, { shape, values: values.map((value) => scale * value + shift) }] as const;
  });
  return { ...network, tensors: Object.fromEntries(tensors) };
}

/** Even clusters, half as many as units, in every group that can be cut. */
export function halfClusters({ graph }: Network): GroupClusters[] {
  return channelGroups(graph)
    .filter(({ locked }) => locked === undefined)
    .map((group) => restoredClusters(group, evenClusters(group.size, Math.ceil(group.size / 2))));
}

export interface TinyRun {
  readonly clusters: readonly GroupClusters[];
  readonly strength: number;
  readonly steps: number;
  readonly settings?: Partial<TrainSettings>;
  readonly dataset?: Dataset;
  /** Whether to measure after every step rather than at both ends. */
  readonly watched?: boolean;
}

/** Steps with a constant rate of 0.03 and no momentum unless `settings` say otherwise; weight decay 1e-3. */
export async function tinyTraining(
  executor: Executor,
  network: Network,
  { clusters, strength, steps, settings = {}, dataset = tinyData, watched = false }: TinyRun,
): Promise<{ readonly tensors: Tensors; readonly deviations: readonly Deviation[] }> {
  const axes = clusteredAxes(network, clusters);
  const pull = createPull(axes.filters);
  const loaded = executor.load(network);
  const deviations = [deviationOf(network.tensors, axes)];
  const measure = async (): Promise<void> => void deviations.push(deviationOf(await loaded.readBack(), axes));
  try {
    await train({
      executor,
      loaded,
      dataset,
      normalisation: dataset.normalisation,
      settings: {
        ...tinySettings,
        batchSize: 16,
        epochs: (steps * 16) / dataset.splits.train.count,
        learningRate: 0.03,
        momentum: 0,
        weightDecay: 1e-3,
        schedule: 'constant',
        warmUp: 0,
        ...settings,
      },
      seed: 5,
      control: createControl(),
      hooks: {
        changeGradients: ({ gradients, parameters }) =>
          pull(gradients, parameters, { kernels: strength, vectors: strength }),
        ...(watched ? { afterStep: measure } : {}),
      },
    });
    if (!watched) await measure();
    return { tensors: await loaded.readBack(), deviations };
  } finally {
    loaded.dispose();
  }
}
