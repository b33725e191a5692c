/**
 * Axes of the trade-off chart and the arithmetic between data and pixels.
 *
 * The plot area is fixed by the panel's size alone, so that the overlay that follows the pointer can be placed without
 * asking the chart library.
 */
import { along, clamp, niceStep, ticksBetween, type Axis } from '../ui/axis';

/** In pixels from the panel's top left corner. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Room for y labels, for the end of the x axis, for the budget handle, for x labels and the title. */
export const MARGIN = { left: 34, right: 8, top: 22, bottom: 34 } as const;

const COST_LOW = 20;
const COST_HIGH = 104;
/** Share of the span left free under the lowest and over the highest point. */
const ROOM_BELOW = 0.1;
const ROOM_ABOVE = 0.14;
/** An accuracy axis never shows less than this many points: noise is not a trend. */
const LEAST_SPAN = 2;
/** Span where only one point is known. */
const LONE_SPAN = 10;

export function plotArea(width: number, height: number): PlotArea {
  const { left, right, top, bottom } = MARGIN;
  return { left, right: Math.max(left + 1, width - right), top, bottom: Math.max(top + 1, height - bottom) };
}

/** % of multiply-adds: 20 to 104, wider when a point or the budget lies outside. */
export function costAxis(shown: readonly number[]): Axis {
  const least = Math.min(100, ...shown);
  const most = Math.max(100, ...shown);
  // A budget at the very edge could not be dragged further down.
  const low = least <= COST_LOW ? Math.max(0, Math.floor((least - 0.1) / 10) * 10) : COST_LOW;
  const high = most > 100 ? Math.ceil(most / 20) * 20 + 4 : COST_HIGH;
  return { low, high, ticks: ticksBetween(low, high, high - low > 110 ? 40 : 20) };
}

/**
 * Accuracy axis in %: the floor is the tick under the front's lowest point, so that the front fills the height.
 * What lies under the floor is the caller's to write at the foot. `front` may be empty.
 */
export function accuracyAxis(front: readonly number[], original: number | null): Axis {
  const shown = original === null ? front : [...front, original];
  if (shown.length === 0) return { low: 0, high: 100, ticks: [0, 20, 40, 60, 80, 100] };
  const lowest = Math.min(...shown);
  const highest = Math.max(...shown);
  const span = highest === lowest ? LONE_SPAN : Math.max(highest - lowest, LEAST_SPAN);
  const base = highest === lowest ? highest - LONE_SPAN : lowest;
  const step = niceStep(span / 3.5);
  const low = Math.max(0, Math.floor((base - span * ROOM_BELOW) / step) * step);
  const high = highest + (highest - low) * ROOM_ABOVE;
  return { low, high, ticks: ticksBetween(low, Math.min(high, 100), step) };
}

/** Data to pixels along x. */
export function xOf(value: number, axis: Axis, area: PlotArea): number {
  return area.left + along(value, axis.low, axis.high) * (area.right - area.left);
}

/** Data to pixels along y (upwards). */
export function yOf(value: number, axis: Axis, area: PlotArea): number {
  return area.bottom - along(value, axis.low, axis.high) * (area.bottom - area.top);
}

/** Room between an edge of the plot and a mark that lies beyond it: for an arrow. */
const BEYOND = 13;
/** What a mark near the ceiling keeps clear of: the number of the budget line stands over it. */
const UNDER_FLAG = 7;

/** Where a mark stands along y, and beyond which edge it lies. */
export interface Height {
  readonly y: number;
  readonly isBelow: boolean;
  readonly isAbove: boolean;
}

/** As `yOf`, but a mark never leaves the plot: beyond its floor or its ceiling it stands at that edge. */
export function heightOf(value: number, axis: Axis, area: PlotArea): Height {
  const isBelow = value < axis.low;
  const isAbove = value > axis.high;
  const y = isBelow ? area.bottom - BEYOND : isAbove ? area.top + BEYOND : yOf(value, axis, area);
  return { y: Math.max(y, area.top + UNDER_FLAG), isBelow, isAbove };
}

/** Pixels to a budget: share of 1 in steps of 0.1 %, within `limits`. */
export function budgetAt(pixel: number, axis: Axis, area: PlotArea, limits: readonly [number, number]): number {
  const value = axis.low + along(pixel, area.left, area.right) * (axis.high - axis.low);
  return clamp(Math.round(value * 10) / 1000, limits[0], limits[1]);
}
