/**
 * Fills docs/results.md: carries out the recipes of a table one by one with `espalier run` and writes the rows.
 *
 *   node scripts/results.mjs TABLE [--network FILE] [--data PATH]     runs what is missing, then writes
 *       --only=SUFFIX      of the missing rows, those whose key ends so ("-50")
 *   node scripts/results.mjs                                          writes from the stored results alone
 *
 * Rows may start from one training: its network is kept in .cache/trained/TABLE/, so that it is carried out once.
 *
 * Every result is one JSON file in docs/results/TABLE/, holding the recipe and what `run --json` printed, so a table that
 * was interrupted goes on where it stopped, and a row is made anew by deleting its file.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './setup.mjs';
import { passLines } from './gating-rows.mjs';
import { tables } from './result-tables.mjs';

const folder = join(root, 'docs', 'results');

/** Carries out the training a row starts from, unless its network is there already; the path of the network file. */
function trainedNetwork(id, { key, recipe }, options) {
  const place = join(root, '.cache', 'trained', id, key);
  const find = () => readdirSync(place).find((name) => name.endsWith('.safetensors'));
  if (!existsSync(place) || find() === undefined) {
    mkdirSync(place, { recursive: true });
    console.error(`== ${recipe.name}`);
    runOne(recipe, join(place, 'result.json'), { ...options, out: place });
  }
  return join(place, find());
}

/** `beside` is stored with recipe and result. */
function runOne(recipe, target, { network, data, out }, beside = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'espalier-results-'));
  try {
    const file = join(scratch, 'recipe.json');
    writeFileSync(file, JSON.stringify(recipe));
    const parameters = ['bin/espalier.mjs', 'run', file, '--json', '--device', 'wasm'];
    if (network !== undefined && recipe.network.source === 'file') parameters.push('--network', network);
    if (data !== undefined && ['cifar10', 'voc'].includes(recipe.data.source)) parameters.push('--data', data);
    if (out !== undefined) parameters.push('--out', out);
    const done = spawnSync(process.execPath, parameters, { cwd: root, stdio: ['ignore', 'pipe', 2], encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`"${recipe.name}" failed.`);
    const result = JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '');
    writeFileSync(target, `${JSON.stringify({ ...beside, recipe, result }, null, 1)}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function stored(table) {
  const place = join(folder, table);
  if (!existsSync(place)) return new Map();
  const files = readdirSync(place).filter((name) => name.endsWith('.json'));
  return new Map(files.map((name) => [name.slice(0, -5), JSON.parse(readFileSync(join(place, name), 'utf8'))]));
}

function percent(value, digits) {
  return value === null ? '' : (100 * value).toFixed(digits);
}

function tableText(id) {
  const { title, note, rows, passes } = tables[id];
  const results = stored(id);
  const missing = rows.filter(({ key }) => !results.has(key)).length;
  const lines = passes === true ? passLines(rows, results) : stageLines(rows, results);
  if (lines === '') return '';
  const gap = missing > 0 ? `\n\n${missing} of ${rows.length} rows have not been measured yet.` : '';
  return `## ${title}\n\n${note}\n\nMade by \`node scripts/results.mjs ${id}\`; recipes and results: [\`results/${id}/\`](results/${id}).\n\n${lines}${gap}\n`;
}

/** One line for each row: its costs, and its accuracy stage by stage. */
function stageLines(rows, results) {
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
      ...['original', 'cut', 'recalibrated', 'final'].map((stage) => percent(accuracy[stage], 2)),
      percent(evaluations.findLast(({ split }) => split === 'test')?.accuracy ?? null, 2),
      trainingSteps,
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  return lines.length === 0 ? '' : `${head}\n${lines.join('\n')}`;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { network: { type: 'string' }, data: { type: 'string' }, only: { type: 'string' } },
});
const [id] = positionals;
if (id !== undefined) {
  if (tables[id] === undefined)
    throw new Error(`There is no table "${id}"; there are ${Object.keys(tables).join(', ')}.`);
  mkdirSync(join(folder, id), { recursive: true });
  for (const { key, recipe, trained } of tables[id].rows) {
    const target = join(folder, id, `${key}.json`);
    if (existsSync(target) || (values.only !== undefined && !key.endsWith(values.only))) continue;
    const network = trained === undefined ? values.network : trainedNetwork(id, trained, values);
    console.error(`== ${recipe.name}`);
    runOne(recipe, target, { ...values, network }, trained && { training: trained.recipe });
  }
}
const part = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '');
writeFileSync(
  join(root, 'docs', 'results.md'),
  [part('intro.md'), ...Object.keys(tables).map(tableText), part('agreement.md')].filter(Boolean).join('\n'),
);
