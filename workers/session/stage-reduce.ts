/** The stages that make the network smaller: `score`, `prune`, `truncate`. Every cut is physical, and proven. */
import type { Executor, LoadedNetwork } from '../compute/executor';
import { methodById } from '../methods';
import { MethodError, type MethodHooks, type RankPlan } from '../methods/method';
import { checkSettings } from '../methods/settings';
import { kernelSpectra } from '../methods/spectra';
import { filtersOrRanks } from '../network/filters-or-ranks';
import type { Network, Tensor, TensorName } from '../network/graph';
import type { CutPlan, CutRules, Sensitivity } from '../network/plan';
import { createPlanner } from '../network/planner';
import { decomposeLayers } from '../network/decompose';
import { prove, provenCut, provenMerge, type Proven } from './cutting';
import { measure, onDevice } from './measuring';
import type { Stage } from './recipe';
import { beginMethod, scoreFilters, type Scored } from './scoring';
import { scanSensitivity } from './sensitivity';
import { addCandidate, onTurn, shareReporter, stageSeed, type StagePlace, type Work } from './work';

type StageOf<N extends Stage['stage']> = StagePlace<Extract<Stage, { stage: N }>>;

/** Filters count as equal when merging them changes no logit by more than this. */
const MERGED = 1e-3;
/** Images every point of a sensitivity scan is measured on. */
const SCAN_IMAGES = 256;

export async function scoreStage(work: Work, place: StageOf<'score'>): Promise<void> {
  const { stage, index } = place;
  const report = shareReporter(work, place);
  nameMethod(work, stage.method);
  work.scored = await onTurn(work, (signal, executor) =>
    scoreFilters(executor, stage.method, {
      network: work.network,
      dataset: work.dataset,
      settings: stage.settings,
      seed: stageSeed(work, index),
      signal,
      progress: report,
    }),
  );
  endActing(work);
  report(1, 'Scored');
}

export async function pruneStage(work: Work, place: StageOf<'prune'>): Promise<void> {
  const report = shareReporter(work, place);
  const { stage: _stage, ...rules } = place.stage;
  const plan = await decideCut(work, rules, report);
  for (const note of [plan.shortfall, ...(plan.notes ?? [])]) if (note !== undefined) work.journal.note(note);
  report(0.3, 'Cutting');
  const proven = await onTurn(work, (_signal, executor) => cutNetwork(executor, work, plan));
  await commitReduction(work, place, proven, report);
}

/** The cut, proven. What merging filters before it changed is noted: it is told, not refused. */
async function cutNetwork(executor: Executor, work: Work, plan: CutPlan): Promise<Proven> {
  const { network, dataset, journal } = work;
  const merged = work.acting?.hooks.beforeCut?.(network, plan);
  if (merged === undefined) return provenCut(executor, network, plan.removed, dataset);
  const proven = await provenMerge(executor, network, merged, plan.removed, dataset);
  const [merging, cutting] = [proven.merging, proven.cutting].map((change) => change.toExponential(1));
  const advice = proven.merging > MERGED ? ' They had not become equal yet: train longer, or pull harder.' : '';
  journal.note(`Merging filters changed logits by at most ${merging}, cutting them by ${cutting}.${advice}`);
  return proven;
}

export async function truncateStage(work: Work, place: StageOf<'truncate'>): Promise<void> {
  const report = shareReporter(work, place);
  const { stage } = place;
  nameMethod(work, stage.method);
  const plan = await decideRanks(work, stage.filters === true ? await cutFilters(work, place) : place);
  if (plan.shortfall !== undefined) work.journal.note(plan.shortfall);
  report(0.3, 'Factoring');
  const factored = decomposeLayers(work.network, plan);
  const truncated = withTruncatedKernels(work.network, factored, plan);
  const proven = await onTurn(work, (_signal, executor) => prove(executor, truncated, factored, work.dataset));
  await commitReduction(work, place, proven, report);
}

async function commitReduction(
  work: Work,
  place: StagePlace,
  { network, maxAbsLogitDifference }: Proven,
  report: (share: number, note: string) => void,
): Promise<void> {
  const { journal } = work;
  work.network = network;
  work.scored = null;
  endActing(work);
  const largest = Math.max(journal.record().ledger.maxAbsLogitDifference ?? 0, maxAbsLogitDifference);
  journal.spend({ maxAbsLogitDifference: largest });
  journal.tell({ event: 'proof', maxAbsLogitDifference });
  await addCandidate(work, place, 'cut', (share, note) => report(0.4 + 0.6 * share, note));
  report(1, 'Cut and proven');
}

async function decideCut(work: Work, rules: CutRules, report: (share: number, note: string) => void): Promise<CutPlan> {
  const decided = await onTurn(work, async () => work.acting?.hooks.decideCut?.(rules));
  if (decided !== undefined) return decided;
  const { scored, network } = work;
  if (scored === null) {
    throw new MethodError('There are no importances to cut by: put a "score" stage before "prune".', 'score');
  }
  const sensitivity = rules.allocation === 'sensitivity' ? await scan(work, rules, scored, report) : undefined;
  return createPlanner({ graph: network.graph, ...scored, sensitivity })(rules);
}

function scan(
  work: Work,
  { reduction }: CutRules,
  scored: Scored,
  report: (share: number, note: string) => void,
): Promise<Sensitivity> {
  const { network, dataset } = work;
  return work.control.guard((signal) =>
    scanSensitivity({
      ...scored,
      network,
      reduction,
      signal,
      progress: (share, note) => report(0.3 * share, note),
      evaluate: async (candidate) => {
        await work.turn();
        const options = { signal, images: SCAN_IMAGES };
        return (await measure(work.engine.executor, candidate, dataset, 'validation', options)).score;
      },
    }),
  );
}

/** Cuts the filters of the layers that had better lose those. What is left of the budget is for the ranks of the others. */
async function cutFilters(work: Work, place: StageOf<'truncate'>): Promise<StageOf<'truncate'>> {
  const { stage } = place;
  const settings = checkSettings(methodById(stage.method).settings, stage.settings);
  const { network, dataset, journal } = work;
  const choice = await work.control.guard(async (signal) => {
    const spectra = await kernelSpectra({ network, settings, signal, progress: () => undefined });
    return filtersOrRanks(network, spectra, stage.budget, stage);
  });
  const proven = await onTurn(work, (_signal, executor) => provenCut(executor, network, choice.removed, dataset));
  work.network = proven.network;
  journal.note(
    choice.layers.length === 0
      ? 'Every layer loses less by a lower rank than by fewer filters.'
      : `Fewer filters instead of a lower rank: ${choice.layers.join(', ')}.`,
  );
  return { ...place, stage: { ...stage, budget: choice.budget, protect: [...stage.protect, ...choice.layers] } };
}

async function decideRanks(work: Work, { stage, index }: StageOf<'truncate'>): Promise<RankPlan> {
  const method = methodById(stage.method);
  const decide = (hooks: MethodHooks): Promise<RankPlan> => {
    if (hooks.decideRanks !== undefined) return hooks.decideRanks(stage.budget, stage);
    throw new MethodError(
      `${method.title} does not choose ranks. Choose a method that does, such as "svd".`,
      method.id,
    );
  };
  return onTurn(work, async (signal, executor) => {
    const { acting, network, dataset } = work;
    // Trained for it: the method knows its network. Any other begins on what is there.
    if (acting !== null && acting.method === method.id) return decide(acting.hooks);
    const begun = async (loaded?: LoadedNetwork): Promise<RankPlan> => {
      const hooks = await beginMethod(method, {
        network,
        dataset,
        loaded,
        settings: stage.settings,
        seed: stageSeed(work, index),
        signal,
        progress: () => undefined,
      });
      try {
        return await decide(hooks);
      } finally {
        hooks.dispose?.();
      }
    };
    return method.needs === 'weights' ? begun() : onDevice(executor, network, begun);
  });
}

/** `network` with the product of each pair's kernels in place of the kernel it came from: dense, of lower rank. */
function withTruncatedKernels(network: Network, factored: Network, { scheme, ranks }: RankPlan): Network {
  const tensors: Record<TensorName, Tensor> = { ...network.tensors };
  for (const layer of network.graph.layers) {
    if (layer.op !== 'conv' || ranks[layer.id] === undefined) continue;
    const name = layer.kernel.replace(/\.kernel$/, '');
    const first = factored.tensors[`${name}.0.kernel`];
    const second = factored.tensors[`${name}.1.kernel`];
    const dense = network.tensors[layer.kernel];
    if (first === undefined || second === undefined || dense === undefined) continue;
    tensors[layer.kernel] = { shape: dense.shape, values: product(dense.shape, first, second, scheme) };
  }
  return { ...network, tensors };
}

function product(shape: readonly number[], first: Tensor, second: Tensor, scheme: RankPlan['scheme']): Float32Array {
  const [kh = 1, kw = 1, inputs = 1, filters = 1] = shape;
  const rank = first.shape[3] ?? 1;
  const values = new Float32Array(kh * kw * inputs * filters);
  let at = 0;
  for (let y = 0; y < kh; y += 1) {
    for (let x = 0; x < kw; x += 1) {
      for (let input = 0; input < inputs; input += 1) {
        const row = (scheme === 'channel' ? (y * kw + x) * inputs + input : y * inputs + input) * rank;
        for (let filter = 0; filter < filters; filter += 1, at += 1) {
          let sum = 0;
          for (let k = 0; k < rank; k += 1) {
            const column = scheme === 'channel' ? k * filters : (x * rank + k) * filters;
            sum += (first.values[row + k] ?? 0) * (second.values[column + filter] ?? 0);
          }
          values[at] = sum;
        }
      }
    }
  }
  return values;
}

/** The method of a run is the first that scores, chooses ranks or acts in training. */
export function nameMethod({ journal }: Work, id: string): void {
  journal.spend({ method: journal.record().ledger.method ?? id });
}

/** Lets go of a method that acted in training, once its decision is made or overruled. */
export function endActing(work: Work): void {
  work.acting?.hooks.dispose?.();
  work.acting?.loaded.dispose();
  work.acting = null;
}
