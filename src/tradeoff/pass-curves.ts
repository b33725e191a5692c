/** Networks that look again on the chart: one point per look, joined, because a person may stop after any of them. */
import { unrolledPasses } from '../../workers/network/unrolled';
import type { DatasetView, PassFigures, RunId, RunSummary, SplitName } from '../../workers/protocol';
import type { Placed } from '../studio/accuracy-curve';
import { isAbout, isOpen, isOnData, methodOf, standsFor, targetOf } from '../studio/run-facts';
import type { OpenedNetwork } from '../studio/state';
import { methodStyle } from '../ui/method-style';
import type { TradePoint } from './points';

export interface PassCurve {
  /** Of a run; null = the open network, as the page measured it. */
  readonly run: RunId | null;
  readonly method: string | null;
  /** Of another network than the open one: what it is. */
  readonly title: string | null;
  /** After 1, 2, 3 ... looks; in %. */
  readonly points: readonly Placed[];
}

/** The curve of the open network from the figures of its looks, x in % of what it costs as it was built. */
export function curveOfOpen(
  network: Pick<OpenedNetwork, 'macs'>,
  measured: readonly PassFigures[] | null,
  method: string | null,
): PassCurve | null {
  if (measured === null || measured.length < 2) return null;
  const points = measured.map(({ macs, mIoU, accuracy }) => ({
    x: (macs / network.macs) * 100,
    y: (mIoU ?? accuracy) * 100,
  }));
  return { run: null, method, title: null, points };
}

/** Curves of measured runs whose networks have several passes. */
export function curvesOfRuns(points: readonly TradePoint[]): readonly PassCurve[] {
  return points.flatMap(({ run, method, candidate }) => {
    const { passes, macs, share } = candidate;
    if (passes === undefined || passes.length < 2) return [];
    const placed = passes.map((pass) => ({ x: (pass.macs / macs) * share * 100, y: pass.accuracy * 100 }));
    return [{ run, method, title: null, points: placed }];
  });
}

/**
 * Where a network that looks again is open: all other networks that runs made on the same data, with one look or several,
 * whole or made smaller, so that one chart tells what looking again is worth. x in % of what the open network costs.
 */
export function curvesOfOthers(
  runs: readonly RunSummary[],
  network: Pick<OpenedNetwork, 'view' | 'macs'>,
  dataset: Pick<DatasetView, 'source'> | null,
  split: SplitName,
): readonly PassCurve[] {
  if (dataset === null || unrolledPasses(network.view.graph) === null) return [];
  return runs.flatMap((run) => {
    const candidate = standsFor(run);
    if (isOpen(run) || !isOnData(run, dataset) || isAbout(run, network.view, dataset)) return [];
    if (candidate === null || candidate.accuracy === null || candidate.split !== split) return [];
    const { passes, macs, accuracy } = candidate;
    const points = (passes ?? [{ macs, accuracy }]).map((pass) => ({
      x: (pass.macs / network.macs) * 100,
      y: pass.accuracy * 100,
    }));
    return [{ run: run.run, points, ...nameOf(run) }];
  });
}

/** "C-SGD 60" of a network made smaller; of one that was trained what it is: "deep, 1 look". */
function nameOf({ name, recipe }: RunSummary): { readonly method: string | null; readonly title: string } {
  const [method, target] = [methodOf(recipe), targetOf(recipe)];
  if (method !== null && target !== null) {
    return { method, title: `${methodStyle(method).short}\u00a0${Math.round(target * 100)}` };
  }
  const { network } = recipe;
  if (network.source !== 'gated') return { method, title: name };
  const { backbone, passes = 1, routing } = network;
  if (passes === 1) return { method, title: `${backbone}, 1 look` };
  return { method: method ?? (routing === 'top' ? 'rignet' : 'dignet'), title: `${backbone}, ${passes} looks` };
}
