/** Networks that look again on the chart: one point per look, joined, because a person may stop after any of them. */
import type { PassFigures, RunId } from '../../workers/protocol';
import type { Placed } from '../studio/accuracy-curve';
import type { OpenedNetwork } from '../studio/state';
import type { TradePoint } from './points';

export interface PassCurve {
  /** Of a run; null = the open network, as the page measured it. */
  readonly run: RunId | null;
  readonly method: string | null;
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
  return { run: null, method, points };
}

/** Curves of measured runs whose networks have several passes. */
export function curvesOfRuns(points: readonly TradePoint[]): readonly PassCurve[] {
  return points.flatMap(({ run, method, candidate }) => {
    const { passes, macs, share } = candidate;
    if (passes === undefined || passes.length < 2) return [];
    const placed = passes.map((pass) => ({ x: (pass.macs / macs) * share * 100, y: pass.accuracy * 100 }));
    return [{ run, method, points: placed }];
  });
}
