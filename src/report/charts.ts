/** The charts of a report as SVG text: still, in the colours of the page they stand in. */
import type { MetricPoint, RunSummary } from '../../workers/protocol';
import { methodOf } from '../studio/run-facts';
import { axisAround, axisFromZero, type Axis } from '../ui/axis';
import { isStroked, markPath, methodStyle } from '../ui/method-style';
import { escaped } from './escaped';

const [width, height] = [720, 300];
const area = { left: 44, right: 700, top: 16, bottom: 258 } as const;

interface Scale {
  readonly low: number;
  readonly high: number;
}

const xOf = (value: number, { low, high }: Scale): number =>
  area.left + ((value - low) / Math.max(1e-9, high - low)) * (area.right - area.left);
const yOf = (value: number, { low, high }: Scale): number =>
  area.bottom - ((value - low) / Math.max(1e-9, high - low)) * (area.bottom - area.top);

/** Colours of methods on either paper. */
const hues: Readonly<Record<string, string>> = {
  '--dagger': '#4a86c4',
  '--csgd': '#b07c10',
  '--trp': '#c2553a',
  '--gating': '#a05f99',
};

/** Share of the multiply-adds kept, in %, against accuracy, in %, of every measured network. */
export function tradeOffChart(runs: readonly RunSummary[]): string {
  const marks = runs.flatMap((run) =>
    run.candidates.flatMap(({ accuracy, share, kind }) =>
      accuracy === null
        ? []
        : [{ x: share * 100, y: accuracy * 100, kind, method: methodOf(run.recipe), name: run.name }],
    ),
  );
  if (marks.length === 0) return '<p>Nothing was measured.</p>';
  const cost: Axis = { low: 0, high: Math.max(100, ...marks.map(({ x }) => x)), ticks: [0, 20, 40, 60, 80, 100] };
  const accuracy = axisAround(
    marks.map(({ y }) => y),
    4,
  );
  const drawn = marks.map(({ x, y, kind, method, name }) => {
    const { shape, hue } = methodStyle(kind === 'original' ? null : method);
    const colour = hues[hue] ?? 'var(--ink)';
    const isFinal = kind === 'final' || kind === 'original';
    const paint =
      isStroked(shape) || !isFinal ? `fill="none" stroke="${colour}" stroke-width="1.5"` : `fill="${colour}"`;
    const said = `${name}, ${kind}: ${x.toFixed(1)} % kept, ${y.toFixed(1)} %`;
    return `<path transform="translate(${xOf(x, cost).toFixed(1)} ${yOf(y, accuracy).toFixed(1)})" d="${markPath(shape, 5)}" ${paint}><title>${escaped(said)}</title></path>`;
  });
  return framed(
    'Compute kept against accuracy',
    cost,
    accuracy,
    drawn.join(''),
    '% of the original multiply-adds kept',
    'accuracy, %',
  );
}

/** Loss of the last training stage over its steps; crosses: accuracy on the validation split. */
export function lossChart(points: readonly MetricPoint[]): string {
  const last = points.at(-1)?.stage;
  const mine = points.filter(({ stage }) => stage === last);
  const training = mine.filter(({ split, loss }) => split === null && Number.isFinite(loss));
  if (training.length === 0) return '<p>Nothing was trained.</p>';
  const steps = {
    low: 0,
    high: Math.max(...training.map(({ step }) => step)),
    ticks: [0, Math.max(...training.map(({ step }) => step))],
  };
  const loss = axisFromZero(Math.max(...training.map((point) => point.loss)));
  const line = training
    .map((point) => `${xOf(point.step, steps).toFixed(1)} ${yOf(point.loss, loss).toFixed(1)}`)
    .join('L');
  const measured = mine.flatMap(({ split, step, accuracy }) =>
    split === null || accuracy === null
      ? []
      : [
          `<text x="${Math.min(area.right - 40, xOf(step, steps)).toFixed(1)}" y="${area.top + 10}">${(accuracy * 100).toFixed(1)} %</text>`,
        ],
  );
  const drawn = `<path d="M${line}" fill="none" stroke="var(--green)" stroke-width="1.4"/>${measured.slice(-12).join('')}`;
  return framed('Training loss', steps, loss, drawn, 'step', 'training loss; above: validation accuracy');
}

function framed(label: string, x: Axis, y: Axis, drawn: string, xTitle: string, yTitle: string): string {
  const rows = y.ticks.map(
    (tick) =>
      `<path d="M${area.left} ${yOf(tick, y).toFixed(1)}H${area.right}" stroke="var(--line)"/><text x="${area.left - 6}" y="${(yOf(tick, y) + 4).toFixed(1)}" text-anchor="end">${tick}</text>`,
  );
  const columns = x.ticks.map(
    (tick) => `<text x="${xOf(tick, x).toFixed(1)}" y="${area.bottom + 16}" text-anchor="middle">${tick}</text>`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(label)}">${rows.join('')}${columns.join('')}<path d="M${area.left} ${area.bottom}H${area.right}" stroke="var(--soft)"/><text x="${area.left}" y="10">${escaped(yTitle)}</text><text x="${area.right}" y="${area.bottom + 34}" text-anchor="end">${escaped(xTitle)}</text>${drawn}</svg>`;
}
