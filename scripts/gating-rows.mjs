/** Rows of docs/results.md for networks that look several times, and the tables of their passes: one line a pass. */

const top = { routing: 'top' };
const cascade = { routing: 'cascade' };

/** What cue rods are told apart by: feed-forward controls, then gated networks by the passes they were trained for. */
const networks = [
  { key: 'shallow', label: 'feed-forward, shallow', network: { backbone: 'shallow', passes: 1 } },
  { key: 'rig-k1-t3', label: 'RIGNet, kernel 1', network: { ...top, kernel: 1, passes: 3 } },
  { key: 'deeper', label: 'feed-forward, deeper', network: { backbone: 'deeper', passes: 1 } },
  { key: 'dig-k1-t3', label: 'DIGNet, kernel 1', network: { ...cascade, kernel: 1, passes: 3 } },
  { key: 'wide', label: 'feed-forward, wide', network: { backbone: 'wide', passes: 1 } },
  { key: 'deep', label: 'feed-forward, deep', network: { backbone: 'deep', passes: 1 } },
  { key: 'rig-k3-t3', label: 'RIGNet, kernel 3', network: { ...top, kernel: 3, passes: 3 } },
  { key: 'dig-k3-t3', label: 'DIGNet, kernel 3', network: { ...cascade, kernel: 3, passes: 3 } },
  { key: 'additive-t3', label: 'feedback added, kernel 1', network: { ...top, kernel: 1, passes: 3, combine: 'add' } },
  { key: 'frozen-t3', label: 'gates held at 1', network: { ...top, kernel: 1, passes: 3, combine: 'frozen' } },
  { key: 'rig-k1-t2', label: 'RIGNet, kernel 1', network: { ...top, kernel: 1, passes: 2 } },
  { key: 'dig-k1-t2', label: 'DIGNet, kernel 1', network: { ...cascade, kernel: 1, passes: 2 } },
  { key: 'rig-k3-t2', label: 'RIGNet, kernel 3', network: { ...top, kernel: 3, passes: 2 } },
  { key: 'dig-k3-t2', label: 'DIGNet, kernel 3', network: { ...cascade, kernel: 3, passes: 2 } },
  { key: 'rig-k1-t4', label: 'RIGNet, kernel 1', network: { ...top, kernel: 1, passes: 4 } },
  { key: 'dig-k1-t4', label: 'DIGNet, kernel 1', network: { ...cascade, kernel: 1, passes: 4 } },
  { key: 'rig-k3-t4', label: 'RIGNet, kernel 3', network: { ...top, kernel: 3, passes: 4 } },
  { key: 'dig-k3-t4', label: 'DIGNet, kernel 3', network: { ...cascade, kernel: 3, passes: 4 } },
];

const routings = {
  self: 'corresponding stage',
  above: 'stage above',
  cascade: 'cascade (DIGNet)',
  top: 'top (RIGNet)',
};

/** Every network by every seed; `base` is the recipe whose network and seed are changed. */
function rowsOf(base, list, seeds) {
  return seeds.flatMap((seed) =>
    list.map(({ key, label, network }) => ({
      key: `${key}-seed${seed}`,
      label,
      passes: network.passes,
      recipe: {
        ...base,
        $schema: undefined,
        name: `${label}, seed ${seed}`,
        seed,
        network: { ...base.network, ...network },
      },
    })),
  );
}

const plain = ({ network, ...recipe }) => {
  const { backbone, image, classes } = network;
  return { ...recipe, network: { source: 'gated', backbone, image, classes } };
};

export const cueRodRows = (base, seeds) => rowsOf(plain(base), networks, seeds);

export const routingRows = (base, seeds) =>
  rowsOf(
    plain(base),
    Object.entries(routings).map(([routing, label]) => ({
      key: routing,
      label,
      network: { routing, kernel: 1, passes: 2 },
    })),
    seeds,
  );

export const passRows = (base, seeds) =>
  rowsOf(
    plain(base),
    [1, 2, 3].map((passes) => ({
      key: `t${passes}`,
      label: passes === 1 ? 'feed-forward' : 'RIGNet, kernel 1',
      network: passes === 1 ? { passes } : { ...top, kernel: 1, passes },
    })),
    seeds,
  );

/**
 * One trained network that looks `passes` times, whole and made smaller by each method. The recipes begin with the same
 * training, so it is carried out once, under the name `trained`: rows start from its network.
 */
export function compressedRows({ trained: { key, name }, passes, recipes }) {
  const [{ stages, ...first }] = Object.values(recipes);
  const trained = { key, recipe: { ...first, name, stages: [stages[0]] } };
  const network = { source: 'file', name: `${key}.safetensors` };
  const whole = { ...first, name: 'Whole', network, stages: [{ stage: 'evaluate', split: 'test' }] };
  const trainedOn = (recipe) => ({
    ...recipe,
    name: 'Whole, trained as long as the others',
    network,
    stages: recipe.stages.slice(1).filter(({ stage }) => stage === 'fine-tune' || stage === 'evaluate'),
  });
  const row = (label, id, recipe) => ({ key: id, label, passes, trained, recipe: { ...recipe, $schema: undefined } });
  return [
    row('whole', 'whole', whole),
    row('whole, trained on', 'longer', trainedOn(recipes.L1)),
    ...Object.entries(recipes).map(([label, recipe]) =>
      row(label, recipe.stages[1].method, { ...recipe, network, stages: recipe.stages.slice(1) }),
    ),
  ];
}

/** A network that looks once, trained from the start by `recipe`. */
export const onceRow = (label, recipe) => ({
  key: 'once',
  label,
  passes: 1,
  recipe: { ...recipe, $schema: undefined },
});

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share) => (100 * share).toFixed(1);

/** "86.8", with several seeds "86.8 (86.4-87.1)". */
function spread(values) {
  const middle = percent(mean(values));
  return values.length === 1 ? middle : `${middle} (${percent(Math.min(...values))}-${percent(Math.max(...values))})`;
}

/** Its last measurement on the test images, pass by pass; a classifier that looks once is measured as a whole. */
export function testedPasses({ evaluations, macs }) {
  const { accuracy, passes } = evaluations.findLast(({ split }) => split === 'test');
  return passes ?? [{ macs: macs.kept, accuracy }];
}

/** Rows that have results, those of one network under seeds together. `results` maps keys of rows to what was stored. */
export function byNetwork(rows, results) {
  const groups = new Map();
  for (const row of rows.filter(({ key }) => results.has(key))) {
    const name = `${row.label}, ${row.passes}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups.values()];
}

/** One line for each pass of each network, seeds together. `results` maps keys of rows to what was stored. */
export function passLines(rows, results) {
  const groups = byNetwork(rows, results);
  if (groups.length === 0) return '';
  const lines = groups.flatMap((some) => {
    const found = some.map(({ key }) => results.get(key).result);
    const tested = found.map(testedPasses);
    return tested[0].map((pass, at) => {
      const of = (pick) => spread(tested.map((passes) => pick(passes[at])));
      const cells = [
        some[0].label,
        some[0].passes,
        at + 1,
        found[0].parameters.kept.toLocaleString('en'),
        pass.macs.toLocaleString('en'),
        ...(typeof pass.mIoU === 'number' ? [of(({ mIoU }) => mIoU)] : []),
        of(({ accuracy }) => accuracy),
        ...(pass.bands ?? []).map((_, band) => of(({ bands }) => bands[band].correct / bands[band].count)),
        some.length,
      ];
      return `| ${cells.join(' | ')} |`;
    });
  });
  const [first] = results.values();
  const { mIoU, bands = [] } = testedPasses(first.result)[0];
  const columns = [
    'network',
    'trained for',
    'pass',
    'parameters',
    'multiply-adds',
    ...(typeof mIoU === 'number' ? ['mIoU', 'pixels right'] : ['images right']),
    ...bands.map(({ name }) => name),
    'seeds',
  ];
  return `| ${columns.join(' | ')} |\n|---|${'---:|'.repeat(columns.length - 1)}\n${lines.join('\n')}`;
}
