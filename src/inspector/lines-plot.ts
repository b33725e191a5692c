/** Lines over the epochs of a training, linear or logarithmic: what Gates and Clusters draw themselves with. */
import { ticksBetween, niceStep } from '../ui/axis';
import type { Surface } from '../ui/drawing';

export interface PlotLine {
  /** [epoch, value], oldest first. */
  readonly points: readonly (readonly [number, number])[];
  readonly colour: string;
  readonly width: number;
  readonly opacity: number;
  /** A dot on the last point. */
  readonly endDot?: boolean;
}

export interface LinesPlot {
  readonly epochs: number;
  readonly low: number;
  readonly high: number;
  readonly logarithmic: boolean;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  readonly title: string;
  readonly lines: readonly PlotLine[];
  /** Room at the right for words, in pixels. */
  readonly right: number;
}

export interface PlotFrame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly xOf: (epoch: number) => number;
  readonly yOf: (value: number) => number;
}

export function plotFrame(width: number, height: number, plot: LinesPlot): PlotFrame {
  const { epochs, low, high, logarithmic } = plot;
  const [left, top, bottom] = [36, 18, height - 30];
  const right = Math.max(left + 20, width - plot.right);
  const scale = (value: number): number => (logarithmic ? Math.log10(value) : value);
  const [from, to] = [scale(low), scale(high)];
  return {
    left,
    right,
    top,
    bottom,
    xOf: (epoch) => left + (epoch / (epochs || 1)) * (right - left),
    yOf: (value) => bottom - ((scale(Math.min(high, Math.max(low, value))) - from) / (to - from || 1)) * (bottom - top),
  };
}

/** Grid and axes; what a tab marks behind its lines comes between this and `paintLines`. */
export function paintFrame({ context, palette: { colour } }: Surface, frame: PlotFrame, plot: LinesPlot): void {
  const { left, right, bottom, xOf, yOf } = frame;
  context.fillStyle = colour.ink3;
  context.strokeStyle = colour.line;
  context.lineWidth = 1;
  context.textAlign = 'left';
  context.fillText(plot.title, 0, 10);
  context.textAlign = 'right';
  for (const { at, text } of plot.ticks) {
    const y = Math.round(yOf(at)) + 0.5;
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(right, y);
    context.stroke();
    if (text !== '') context.fillText(text, left - 6, y + 3.5);
  }
  const step = Math.max(niceStep(plot.epochs / 4.5), plot.epochs < 2 ? 0.1 : 1);
  context.textAlign = 'center';
  for (const epoch of ticksBetween(0, plot.epochs, step)) context.fillText(String(epoch), xOf(epoch), bottom + 16);
  context.textAlign = 'right';
  context.fillText('epoch', right, bottom + 28);
}

export function paintLines({ context }: Surface, { xOf, yOf }: PlotFrame, { lines }: LinesPlot): void {
  for (const { points, colour, width, opacity, endDot } of lines) {
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = width;
    context.lineJoin = 'round';
    context.globalAlpha = opacity;
    context.beginPath();
    for (const [epoch, value] of points) context.lineTo(xOf(epoch), yOf(value));
    context.stroke();
    const last = points.at(-1);
    // A line of one point would not be seen.
    if (last !== undefined && (endDot === true || points.length === 1)) {
      context.beginPath();
      context.arc(xOf(last[0]), yOf(last[1]), endDot === true ? 4 : 1.5, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }
}

/** A dotted vertical where the training stands. */
export function paintNow(
  { context, palette: { colour } }: Surface,
  { xOf, top, bottom, right }: PlotFrame,
  epoch: number,
): void {
  const x = Math.round(xOf(epoch)) + 0.5;
  context.strokeStyle = colour.ink2;
  context.lineWidth = 1;
  context.setLineDash([1, 3]);
  context.beginPath();
  context.moveTo(x, top);
  context.lineTo(x, bottom);
  context.stroke();
  context.setLineDash([]);
  const text = `now, epoch ${epoch < 10 ? epoch.toFixed(1) : Math.round(epoch)}`;
  const fits = x + 6 + context.measureText(text).width < right;
  context.fillStyle = colour.ink2;
  context.textAlign = fits ? 'left' : 'right';
  context.fillText(text, x + (fits ? 5 : -5), top + 10);
}
