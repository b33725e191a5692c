/**
 * A report of chosen runs: one HTML page that opens anywhere, offline, without scripts, in a style of its own. Every
 * figure is unrounded enough to be checked, and every run carries the recipe that makes it again.
 */
import type { Candidate, MetricPoint, Recipe, RunSummary } from '../../workers/protocol';
import { methodOf, originalOf, standsFor, targetOf } from '../studio/run-facts';
import { formatAccuracy, formatChange, formatCount, formatDuration, formatInteger, formatPercent } from '../ui/format';
import { methodStyle } from '../ui/method-style';
import { lossChart, tradeOffChart } from './charts';
import { escaped } from './escaped';

export interface ReportRun {
  readonly run: RunSummary;
  readonly points: readonly MetricPoint[];
}

/** The page as text. `made` is the moment it was made, `address` where the studio that made it was. */
export function reportHtml(runs: readonly ReportRun[], made: Date, address: string): string {
  const summaries = runs.map(({ run }) => run);
  const title = `Espalier: ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>Made ${escaped(made.toISOString().slice(0, 16).replace('T', ' '))} UTC with Espalier (${escaped(address)}). Multiply-adds count one
multiplication and one addition; papers print the same number as FLOPs. Accuracies are those the runs measured.</p>
<h2>Compute kept against accuracy</h2>
<figure>${tradeOffChart(summaries)}<figcaption>Each mark is one network of a run. The same numbers stand in the table.</figcaption></figure>
${overview(summaries)}
${runs.map(section).join('\n')}
</main>
</body>
</html>
`;
}

function overview(runs: readonly RunSummary[]): string {
  const head = [
    'Run',
    'Method',
    'Asked',
    'Kept',
    'Multiply-adds',
    'Weights',
    'Original',
    'At the cut',
    'At the end',
    'Change',
  ];
  const lines = runs.map((run) => {
    const last = standsFor(run);
    const original = originalOf(run)?.accuracy ?? null;
    const cut = run.candidates.find(({ kind }) => kind === 'cut')?.accuracy ?? null;
    const target = targetOf(run.recipe);
    const method = methodOf(run.recipe);
    const change =
      original === null || last === null || last.accuracy === null ? '' : formatChange(last.accuracy - original);
    return [
      `<a href="#${anchor(run)}">${escaped(run.name)}</a>`,
      method === null ? '' : escaped(methodStyle(method).title),
      target === null ? '' : formatPercent(target),
      last === null ? '' : formatPercent(last.share, 1),
      last === null ? '' : formatCount(last.macs),
      last === null ? '' : formatInteger(last.parameters),
      accuracy(original),
      accuracy(cut),
      accuracy(last?.accuracy ?? null),
      change,
    ];
  });
  return table(head, lines, 'Runs of this report');
}

function section({ run, points }: ReportRun): string {
  const { result } = run;
  const facts: readonly (readonly [string, string])[] = [
    ['Network', sourceText(run.recipe)],
    ['Seed', String(run.recipe.seed)],
    ['State', run.state],
    ['Origin', run.origin === 'here' ? 'carried out in this browser' : run.origin],
    ...(result === null
      ? []
      : ([
          ['Device', result.device],
          ['Time', formatDuration(result.seconds)],
          ['Training steps', formatInteger(result.trainingSteps)],
          ['Test set read', `${result.testUses} ${result.testUses === 1 ? 'time' : 'times'}`],
          [
            'Largest change of a logit by the cut',
            result.proof.maxAbsLogitDifference?.toExponential(1) ?? 'not measured',
          ],
        ] as const)),
  ];
  return `<section id="${anchor(run)}">
<h2>${escaped(run.name)}</h2>
<dl>${facts.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join('')}</dl>
${table(['Network', 'Kept', 'Multiply-adds', 'Weights', 'Accuracy', 'Measured on'], run.candidates.map(candidateLine), `Networks of ${run.name}`)}
${points.length === 0 ? '' : `<figure>${lossChart(points)}<figcaption>Training loss, and validation accuracy where it was measured.</figcaption></figure>`}
<details><summary>Recipe</summary><pre>${escaped(JSON.stringify(run.recipe, undefined, 2))}</pre></details>
</section>`;
}

const kindNames: Readonly<Record<Candidate['kind'], string>> = {
  original: 'original',
  cut: 'right after the cut',
  recalibrated: 'recalibrated',
  reconstructed: 'reconstructed',
  trained: 'trained',
  final: 'at the end',
  checkpoint: 'stopped',
};

function candidateLine({
  kind,
  share,
  macs,
  parameters,
  accuracy: value,
  images,
  split,
}: Candidate): readonly string[] {
  return [
    kindNames[kind],
    formatPercent(share, 1),
    formatInteger(macs),
    formatInteger(parameters),
    value === null ? 'not measured' : formatPercent(value, 2),
    value === null ? '' : `${formatInteger(images)} ${split} images`,
  ];
}

/** `lines` hold markup that is already safe. */
function table(head: readonly string[], lines: readonly (readonly string[])[], caption: string): string {
  const cells = (line: readonly string[]): string =>
    line.map((cell, at) => (at === 0 ? `<th scope="row">${cell}</th>` : `<td>${cell}</td>`)).join('');
  return `<table><caption>${escaped(caption)}</caption>
<thead><tr>${head.map((name) => `<th scope="col">${escaped(name)}</th>`).join('')}</tr></thead>
<tbody>${lines.map((line) => `<tr>${cells(line)}</tr>`).join('\n')}</tbody></table>`;
}

function sourceText({ network, data }: Recipe): string {
  const name =
    network.source === 'shipped'
      ? network.id
      : network.source === 'zoo'
        ? network.architecture
        : network.source === 'file'
          ? network.name
          : 'a network of an earlier run';
  return `${name} on ${data.source}`;
}

function accuracy(value: number | null): string {
  return value === null ? '' : formatAccuracy(value);
}

function anchor({ run }: RunSummary): string {
  return escaped(`run-${run.replaceAll(/[^\w-]/g, '-')}`);
}

/** Of its own: paper and ink, and nothing to load. */
const style = `
:root { color-scheme: light dark; --paper: #f8f5ee; --ink: #24221d; --soft: #68624f; --line: #dcd5c6; --green: #2c6a3c; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1a17; --ink: #ece6d9; --soft: #a09885; --line: #3a372f; --green: #8fc792; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 14px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 960px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 22px; } h2 { font-size: 17px; margin-top: 32px; }
a { color: var(--green); }
table { border-collapse: collapse; width: 100%; font-size: 12px; margin: 12px 0; display: block; overflow-x: auto; }
caption { text-align: left; color: var(--soft); padding-bottom: 4px; }
th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); text-align: right; font-weight: 400; white-space: nowrap; }
th:first-child { text-align: left; }
figure { margin: 12px 0; } figcaption { font-size: 12px; color: var(--soft); }
svg { max-width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 4px 24px; font-size: 12px; }
dl div { display: flex; justify-content: space-between; gap: 12px; } dt { color: var(--soft); } dd { margin: 0; text-align: right; }
pre { font-size: 11px; overflow-x: auto; }
@media print { details { display: none; } }
`;
