/** Rows of docs/results.md: what one kind of comparison carries out, given a network, data and a training. */

const criteria = {
  l1: 'L1',
  l2: 'L2',
  fpgm: 'FPGM',
  taylor: 'Taylor',
  'bn-scale': 'BN scale',
  random: 'random',
};
const schemes = { channel: 'SVD, channel', spatial: 'SVD, spatial' };
const budgets = [0.75, 0.5, 0.35];

export function baselineRows({ name, network, data, measureOn, recalibrate, fineTune }) {
  const recipe = (label, budget, stages) => ({
    version: 1,
    name: `${label} at ${Math.round(100 * budget)} %, ${name}`,
    seed: 1,
    network,
    data,
    measureOn,
    stages: [
      ...stages,
      { stage: 'recalibrate', images: recalibrate },
      { stage: 'fine-tune', ...fineTune },
      { stage: 'evaluate', split: 'test' },
    ],
  });
  const row = (id, label, budget, stages) => ({
    key: `${id}-${Math.round(100 * budget)}`,
    label,
    budget,
    recipe: recipe(label, budget, stages),
  });
  return budgets.flatMap((budget) => [
    ...Object.entries(criteria).map(([method, label]) =>
      row(method, label, budget, [
        { stage: 'score', method },
        { stage: 'prune', budget },
      ]),
    ),
    ...Object.entries(schemes).map(([scheme, label]) =>
      row(`svd-${scheme}`, label, budget, [{ stage: 'truncate', method: 'svd', settings: { scheme }, budget }]),
    ),
  ]);
}

/** Whole networks, recalibrated on images moved as in training and on images as they are. */
export function recalibrationRows(networks) {
  return networks.flatMap(({ key, name, network, data }) =>
    [true, false].map((augment) => ({
      key: `${key}-${augment ? 'moved' : 'still'}`,
      label: `${name}, ${augment ? 'images moved' : 'images as they are'}`,
      budget: 1,
      recipe: {
        version: 1,
        name: `${name} recalibrated, ${augment ? 'images moved' : 'images as they are'}`,
        seed: 1,
        network,
        data: { source: data },
        measureOn: 'test',
        stages: [
          { stage: 'recalibrate', images: 1024, augment },
          { stage: 'evaluate', split: 'test' },
        ],
      },
    })),
  );
}

/**
 * Centripetal SGD against criteria at the same widths, for the same number of epochs: the one trains before its cut, the
 * others after. Three seeds.
 */
export function centripetalRows({ name, network, data, measureOn, training, settings }) {
  const train = { stage: 'fine-tune', ...training };
  const scored = (method) => (prune) => [{ stage: 'score', method }, prune, train];
  const ways = [
    {
      id: 'csgd',
      label: 'C-SGD',
      stages: (prune) => [{ ...train, method: 'csgd', settings }, { stage: 'evaluate', split: measureOn }, prune],
    },
    { id: 'l1', label: 'L1', stages: scored('l1') },
    { id: 'random', label: 'random', stages: scored('random') },
  ];
  return [0.65, 0.5, 0.39].flatMap((budget) =>
    ways.flatMap(({ id, label, stages }) =>
      [1, 2, 3].map((seed) => ({
        key: `${id}-seed${seed}-${Math.round(100 * budget)}`,
        label: `${label}, seed ${seed}`,
        budget,
        recipe: {
          version: 1,
          name: `${label} at ${Math.round(100 * budget)} %, ${name}, seed ${seed}`,
          seed,
          network,
          data,
          measureOn,
          stages: [...stages({ stage: 'prune', budget, allocation: 'uniform' }), { stage: 'evaluate', split: 'test' }],
        },
      })),
    ),
  );
}

/**
 * Ranks with and without training for them: one training each, the same epochs, then the split without any fine-tuning.
 * `energies`: what a cut may drop to arrive near each budget, by scheme; spatial pairs are cheaper, so they drop less.
 */
export function rankRows({ name, network, data, measureOn, energies, penalty, train }) {
  const methods = [
    { id: 'svd', label: 'plain SVD', method: 'svd', settings: () => undefined },
    { id: 'nuclear', label: 'nuclear only', method: 'svd', settings: () => ({ energy: 0, lambda: penalty }) },
    { id: 'trp', label: 'TRP', method: 'trp', settings: (energy) => ({ energy, lambda: 0 }) },
    { id: 'trp-nuclear', label: 'TRP + nuclear', method: 'trp', settings: (energy) => ({ energy, lambda: penalty }) },
  ];
  const training = (label, settings) => ({
    version: 1,
    name: `${label}, ${name}`,
    seed: 1,
    network,
    data,
    measureOn,
    stages: [settings === undefined ? train : { ...train, method: 'trp', settings: { ...settings, period: 5 } }],
  });
  return Object.entries(energies).flatMap(([share, energyOf]) =>
    methods.flatMap(({ id, label, method, settings }) =>
      Object.keys(schemes).map((scheme) => {
        const budget = Number(share);
        const trainedWith = settings(energyOf[scheme]);
        // Plain training knows no scheme, the penalty alone no energy: one network serves several rows.
        const key = [id, ...(trainedWith ? [scheme] : []), ...(trainedWith?.energy ? [trainedWith.energy] : [])].join(
          '-',
        );
        return {
          key: `${id}-${scheme}-${Math.round(100 * budget)}`,
          label: `${label}, ${scheme}`,
          budget,
          trained: { key, recipe: training(label, trainedWith && { ...trainedWith, scheme }) },
          recipe: {
            version: 1,
            name: `${label}, ${scheme}, split at ${Math.round(100 * budget)} %, ${name}`,
            seed: 1,
            network: { source: 'file', name: 'trained.safetensors' },
            data,
            measureOn,
            stages: [
              { stage: 'truncate', method, settings: { scheme }, budget },
              { stage: 'evaluate', split: 'test' },
            ],
          },
        };
      }),
    ),
  );
}

/**
 * Dagger against criteria at the same multiply-adds and the same number of training steps: what the gates' training takes,
 * the criteria spend on fine-tuning. `trained`: the training whose network every row starts from, where it is no given one.
 */
export function daggerRows({ name, network, data, measureOn, recalibrate, seeds, gates, fineTune, trained }) {
  const contenders = ['dagger', 'l1', 'fpgm', 'taylor', 'bn-scale', 'random'];
  const stagesOf = (method, budget) => {
    const tune = (epochs) => [
      { stage: 'recalibrate', images: recalibrate },
      { stage: 'fine-tune', ...fineTune, epochs },
    ];
    if (method === 'dagger') {
      const { epochs, settings } = gates;
      const training = { stage: 'fine-tune', ...fineTune, schedule: 'constant', epochs, method, settings };
      return [training, { stage: 'prune', budget }, ...tune(fineTune.epochs)];
    }
    return [{ stage: 'score', method }, { stage: 'prune', budget }, ...tune(fineTune.epochs + gates.epochs)];
  };
  return [0.7, 0.5, 0.35].flatMap((budget) =>
    contenders.flatMap((method) =>
      seeds.map((seed) => {
        const label = method === 'dagger' ? 'Dagger' : criteria[method];
        const percent = Math.round(100 * budget);
        return {
          key: `${method}-seed${seed}-${percent}`,
          label: `${label}, seed ${seed}`,
          budget,
          ...(trained && { trained }),
          recipe: {
            version: 1,
            name: `${label} at ${percent} %, ${name}`,
            seed,
            network,
            data,
            measureOn,
            stages: [...stagesOf(method, budget), { stage: 'evaluate', split: 'test' }],
          },
        };
      }),
    ),
  );
}
