import { GateTraining } from './dagger/gate-training';
import { gateLayout } from './dagger/gate-layout';
import { createDaggerModule, type ModuleKind } from './dagger/module';
import { MethodError, type Method } from './method';
import { numberSetting } from './settings';

/**
 * Pretrained weights decide their own filters: a small module reads the weights of each channel group and opens or closes
 * a gate per filter. Reconstruction after Su et al. 2020, who give the idea, the input and the explicit budget; layers,
 * loss and schedule are chosen here (docs/methods/dagger.md).
 *
 * With weights frozen, the module trains on `cross-entropy(gated network) + lambda |q - t| / (1 - budget)`: q is the
 * share of multiply-adds the open gates leave, t a target that falls from 1 to the budget of the cut that follows. Batch
 * norm runs on batch statistics (or, `batchNorm`, on the running ones), and its running ones stay as they are. Images reach the loss alone, never a gate.
 *
 * Telemetry, `values`: `predictedShare` (exact, after the update; after the last step that of the gates as they are read
 * out, projected onto the budget, so that it is the share the cut will have), `targetShare` (the budget), `annealedTarget`,
 * `crossEntropy` (of the last batch, NaN before the first), `open` and `filters` (filters with an open gate, and with
 * one). `layers[layer]`, for every layer with gates: `gate` (probability per filter) and `open` (0 or 1).
 */
export const dagger: Method = {
  id: 'dagger',
  title: 'Dagger',
  citation:
    'X. Su, S. You, T. Huang, H. Xu, F. Wang, C. Qian, C. Zhang, C. Xu. Data Agnostic Filter Gating for Efficient Deep Networks. 2020',
  summary: 'Trains a small module that reads the weights and closes filters until the budget is met.',
  family: 'dagger',
  reduces: 'filters',
  needs: 'training',
  normalise: 'none',
  training: { epochs: 4, learningRate: 0.02, fineTune: 3 },
  settings: {
    strength: {
      kind: 'number',
      label: 'Budget strength',
      explain: 'Weight of the budget term against the cross-entropy. 0 leaves the gates to accuracy alone.',
      default: 4,
      min: 0,
      max: 20,
      step: 0.5,
      live: true,
    },
    learningRate: {
      kind: 'number',
      label: 'Gate learning rate',
      explain: 'Of Adam, which trains the module; the rate of the stage is for weights, and they are frozen.',
      default: 0.01,
      min: 0.001,
      max: 0.1,
      step: 0.001,
      scale: 'log',
      live: true,
    },
    module: {
      kind: 'choice',
      label: 'Module',
      explain: 'What turns weights into scores. Free logits see no weight beyond the prior: a control.',
      default: 'mlp',
      options: [
        { value: 'mlp', label: 'Filter by filter' },
        { value: 'squeeze', label: 'Whole group at once' },
        { value: 'free', label: 'Free logits' },
      ],
    },
    hidden: {
      kind: 'number',
      label: 'Hidden units',
      explain: 'Of the filter-by-filter module.',
      default: 16,
      min: 1,
      max: 128,
      step: 1,
    },
    prior: {
      kind: 'number',
      label: 'Magnitude prior',
      explain: 'How much larger filters start ahead of smaller ones. 0 leaves their order to the module.',
      default: 1,
      min: 0,
      max: 4,
      step: 0.25,
    },
    offset: {
      kind: 'number',
      label: 'First offset',
      explain: 'How far open all gates start, as a logit.',
      default: 2,
      min: 0,
      max: 5,
      step: 0.25,
    },
    temperature: {
      kind: 'number',
      label: 'Temperature',
      explain: 'Softness of the gates in the gradient.',
      default: 1,
      min: 0.25,
      max: 4,
      step: 0.25,
    },
    anneal: {
      kind: 'number',
      label: 'Annealing',
      explain: 'Share of the steps in which the target falls from the whole network to the budget.',
      default: 0.7,
      min: 0,
      max: 1,
      step: 0.05,
    },
    penalty: {
      kind: 'choice',
      label: 'Budget term',
      explain: 'How a miss of the target is charged. One-sided terms let gates keep closing below the budget.',
      default: 'absolute',
      options: [
        { value: 'absolute', label: 'Absolute' },
        { value: 'square', label: 'Square' },
        { value: 'hinge', label: 'Hinge (one-sided)' },
        { value: 'log', label: 'Logarithm (one-sided)' },
      ],
    },
    batchNorm: {
      kind: 'choice',
      label: 'Batch norm',
      explain:
        'What it normalises by while gates train. The batch imitates the recalibration that follows the cut; running statistics are those of the whole network.',
      default: 'batch',
      options: [
        { value: 'batch', label: 'By the batch' },
        { value: 'running', label: 'By running statistics' },
      ],
    },
    crossEntropy: {
      kind: 'switch',
      label: 'Cross-entropy',
      explain: 'Off: prior and budget alone decide. A control.',
      default: true,
    },
  },
  begin: async (context) => {
    const { goal } = context;
    if (goal?.stage !== 'prune') {
      throw new MethodError('Dagger trains gates for a budget: put a "prune" stage after it.', 'dagger');
    }
    const layout = gateLayout(context.network.graph, goal.rules.protect);
    if (layout.count === 0) {
      throw new MethodError(
        'Dagger finds no filter it could gate: all are protected or tied to in- or outputs.',
        'dagger',
      );
    }
    const { settings } = context;
    const module = createDaggerModule({
      network: context.network,
      groups: layout.groups,
      kind: settings['module'] as ModuleKind,
      hidden: numberSetting(settings, 'hidden'),
      prior: numberSetting(settings, 'prior'),
      offset: numberSetting(settings, 'offset'),
      random: context.random,
    });
    return new GateTraining(context, goal.rules, layout, module).hooks();
  },
};
