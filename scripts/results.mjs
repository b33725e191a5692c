/**
 * Fills docs/results.md and docs/results/figures/: carries out the recipes of a table one by one with `espalier run`, then
 * writes its rows and its figure.
 *
 *   node scripts/results.mjs TABLE [--network FILE] [--data PATH]     runs what is missing, then writes
 *       --only=SUFFIX      of the missing rows, those whose key ends so ("-50")
 *   node scripts/results.mjs                                          writes page and figures from the stored results alone
 *
 * Rows may start from one training: its network is kept in .cache/trained/TABLE/, so that it is carried out once.
 *
 * Every result is one JSON file in docs/results/TABLE/, holding the recipe and what `run --json` printed, so a table that
 * was interrupted goes on where it stopped, and a row is made anew by deleting its file.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';
import { root } from './setup.mjs';
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
const { resultsPage } = (await runnerImport(join(root, 'scripts', 'results-page.ts'), { root, configFile: false }))
  .module;
const files = await resultsPage();
rmSync(join(folder, 'figures'), { recursive: true, force: true });
mkdirSync(join(folder, 'figures'));
for (const [path, text] of files) writeFileSync(join(root, 'docs', path), text);
