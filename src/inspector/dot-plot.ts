/**
 * Importance of every filter of a layer as stacked dots on a logarithmic axis relative to the layer mean.
 *
 * Pure geometry; `distribution.tsx` draws it. Dots are binned from the cut line outwards, so that no stack straddles it.
 */
import type { ChannelIndex } from '../../workers/network/graph';
import { along, clamp } from '../ui/axis';

export interface Dot {
  readonly channel: ChannelIndex;
  readonly x: number;
  readonly y: number;
  readonly isCut: boolean;
}

export interface DotPlot {
  readonly dots: readonly Dot[];
  readonly radius: number;
  /** Where the cut runs, in pixels; null when nothing is cut or hand choices and ties leave no single line. */
  readonly cutX: number | null;
  readonly ticks: readonly { readonly x: number; readonly text: string }[];
  readonly cut: number;
  readonly kept: number;
}

/** The box the dots stand in, in pixels; `bottom` is the axis. */
export interface DotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 4, 10, 20, 50];
/** The axis never shows less than this, so that equal filters do not look different. */
const WIDE = [0.5, 2] as const;
const LEAST_RATIO = 0.01;
const BIN = 11;
/** Half the width of a tick's text. */
const TICK_HALF = 9;
const LARGEST_RADIUS = 4.8;
const SMALLEST_RADIUS = 1;
/** Air over the highest stack, where the counts are written. */
const HEADROOM = 30;

/**
 * Places one dot per filter. `importance` is what decided the cut, in any unit; `isCut` tells which filters go.
 * Values of 0 and below stand at the left end of the axis.
 */
export function dotPlot(
  importance: ArrayLike<number>,
  isCut: (channel: ChannelIndex) => boolean,
  area: DotArea,
): DotPlot {
  const values = Array.from(importance);
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const ratios = values.map((value) => (mean > 0 && value > 0 ? value / mean : 0));
  const positive = ratios.filter((ratio) => ratio > 0);
  const low = Math.max(LEAST_RATIO, Math.min(WIDE[0], Math.min(...positive) * 0.85));
  const high = Math.max(WIDE[1], Math.max(...positive) * 1.15);
  const xOf = (ratio: number): number =>
    area.left + along(Math.log(Math.max(ratio, low)), Math.log(low), Math.log(high)) * (area.right - area.left);

  const line = cutRatio(ratios, isCut);
  const cutX = line === null ? null : xOf(line);
  const bins = new Map<number, ChannelIndex[]>();
  const start = cutX ?? area.left;
  const order = ratios.map((ratio, channel) => ({ ratio, channel })).sort((a, b) => a.ratio - b.ratio);
  for (const { ratio, channel } of order) {
    const x = clamp(xOf(ratio), area.left + BIN / 2, area.right - BIN / 2);
    const bin = Math.floor((x - start) / BIN);
    bins.set(bin, [...(bins.get(bin) ?? []), channel]);
  }
  const tallest = Math.max(1, ...[...bins.values()].map((stack) => stack.length));
  const pitch = Math.min(LARGEST_RADIUS * 2 + 1.4, (area.bottom - area.top - HEADROOM) / tallest);
  const radius = Math.max(SMALLEST_RADIUS, pitch / 2 - 0.7);
  const dots = [...bins].flatMap(([bin, stack]) =>
    stack.map((channel, at) => ({
      channel,
      x: start + (bin + 0.5) * BIN,
      y: area.bottom - radius - 2 - at * pitch,
      isCut: isCut(channel),
    })),
  );
  const cut = values.filter((_, channel) => isCut(channel)).length;
  const ticks = TICKS.filter((tick) => tick >= low && tick <= high).map((tick) => ({ x: xOf(tick), text: `${tick}` }));
  return { dots, radius, cutX, ticks: spaced(ticks, area), cut, kept: values.length - cut };
}

/** Geometric mean of the strongest cut and the weakest kept filter, when the first is not above the second. */
function cutRatio(ratios: readonly number[], isCut: (channel: ChannelIndex) => boolean): number | null {
  let strongestCut = -Infinity;
  let weakestKept = Infinity;
  for (const [channel, ratio] of ratios.entries()) {
    if (isCut(channel)) strongestCut = Math.max(strongestCut, ratio);
    else weakestKept = Math.min(weakestKept, ratio);
  }
  if (strongestCut === -Infinity || weakestKept === Infinity || strongestCut > weakestKept) return null;
  return strongestCut > 0 ? Math.sqrt(strongestCut * weakestKept) : weakestKept / 2;
}

/** Drops ticks whose text would touch the one before or leave the area. */
function spaced(ticks: DotPlot['ticks'], { left, right }: DotArea): DotPlot['ticks'] {
  const kept: { readonly x: number; readonly text: string }[] = [];
  for (const tick of ticks) {
    if (tick.x < left + TICK_HALF || tick.x > right - TICK_HALF / 2) continue;
    const before = kept.at(-1);
    if (before === undefined || tick.x - before.x >= 24) kept.push(tick);
  }
  return kept;
}
