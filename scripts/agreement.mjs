/**
 * How criteria agree: rank correlation of their scores, filter by filter, on a shipped network and Shapes-10.
 *
 *   node scripts/agreement.mjs [--network ID] [--images N] [--budget SHARE]
 *
 * Writes docs/results/agreement.md, which `results.mjs` takes in: a matrix of Spearman's rho within channel groups (tied filters
 * averaged), averaged over groups by their size; and how many of the filters kept at half the compute stay the same when
 * feature maps are ranked on other images. Everything runs in Node on WASM, from seed 1; Dagger's module trains on N images.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createServer } from 'vite';
import { assembly } from './assembly.mjs';
import { root } from './setup.mjs';

const { values } = parseArgs({
  options: {
    network: { type: 'string', default: 'resnet8-shapes10' },
    images: { type: 'string', default: '6400' },
    budget: { type: 'string', default: '0.5' },
  },
});
const batchSize = 32;
const criteria = ['l1', 'l2', 'fpgm', 'taylor', 'activation', 'bn-scale', 'random'];

/** tfjs is not written for Node's own modules: vite resolves it, but for the loaders of its binaries, which are CommonJS. */
const tfjs = [/@tensorflow/];
globalThis.require = createRequire(import.meta.url);
const marker = 'wasm-loader:';
const loaders = {
  name: 'wasm-loaders',
  enforce: 'pre',
  resolveId(id) {
    const file = /wasm-out\/(.*)$/.exec(id)?.[1];
    return file === undefined ? null : `\0${marker}${file}`;
  },
  load(id) {
    if (!id.startsWith(`\0${marker}`)) return null;
    const path = `@tensorflow/tfjs-backend-wasm/wasm-out/${id.slice(marker.length + 1)}`;
    return `export default globalThis.require(${JSON.stringify(path)});`;
  },
};

const vite = await createServer({
  root,
  plugins: [loaders, assembly()],
  ssr: { noExternal: tfjs },
  configFile: false,
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false },
  optimizeDeps: { noDiscovery: true },
});
try {
  const load = (path) => vite.ssrLoadModule(path);
  const { createExecutor } = await load('/workers/compute/runtime.ts');
  const { readNetworkFile } = await load('/workers/formats/network-file.ts');
  const { drawShapes } = await load('/workers/datasets/shapes.ts');
  const { scoreFilters, beginMethod } = await load('/workers/session/scoring.ts');
  const { methodById } = await load('/workers/methods/index.ts');
  const { createPlanner, openRules, unitScores } = await load('/workers/network/planner.ts');
  const { channelGroups } = await load('/workers/network/groups.ts');
  const { createControl } = await load('/workers/training/control.ts');
  const { train } = await load('/workers/training/loop.ts');

  const executor = await createExecutor({ device: 'wasm' });
  const bytes = readFileSync(join(root, 'public', 'networks', `${values.network}.safetensors`));
  const { network } = await readNetworkFile(new Blob([bytes]), `${values.network}.safetensors`);
  const dataset = await drawShapes({});
  const rules = { ...openRules, budget: Number(values.budget), floor: 0.1 };
  const common = {
    network,
    dataset,
    seed: 1,
    goal: { stage: 'prune', rules },
    signal: new AbortController().signal,
    progress: () => undefined,
  };
  const score = (id, settings = {}) => scoreFilters(executor, id, { ...common, settings });

  const scored = new Map();
  for (const id of criteria) scored.set(id, await score(id));
  scored.set('dagger', { scores: await daggerScores(), normalise: 'none' });
  const [first, next] = [
    await score('activation', { images: 64, from: 0 }),
    await score('activation', { images: 64, from: 64 }),
  ];

  const names = [...scored.keys()];
  const units = names.map((name) => unitScores({ graph: network.graph, ...scored.get(name) }, 'mean'));
  const groups = channelGroups(network.graph).filter(({ locked, size }) => locked === undefined && size > 2);
  const matrix = units.map((a, row) => {
    const cells = units.map((b) => meanCorrelation(groups, a, b).toFixed(2));
    return `| ${names[row]} | ${cells.join(' | ')} |`;
  });
  const kept = (own) => keptFilters(network.graph, createPlanner({ graph: network.graph, ...own })(rules).removed);
  const title = network.meta.name;
  const lines = [
    `## How criteria agree: ${title} on Shapes-10`,
    '',
    `Spearman's rho of the scores within channel groups, averaged by their size. Dagger: the gates' probabilities after ${Number(values.images) / batchSize} steps towards ${100 * rules.budget} %.`,
    '',
    'Made by `node scripts/agreement.mjs`.',
    '',
    `| | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---:').join('|')}|`,
    ...matrix,
    '',
    `Filters kept at ${100 * rules.budget} % by feature maps of training images 1-64 and by those of 65-128: Jaccard ${jaccard(kept(first), kept(next)).toFixed(3)}. Dagger's gates are the same whatever images are shown.`,
    '',
  ];
  writeFileSync(join(root, 'docs', 'results', 'agreement.md'), lines.join('\n'));
  executor.dispose();

  /** Gates after training the module as `recipes/dagger/weight-fed.json` does. */
  async function daggerScores() {
    const method = methodById('dagger');
    const loaded = executor.load(network);
    const hooks = await beginMethod(method, { ...common, loaded, settings: {} });
    const settings = { batchSize, learningRate: 0.1, momentum: 0.9, weightDecay: 0, schedule: 'constant', warmUp: 0 };
    await train({
      executor,
      loaded,
      dataset,
      normalisation: network.meta.normalisation ?? dataset.normalisation,
      settings: {
        ...settings,
        epochs: Number(values.images) / 1600,
        imagesPerEpoch: 1600,
        labelSmoothing: 0,
        augment: true,
        distillation: 0,
        temperature: 4,
      },
      seed: 1,
      control: createControl(),
      hooks,
      onProgress: ({ done, total }) => process.stderr.write(`\rgates ${done} of ${total} `),
    });
    process.stderr.write('\n');
    const gates = await hooks.gateValues();
    hooks.dispose();
    loaded.dispose();
    // The classifier has no gates: it is locked, and left out below.
    return gates;
  }
} finally {
  await vite.close();
}

function meanCorrelation(groups, a, b) {
  let [total, weight] = [0, 0];
  for (const { members, size } of groups) {
    const [{ layer, channels }] = members;
    const of = (scores) => channels.map(([channel]) => scores[layer][channel]);
    total += size * spearman(of(a), of(b));
    weight += size;
  }
  return total / weight;
}

/** Pearson's correlation of ranks; equal values share their mean rank. */
function spearman(a, b) {
  const [x, y] = [ranks(a), ranks(b)];
  const middle = (x.length - 1) / 2;
  const sum = (term) => x.reduce((all, _, at) => all + term(x[at] - middle, y[at] - middle), 0);
  return sum((u, v) => u * v) / Math.sqrt(sum((u) => u * u) * sum((_, v) => v * v));
}

function ranks(values) {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });
}

function keptFilters({ layers }, removed) {
  const kept = new Set();
  for (const { id, op, filters } of layers) {
    if (op !== 'conv') continue;
    for (let filter = 0; filter < filters; filter++) {
      if (!(removed[id] ?? []).includes(filter)) kept.add(`${id} ${filter}`);
    }
  }
  return kept;
}

function jaccard(a, b) {
  const common = [...a].filter((one) => b.has(one)).length;
  return common / (a.size + b.size - common);
}
