/** docs/results.md and its figures, from what is stored in docs/results/ alone. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { figure, type FigureKind, type Result, type Results, type Row } from './figures';
import { passLines } from './gating-rows.mjs';
import { tables } from './result-tables.mjs';

const folder = new URL('../docs/results/', import.meta.url).pathname;

interface Table {
  readonly title: string;
  readonly note: string;
  readonly rows: readonly TableRow[];
  /** One line for each pass instead of one for each row. */
  readonly passes?: boolean;
  /** The kind of its figure; tables of passes have theirs. */
  readonly figure?: FigureKind['kind'];
}

interface TableRow extends Row {
  readonly budget?: number;
}

/** Texts by their paths in docs/: the page, and the figures it shows. */
export async function resultsPage(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const sections: string[] = [part('intro.md')];
  for (const [id, table] of Object.entries(tables as Readonly<Record<string, Table>>)) {
    const results = stored(id);
    const kind = figureKind(table, results);
    const svg = kind === null ? null : await figure(kind, table.rows, results);
    if (svg !== null) files.set(`results/figures/${id}.svg`, svg);
    sections.push(section(id, table, results, svg === null ? '' : `![${table.title}](results/figures/${id}.svg)\n\n`));
  }
  files.set('results.md', [...sections, part('agreement.md')].filter(Boolean).join('\n'));
  return files;
}

function part(name: string): string {
  return existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
}

/** Stored results of a table by the keys of its rows. */
function stored(table: string): Results {
  const place = join(folder, table);
  if (!existsSync(place)) return new Map();
  const files = readdirSync(place).filter((name) => name.endsWith('.json'));
  return new Map(
    files.map((name) => [name.slice(0, -5), JSON.parse(readFileSync(join(place, name), 'utf8')) as { result: Result }]),
  );
}

function figureKind({ passes, figure: kind, rows }: Table, results: Results): FigureKind | null {
  if (passes === true) return { kind: 'passes' };
  if (kind !== 'budgets') return kind === undefined ? null : { kind };
  const first = rows.find(({ key }) => results.has(key));
  const whole = first === undefined ? null : wholeAccuracy(first, results);
  return { kind, ...(whole === null ? {} : { whole }) };
}

/** Accuracy on test images of the network a row begins with, or null where it was not measured on them. */
function wholeAccuracy({ key, recipe }: TableRow, results: Results): number | null {
  if (recipe.network.id !== undefined) {
    const shipped = stored('shipped').get(recipe.network.id)?.result;
    return shipped?.evaluations.findLast(({ split }) => split === 'test')?.accuracy ?? null;
  }
  return recipe.measureOn === 'test' ? (results.get(key)?.result.accuracy.original ?? null) : null;
}

function section(id: string, { title, note, rows, passes }: Table, results: Results, figureLine: string): string {
  const missing = rows.filter(({ key }) => !results.has(key)).length;
  const lines = passes === true ? passLines(rows, results) : stageLines(rows, results);
  if (lines === '') return '';
  const gap = missing > 0 ? `\n\n${missing} of ${rows.length} rows have not been measured yet.` : '';
  return `## ${title}\n\n${note}\n\nMade by \`node scripts/results.mjs ${id}\`; recipes and results: [\`results/${id}/\`](results/${id}).\n\n${figureLine}${lines}${gap}\n`;
}

/** One line for each row: its costs, and its accuracy stage by stage. */
function stageLines(rows: readonly TableRow[], results: Results): string {
  const head =
    '| method | asked | kept | multiply-adds | parameters | original | at the cut | recalibrated | fine-tuned | test | steps |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|';
  const lines = rows.flatMap(({ key, label, budget }) => {
    const entry = results.get(key);
    if (entry === undefined) return [];
    const { macs, parameters, accuracy, evaluations, trainingSteps } = entry.result;
    const cells = [
      label,
      percent(budget, 0),
      percent(macs.share, 1),
      macs.kept.toLocaleString('en'),
      parameters.kept.toLocaleString('en'),
      ...stages.map((stage) => percent(accuracy[stage], 2)),
      percent(evaluations.findLast(({ split }) => split === 'test')?.accuracy, 2),
      trainingSteps,
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  return lines.length === 0 ? '' : `${head}\n${lines.join('\n')}`;
}

const stages = ['original', 'cut', 'recalibrated', 'final'] as const;

function percent(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? '' : (100 * value).toFixed(digits);
}
