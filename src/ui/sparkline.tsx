/** A small line plot for live data: a few series over one x axis, drawn on a canvas. */
import { useCallback } from 'react';
import { along, clamp, type Axis } from './axis';
import { Drawing, type Surface } from './drawing';
import type { Token } from './palette';

export interface SparklineSeries {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly tone: Token;
  /** Line width; 1.6 unless told. */
  readonly weight?: number;
  readonly opacity?: number;
  /** A dot on the last point: where it stands now. */
  readonly endDot?: boolean;
}

interface SparklineProps {
  readonly label: string;
  readonly series: readonly SparklineSeries[];
  /** Right end of the x axis, which starts at 0. */
  readonly xEnd: number;
  readonly xTicks: readonly { readonly at: number; readonly text: string }[];
  readonly yAxis: Axis;
  /** A dotted horizontal, such as the accuracy of the original. */
  readonly reference?: number | null;
}

const LEFT = 30;
const RIGHT = 4;
const TOP = 5;
const BOTTOM = 15;

export function Sparkline({ label, series, xEnd, xTicks, yAxis, reference = null }: SparklineProps) {
  const draw = useCallback(
    (surface: Surface) => paint(surface, { series, xEnd, xTicks, yAxis, reference }),
    [series, xEnd, xTicks, yAxis, reference],
  );
  return <Drawing label={label} draw={draw} />;
}

function paint(
  { context, width, height, palette: { colour } }: Surface,
  { series, xEnd, xTicks, yAxis, reference }: Required<Omit<SparklineProps, 'label'>>,
): void {
  const xOf = (x: number): number => LEFT + along(x, 0, xEnd) * (width - LEFT - RIGHT);
  const yOf = (y: number): number =>
    height - BOTTOM - along(clamp(y, yAxis.low, yAxis.high), yAxis.low, yAxis.high) * (height - BOTTOM - TOP);

  context.fillStyle = colour.ink3;
  context.lineWidth = 1;
  context.strokeStyle = colour.line;
  for (const tick of yAxis.ticks) {
    const y = Math.round(yOf(tick)) + 0.5;
    line(context, LEFT, y, width - RIGHT, y);
    context.textAlign = 'right';
    context.fillText(String(tick), LEFT - 5, y + 3.5);
  }
  for (const [at, tick] of xTicks.entries()) {
    const x = xOf(tick.at);
    context.textAlign = at === 0 ? 'left' : x > width - 20 ? 'right' : 'center';
    context.fillText(tick.text, at === 0 ? LEFT : x > width - 20 ? width - RIGHT : x, height - 2);
  }
  if (reference !== null && reference >= yAxis.low && reference <= yAxis.high) {
    context.strokeStyle = colour.ink3;
    context.setLineDash([1, 3]);
    line(context, LEFT, yOf(reference), width - RIGHT, yOf(reference));
    context.setLineDash([]);
  }
  for (const { points, tone, weight = 1.6, opacity = 1, endDot = false } of series) {
    context.globalAlpha = opacity;
    context.strokeStyle = colour[tone];
    context.fillStyle = colour[tone];
    context.lineWidth = weight;
    context.lineJoin = 'round';
    context.beginPath();
    for (const [at, { x, y }] of points.entries()) {
      if (at === 0) context.moveTo(xOf(x), yOf(y));
      else context.lineTo(xOf(x), yOf(y));
    }
    context.stroke();
    const last = points.at(-1);
    if (endDot && last !== undefined) {
      context.beginPath();
      context.arc(xOf(last.x), yOf(last.y), 3, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
