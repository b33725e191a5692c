/**
 * Makes what the studio ships from what recipes measured: the list of networks with weights, and the reference runs.
 *
 *   node scripts/ship.mjs ID FOLDER     takes final.safetensors of `espalier run recipes/ID.json --out FOLDER --json`
 *                                       (its last line of output on standard input) in as network ID
 *   node scripts/ship.mjs               writes public/networks/index.json and public/runs/index.json from docs/results/
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './setup.mjs';

const shipped = join(root, 'docs', 'results', 'shipped');
const titles = { 'resnet20-shapes10': 'ResNet-20', 'resnet8-shapes10': 'ResNet-8' };
/** Tables whose rows stand on the trade-off chart, and which of them where not all do. */
const referenceTables = {
  'shapes10-baselines': null,
  'gating-cue-rods': ['shallow', 'wide', 'deep', 'deeper', 'rig-k1-t3', 'dig-k1-t3'].map((key) => `${key}-seed1`),
  'gating-compressed': ['csgd', 'dagger', 'trp', 'l1', 'random'],
};

function readAll(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.toSorted().map((name) => ({
    key: basename(name, '.json'),
    ...JSON.parse(readFileSync(join(folder, name), 'utf8')),
  }));
}

function take(id, folder) {
  const result = JSON.parse(readFileSync(0, 'utf8').trim().split('\n').at(-1) ?? '');
  const recipe = JSON.parse(readFileSync(join(root, 'recipes', `${id}.json`), 'utf8'));
  copyFileSync(join(folder, 'final.safetensors'), join(root, 'public', 'networks', `${id}.safetensors`));
  mkdirSync(shipped, { recursive: true });
  writeFileSync(join(shipped, `${id}.json`), `${JSON.stringify({ recipe, result }, null, 1)}\n`);
}

function network({ key, recipe, result }) {
  return {
    id: key,
    title: titles[key] ?? key,
    data: recipe.data,
    accuracy: result.accuracy.final,
    macs: result.macs.original,
    parameters: result.parameters.original,
    recipe: `recipes/${key}.json`,
  };
}

/** A stored result as the run it was: one candidate for each accuracy that was measured. */
function referenceRun(table, { key, recipe, result }) {
  const run = `reference-${table}-${key}`;
  const { accuracy, macs, parameters, split, images, metric, passes } = result;
  const stages = { original: 'evaluate', cut: 'prune', recalibrated: 'recalibrate', final: 'fine-tune' };
  const candidates = Object.entries(stages).flatMap(([kind, stage]) => {
    if (accuracy[kind] === null) return [];
    const whole = kind === 'original';
    const cost = {
      macs: whole ? macs.original : macs.kept,
      parameters: whole ? parameters.original : parameters.kept,
      share: whole ? 1 : macs.share,
    };
    return [
      {
        id: `${run}-${kind}`,
        run,
        stage,
        kind,
        ...cost,
        accuracy: accuracy[kind],
        ...(metric === undefined || metric === 'accuracy' ? {} : { metric }),
        ...(passes === undefined || kind !== 'final' ? {} : { passes }),
        split,
        images,
        stored: false,
      },
    ];
  });
  return {
    run,
    name: recipe.name,
    recipe,
    state: 'finished',
    started: 0,
    candidates,
    // What each look says of each class and distance is in docs/results; the chart does not need it.
    result: { ...result, evaluations: result.evaluations?.map((own) => ({ ...own, passes: undefined })) },
    error: null,
    origin: 'reference',
  };
}

const [id, folder] = process.argv.slice(2);
if (id !== undefined && folder !== undefined) take(id, folder);
// The first network is the one the studio opens with.
const networks = readAll(shipped)
  .map(network)
  .toSorted((a, b) => b.macs - a.macs);
writeFileSync(join(root, 'public', 'networks', 'index.json'), `${JSON.stringify(networks, null, 1)}\n`);
const runs = Object.entries(referenceTables).flatMap(([table, keys]) =>
  readAll(join(root, 'docs', 'results', table))
    .filter(({ key }) => keys === null || keys.includes(key))
    .map((entry) => referenceRun(table, entry)),
);
writeFileSync(join(root, 'public', 'runs', 'index.json'), `${JSON.stringify(runs)}\n`);
