import { cutGraph } from '../network/cut';
import { channelsOfClasses } from '../network/closure';
import { networkCosts } from '../network/costs';
import type { LayerId, Network, Tensor, Tensors } from '../network/graph';
import { lockedLayers } from '../network/groups';
import type { CutPlan, CutRules } from '../network/plan';
import type { Plane } from '../linalg/principal-axes';
import type { LoadedNetwork } from '../compute/executor';
import { DatasetError } from '../datasets/dataset';
import { createTurns } from '../training/turns';
import { clusteredAxes, mergedClasses, type ClusteredAxes } from './csgd/axes';
import { clusterGroup, restoredClusters, type ClusterMode, type GroupClusters } from './csgd/clusters';
import { deviationOf, layerPictures, layerPlanes, statisticsSpread } from './csgd/distances';
import { averageClusters, mergeInputs } from './csgd/merge';
import { probe, type ProbeResult } from './csgd/probe';
import { createPull, type CentripetalPull } from './csgd/pull';
import { clusterCounts, type Widths } from './csgd/widths';
import { filterMatrix, weightedLayers } from './filters';
import { MethodError, type Method, type MethodContext, type MethodHooks, type Telemetry } from './method';
import { numberSetting } from './settings';

/**
 * Centripetal SGD (Ding et al. 2019): filters are pulled together while the network trains, until those of a cluster are
 * one filter, and can be merged without loss. `csgd/pull.ts` has the update.
 *
 * Telemetry values: `chi` and `chiVectors`, the sums of squared distances from the cluster means over kernels and over
 * biases and batch norm; `largestDistance` of any filter, and `largestShare`, that distance as a share of a filter's
 * length (about 1e-7 is rounding: identical); on 200 validation images `accuracyNow`, `accuracyIfCutNow` and
 * `logitChangeIfCutNow`, measured as often as costs a twentieth of the time, else the numbers of last time; absent where there are no such images.
 * Per clustered layer, one number a filter: `distance` from its cluster's mean, `cluster` (numbered from 0), `stays` (1 or
 * 0), and `x`, `y` on the plane of the layer's two largest principal axes as they were when the stage began.
 */
export const csgd: Method = {
  id: 'csgd',
  title: 'Centripetal SGD',
  citation:
    'X. Ding, G. Ding, Y. Guo, J. Han. Centripetal SGD for Pruning Very Deep Convolutional Networks with Complicated Structure. CVPR 2019',
  summary: 'Trains filters of a cluster into one and the same, then merges them: the cut itself loses nothing.',
  family: 'csgd',
  reduces: 'filters',
  needs: 'training',
  normalise: 'none',
  // Adam divides by each weight's own history of gradients: equal updates become unequal steps, and filters stay apart.
  optimiser: 'sgd',
  training: { epochs: 10, learningRate: 0.03, fineTune: 0 },
  settings: {
    strength: {
      kind: 'number',
      label: 'Strength',
      explain:
        'How hard filters are pulled to the mean of their cluster. Too little and they are not equal in time; too much wrecks the network first.',
      default: 0.3,
      min: 0.001,
      max: 10,
      step: 0.001,
      scale: 'log',
      live: true,
    },
    vectorShare: {
      kind: 'number',
      label: 'On batch norm',
      explain: 'Strength on biases, gammas and betas, as a share of that on kernels.',
      default: 1,
      min: 0,
      max: 1,
      step: 0.05,
    },
    clustering: {
      kind: 'choice',
      label: 'Clusters',
      explain: 'By k-means filters that are alike become one. Even and imbalanced clusters are there to compare with.',
      default: 'kmeans',
      options: [
        { value: 'kmeans', label: 'k-means' },
        { value: 'even', label: 'Even' },
        { value: 'imbalanced', label: 'Imbalanced' },
      ],
    },
    average: {
      kind: 'switch',
      label: 'Average before the cut',
      explain: 'The filter that stays becomes the mean of its cluster, which evens out what differences are left.',
      default: true,
    },
  },
  begin: async (context) => {
    const { network, groups, loaded, goal, signal } = context;
    if (goal?.stage !== 'prune' || loaded === undefined) {
      const text = 'Centripetal SGD acts in a training stage and heads for the "prune" stage after it: put one there.';
      throw new MethodError(`${text} Its budget decides how many filters become one.`, 'csgd');
    }
    const turns = createTurns();
    const between = async (): Promise<void> => {
      await turns.next();
      signal.throwIfAborted();
    };
    try {
      const widths = clusterCounts(network, groups, goal.rules);
      const clusters = await clusterAll(context, widths, between);
      const planes = await layerPlanes(network, clusteredAxes(network, clusters), between);
      return new CentripetalSgd(context, { loaded, widths, clusters, planes });
    } finally {
      turns.close();
    }
  },
};

/** Images of the accuracy "if cut now", and the share of the time it may take. */
const PROBE_IMAGES = 200;
const PROBE_SHARE = 0.05;
/** Filters this alike (share of their length) count as equal; their batch-norm statistics then ought to be. */
const ALIKE = 1e-3;
const STATISTICS_ALIKE = 1e-4;
const SETTLE_IMAGES = 1024;

async function clusterAll(
  context: MethodContext,
  { counts }: Widths,
  between: () => Promise<void>,
): Promise<GroupClusters[]> {
  const { network, groups, progress, random } = context;
  const mode = clusterMode(context.settings['clustering']);
  const clusters: GroupClusters[] = [];
  for (const group of groups) {
    const count = counts.get(group.id);
    if (count === undefined) continue;
    clusters.push(clusterGroup(network, group, count, mode, random));
    progress(clusters.length / counts.size, `Clustered group ${clusters.length} of ${counts.size}`);
    await between();
  }
  return clusters;
}

function clusterMode(setting: number | string | boolean | undefined): ClusterMode {
  return setting === 'even' || setting === 'imbalanced' ? setting : 'kmeans';
}

/** What a stage begins with. */
interface Prepared {
  readonly loaded: LoadedNetwork;
  readonly widths: Widths;
  readonly clusters: readonly GroupClusters[];
  readonly planes: ReadonlyMap<LayerId, Plane>;
}

class CentripetalSgd implements MethodHooks {
  private readonly loaded: LoadedNetwork;
  private readonly widths: Widths;
  private clusters: readonly GroupClusters[];
  private planes: ReadonlyMap<LayerId, Plane>;
  private axes: ClusteredAxes;
  private pull: CentripetalPull;
  private probed: ProbeResult | undefined;
  private probeAgainAt = 0;

  constructor(
    private readonly context: MethodContext,
    { loaded, widths, clusters, planes }: Prepared,
  ) {
    this.loaded = loaded;
    this.widths = widths;
    this.clusters = clusters;
    this.planes = planes;
    this.axes = clusteredAxes(context.network, clusters);
    this.pull = createPull(this.axes.filters);
  }

  changeGradients({
    gradients,
    parameters,
    settings,
  }: Parameters<NonNullable<MethodHooks['changeGradients']>>[0]): void {
    const kernels = numberSetting(settings, 'strength');
    this.pull(gradients, parameters, { kernels, vectors: kernels * numberSetting(settings, 'vectorShare') });
  }

  /**
   * Running statistics follow the filters with a delay. Where the filters have become equal but their statistics not yet,
   * these are measured anew, on images moved as in training and the filters as they are now.
   */
  async finish(): Promise<void> {
    this.probeAgainAt = 0;
    const tensors = await this.loaded.readBack();
    if (deviationOf(tensors, this.axes).largestShare > ALIKE) return;
    if (statisticsSpread(tensors, this.axes) <= STATISTICS_ALIKE) return;
    await this.loaded.recalibrate(this.settlingImages());
  }

  private async *settlingImages() {
    for await (const { images, labels } of this.context.batches('train', SETTLE_IMAGES, { augment: true })) {
      labels.dispose();
      yield images;
      images.dispose();
    }
  }

  async telemetry(): Promise<Telemetry> {
    const tensors = await this.loaded.readBack();
    const network = { ...this.context.network, tensors };
    const { chi, chiVectors, largest, largestShare } = deviationOf(tensors, this.axes);
    await this.probeNowAndThen(network);
    return {
      values: { chi, chiVectors, largestDistance: largest, largestShare, ...this.probed },
      layers: layerPictures(network, this.axes, this.planes),
    };
  }

  private async probeNowAndThen(network: Network): Promise<void> {
    const began = performance.now();
    if (began < this.probeAgainAt) return;
    const batches = this.context.batches('validation', PROBE_IMAGES);
    try {
      this.probed = await probe(this.loaded, network.tensors, this.merged(network), batches);
    } catch (error) {
      // Training goes on without validation images; there is just no accuracy to tell.
      if (!(error instanceof DatasetError && error.kind === 'empty')) throw error;
    }
    const ended = performance.now();
    this.probeAgainAt = ended + (ended - began) / PROBE_SHARE;
  }

  async decideCut(rules: CutRules): Promise<CutPlan> {
    const { graph } = this.context.network;
    const removed = channelsOfClasses(graph, mergedClasses(graph, this.clusters));
    const costs = networkCosts(cutGraph(graph, removed));
    const share = costs.macs / networkCosts(graph).macs;
    const { shortfall, notes } = this.widths;
    return {
      removed,
      macs: costs.macs,
      parameters: costs.parameters,
      share,
      filters: filterCounts(this.context.network, removed),
      ...(share > rules.budget * (1 + 1e-12) ? { shortfall: shortfall ?? otherBudget(share, rules.budget) } : {}),
      ...(notes.length === 0 ? {} : { notes }),
    };
  }

  beforeCut(network: Network): Network {
    return this.merged(network);
  }

  private merged(network: Network): Network {
    const averaged = this.context.settings['average'] === false ? network : averageClusters(network, this.axes);
    return mergeInputs(averaged, this.axes);
  }

  async readState(): Promise<Tensors> {
    const clusters = this.clusters.map(({ group, of }): [string, Tensor] => [
      `cluster ${group.id}`,
      { shape: [of.length], values: Float32Array.from(of) },
    ]);
    const planes = [...this.planes].map(([layer, { origin, axes }]): [string, Tensor] => [
      `plane ${layer}`,
      { shape: [3, origin.length], values: Float32Array.from([...origin, ...axes[0], ...axes[1]]) },
    ]);
    return Object.fromEntries([...clusters, ...planes]);
  }

  /** Clusters were made from the weights the stage began with, which are not there any more. */
  writeState(state: Tensors): void {
    this.clusters = this.clusters.map(({ group, ...made }) => {
      const saved = state[`cluster ${group.id}`];
      return saved === undefined ? { group, ...made } : restoredClusters(group, saved.values);
    });
    this.axes = clusteredAxes(this.context.network, this.clusters);
    this.pull = createPull(this.axes.filters);
    this.planes = new Map(
      [...this.planes].map(([layer, plane]) => [layer, restoredPlane(state[`plane ${layer}`]) ?? plane]),
    );
  }
}

function restoredPlane(saved: Tensor | undefined): Plane | undefined {
  if (saved === undefined) return undefined;
  const length = saved.values.length / 3;
  const row = (index: number): Float64Array =>
    Float64Array.from(saved.values.subarray(index * length, (index + 1) * length));
  return { origin: row(0), axes: [row(1), row(2)] };
}

/** As the planner counts them: removed and total, over all weighted layers that can be cut. */
function filterCounts(network: Network, removed: CutPlan['removed']): CutPlan['filters'] {
  const locked = lockedLayers(network.graph);
  const layers = weightedLayers(network).filter(({ id }) => !locked.has(id));
  return {
    removed: layers.reduce((sum, { id }) => sum + (removed[id]?.length ?? 0), 0),
    total: layers.reduce((sum, layer) => sum + filterMatrix(network, layer).count, 0),
  };
}

function otherBudget(share: number, budget: number): string {
  const percent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;
  return `The clusters were trained for another budget: ${percent(share)} of the multiply-adds remain instead of ${percent(budget)}.`;
}
