/** The figures of docs/results.md, from stored results alone: which table has one, and what it shows. */
import type { TopLevelSpec } from 'vega-lite';
import { drawn, seriesScales } from './figure-style';
import { byNetwork, testedPasses } from './gating-rows.mjs';

/** A row of `result-tables.mjs`, as far as figures read it. */
export interface Row {
  readonly key: string;
  readonly label: string;
  readonly passes?: number;
  readonly recipe: { readonly measureOn?: string; readonly network: { readonly id?: string } };
}

/** What `run --json` printed, as far as figures read it. */
export interface Result {
  readonly macs: { readonly kept: number; readonly original: number; readonly share: number };
  readonly parameters: { readonly kept: number };
  readonly accuracy: Readonly<Record<'original' | 'cut' | 'recalibrated' | 'final', number | null>>;
  readonly trainingSteps: number;
  readonly evaluations: readonly Evaluation[];
}

interface Evaluation {
  readonly split: string;
  readonly accuracy: number;
  readonly passes?: readonly { readonly macs: number; readonly accuracy: number; readonly mIoU?: number | null }[];
}

export type Results = ReadonlyMap<string, { readonly result: Result }>;

/** What a table's figure is. A table without one has no figure. */
export type FigureKind =
  /** Multiply-adds kept against accuracy on the test images. `whole`: the share of the network before any cut. */
  | { readonly kind: 'budgets'; readonly whole?: number }
  /** The same of split layers, a panel for each scheme. */
  | { readonly kind: 'ranks' }
  /** Multiply-adds against accuracy: a wide network, the same squeezed, and the narrow one trained directly. */
  | { readonly kind: 'squeeze' }
  /** Multiply-adds against mIoU or accuracy, a curve over the passes of every gated network. */
  | { readonly kind: 'passes' };

const size = { width: 470, height: 300 };
const panelSize = { width: 230, height: 290 };

/** SVG text of a table's figure, or null where nothing has been measured. */
export async function figure(kind: FigureKind, rows: readonly Row[], results: Results): Promise<string | null> {
  const specification = specificationOf(kind, rows, results);
  return specification === null ? null : drawn(specification);
}

function specificationOf(kind: FigureKind, rows: readonly Row[], results: Results): TopLevelSpec | null {
  const measured = rows.filter(({ key }) => results.has(key));
  if (measured.length === 0) return null;
  switch (kind.kind) {
    case 'budgets':
      return budgets(measured, results, { whole: kind.whole, schemes: false });
    case 'ranks':
      return budgets(measured, results, { whole: undefined, schemes: true });
    case 'squeeze':
      return squeeze(results);
    case 'passes':
      return passes(measured, results);
  }
}

interface Point {
  readonly series: string;
  readonly x: number;
  /** Mean, least and most over seeds. */
  readonly y: number;
  readonly least: number;
  readonly most: number;
  readonly panel?: string;
}

function spread(values: readonly number[]): Pick<Point, 'y' | 'least' | 'most'> {
  return { y: mean(values), least: Math.min(...values), most: Math.max(...values) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function tested({ evaluations }: Result): number {
  const found = evaluations.findLast(({ split }) => split === 'test');
  if (found === undefined) throw new Error('A stored result was never measured on test images.');
  return 100 * found.accuracy;
}

const schemeOf = { channel: 'split by channel', spatial: 'split spatially' };

/** A row of several seeds and budgets belongs to the series of its label; TRP's schemes are panels of their own. */
function budgets(
  rows: readonly Row[],
  results: Results,
  { whole, schemes }: { readonly whole: number | undefined; readonly schemes: boolean },
): TopLevelSpec {
  const groups = new Map<string, { series: string; panel: string | undefined; found: Result[] }>();
  for (const { key, label } of rows) {
    const entry = results.get(key);
    if (entry === undefined) continue;
    const plain = label.replace(/, seed \d+$/, '');
    const scheme = schemes ? /, (channel|spatial)$/.exec(plain)?.[1] : undefined;
    const series = scheme === undefined ? plain : plain.slice(0, -scheme.length - 2);
    const panel = scheme === undefined ? undefined : schemeOf[scheme as keyof typeof schemeOf];
    const asked = /-\d+$/.exec(key)?.[0] ?? '';
    const id = `${series} ${panel} ${asked}`;
    const group = groups.get(id) ?? { series, panel, found: [] };
    group.found.push(entry.result);
    groups.set(id, group);
  }
  const points = [...groups.values()].map(({ series, panel, found }): Point => ({
    series,
    x: mean(found.map(({ macs }) => 100 * macs.share)),
    ...spread(found.map(tested)),
    ...(panel === undefined ? {} : { panel }),
  }));
  return chart({
    points: asunder(points),
    lone: new Set(),
    xTitle: 'multiply-adds kept, %',
    yTitle: 'accuracy on test images, %',
    ...(whole === undefined
      ? {}
      : { reference: { y: 100 * whole, text: `whole network, ${Number((100 * whole).toFixed(2))}` } }),
  });
}

/** In per cent of multiply-adds: whiskers at one width would cover one another, so they stand this far apart. */
const STEP_ASIDE = 0.4;

function asunder(points: readonly Point[]): readonly Point[] {
  if (points.every(({ least, most }) => least === most)) return points;
  const names = [...new Set(points.map(({ series }) => series))];
  return points.map((point) => ({
    ...point,
    x: point.x + STEP_ASIDE * (names.indexOf(point.series) - (names.length - 1) / 2),
  }));
}

/** Results say how a network was when it began to be squeezed, before the cut and after it. */
function squeeze(results: Results): TopLevelSpec | null {
  const squeezed = results.get('squeezed')?.result;
  const direct = results.get('direct')?.result;
  if (squeezed === undefined || direct === undefined || squeezed.accuracy.original === null) return null;
  const before = squeezed.evaluations.find(({ split }) => split === 'test');
  if (before === undefined) return null;
  const at = (macs: number, accuracy: number) => {
    const y = 100 * accuracy;
    return { x: macs / 1e6, y, least: y, most: y };
  };
  const wide = at(squeezed.macs.original, squeezed.accuracy.original);
  const drawnTogether = at(squeezed.macs.original, before.accuracy);
  const cut = at(squeezed.macs.kept, tested(squeezed) / 100);
  const narrow = at(direct.macs.kept, tested(direct) / 100);
  return chart({
    points: [
      { series: 'wide, then squeezed', ...wide },
      { series: 'wide, then squeezed', ...drawnTogether },
      { series: 'wide, then squeezed', ...cut },
      { series: 'trained directly', ...narrow },
    ],
    lone: new Set(['trained directly']),
    xTitle: 'multiply-adds, millions',
    yTitle: 'accuracy on test images, %',
    xFromZero: true,
    notes: [
      { ...wide, text: 'trained wide' },
      { ...drawnTogether, text: 'filters pulled together' },
      { ...cut, text: 'cut, nothing after it' },
    ],
  });
}

/** Networks trained for unlike numbers of passes stand in panels of their own, beside all that look once. */
function passes(rows: readonly Row[], results: Results): TopLevelSpec {
  const groups = (byNetwork(rows, results) as Row[][]).map((some) => {
    const found = some.flatMap(({ key }) => results.get(key)?.result ?? []);
    return { label: some[0]?.label ?? '', trained: some[0]?.passes ?? 1, tested: found.map(testedOnce) };
  });
  const trainedFor = [...new Set(groups.map(({ trained }) => trained))]
    .filter((count) => count > 1)
    .toSorted((one, other) => one - other);
  const several = trainedFor.length > 1;
  const points = groups.flatMap(({ label, trained, tested: perSeed }) =>
    trainedFor
      .filter((count) => trained === 1 || trained === count)
      .flatMap((count) =>
        (perSeed[0] ?? []).map(({ macs }, pass): Point => {
          const values = perSeed.flatMap((seed) => seed[pass]?.score ?? []);
          const panel = several ? { panel: `${count} passes` } : {};
          return { series: label, x: macs / 1e6, ...spread(values), ...panel };
        }),
      ),
  );
  const isMIoU = [...results.values()].some(({ result }) => result.evaluations.some(hasMIoU));
  return chart({
    points,
    lone: new Set(groups.filter(({ trained }) => trained === 1).map(({ label }) => label)),
    xTitle: 'multiply-adds up to the pass, millions',
    yTitle: `${isMIoU ? 'mIoU' : 'accuracy'} on test images, %`,
    xFromZero: true,
  });
}

function hasMIoU({ passes: some }: Evaluation): boolean {
  return typeof some?.[0]?.mIoU === 'number';
}

function testedOnce(result: Result): readonly { readonly macs: number; readonly score: number }[] {
  const found = testedPasses(result) as NonNullable<Evaluation['passes']>;
  return found.map(({ macs, mIoU, accuracy }) => ({ macs, score: 100 * (mIoU ?? accuracy) }));
}

interface Chart {
  readonly points: readonly Point[];
  /** Series that are points without a line. */
  readonly lone: ReadonlySet<string>;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly xFromZero?: boolean;
  readonly reference?: { readonly y: number; readonly text: string };
  /** Names of single points, right below them. */
  readonly notes?: readonly { readonly x: number; readonly y: number; readonly text: string }[];
}

/** Points joined in the order given, whiskers from the least seed to the most, side by side where there are panels. */
function chart({ points, lone, xTitle, yTitle, xFromZero = false, reference, notes = [] }: Chart): TopLevelSpec {
  const panels = [...new Set(points.flatMap(({ panel }) => panel ?? []))];
  const drawnPoints = [...points, ...(reference === undefined ? [] : across(points, reference))];
  const names = [...new Set(drawnPoints.map(({ series }) => series))];
  const { colour, mark, dash } = seriesScales(names, { lone, reference: reference?.text });
  const values = drawnPoints.map((point, order) => ({ ...point, order, lone: lone.has(point.series) }));
  const most = Math.max(...points.map((point) => point.x));
  const scaleX = xFromZero ? { domain: [0, 1.04 * most], nice: true } : { zero: false, nice: true, padding: 14 };
  const x = { field: 'x', type: 'quantitative', title: xTitle, scale: scaleX };
  const y = { field: 'y', type: 'quantitative', title: yTitle, scale: { zero: false, nice: true, padding: 10 } };
  const series = { field: 'series', type: 'nominal', sort: null };
  const color = { ...series, scale: colour };
  const layer = [
    {
      transform: [{ filter: 'datum.most > datum.least' }],
      mark: { type: 'rule', strokeWidth: 1.6, opacity: 0.6 },
      encoding: { x, y: { ...y, field: 'least' }, y2: { field: 'most' }, color },
    },
    {
      transform: [{ filter: '!datum.lone' }],
      mark: { type: 'line', strokeWidth: 1.8 },
      encoding: {
        x,
        y,
        color,
        strokeDash: { ...series, scale: dash },
        order: { field: 'order', type: 'quantitative' },
      },
    },
    {
      mark: { type: 'point', filled: true, size: 90, opacity: 1 },
      encoding: { x, y, color, shape: { ...series, scale: mark } },
    },
    ...notes.map(({ text, ...at }) => ({
      data: { values: [at] },
      mark: { type: 'text', text, dx: -8, dy: 16, align: 'right' },
      encoding: { x, y },
    })),
  ];
  const alone = panels.length === 0;
  const specification: unknown = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    data: { values },
    ...(alone
      ? { ...size, layer }
      : { facet: { column: { field: 'panel', type: 'nominal', sort: panels } }, spec: { ...panelSize, layer } }),
    config: { legend: alone ? { orient: 'right' } : { orient: 'bottom', columns: 3 } },
  };
  return specification as TopLevelSpec;
}

/** From the least to the most of the points' multiply-adds. */
function across(points: readonly Point[], { y, text }: NonNullable<Chart['reference']>): readonly Point[] {
  const all = points.map(({ x }) => x);
  return [Math.min(...all), Math.max(...all)].map((x) => ({ series: text, x, y, least: y, most: y }));
}
