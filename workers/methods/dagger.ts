import { concat1d, keep, mul, scalar, tidy, type Scalar, type Tensor1D } from '@tensorflow/tfjs-core';
import type { Gates } from '../compute/executor';
import type { LayerId } from '../network/graph';
import type { CutPlan, CutRules } from '../network/plan';
import { createAdam } from '../training/adam';
import { ownVariable } from '../training/optimiser';
import type { StepPosition, StepView } from '../training/hooks';
import { createCostTerm, openMacs } from './dagger/cost-term';
import { gateLayout, openAfter, spreadGates, valuesByLayer, type GateLayout } from './dagger/gate-layout';
import { openUnits, probabilities, straightThrough } from './dagger/gates';
import { createDaggerModule, type DaggerModule, type ModuleKind } from './dagger/module';
import { annealedTarget, budgetPenalty, type PenaltyKind } from './dagger/penalty';
import { projectOntoBudget } from './dagger/projection';
import { MethodError, type Method, type MethodContext, type MethodHooks, type Telemetry } from './method';
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
    return new DaggerHooks(context, goal.rules, layout, module).hooks();
  },
};

/** The gates while they train, and the cut they come to. */
class DaggerHooks {
  private readonly cost;
  private readonly adam;
  private readonly temperature: number;
  private readonly asksLoss: boolean;
  private readonly budget: number;
  private target = 1;
  private strength: number;
  /** All gates of the present step: between `gates` and `extraLoss`, inside the tape. */
  private gates: Tensor1D | undefined;
  /** With the cross-entropy off, gates that stand outside the tape, so that no gradient reaches them. */
  private detached: Tensor1D | undefined;
  /** Of the last step: its whole loss, and the budget term in it. */
  private lastLoss: Scalar | undefined;
  private lastTerm: Scalar | undefined;
  /** The gates as they are read out, once all steps are done. */
  private readOut: CutPlan | undefined;

  constructor(
    private readonly context: MethodContext,
    private readonly rules: CutRules,
    private readonly layout: GateLayout,
    private readonly module: DaggerModule,
  ) {
    const { settings } = context;
    this.budget = rules.budget;
    this.cost = createCostTerm(layout);
    this.adam = createAdam(module.variables.map(ownVariable));
    this.temperature = numberSetting(settings, 'temperature');
    this.strength = numberSetting(settings, 'strength');
    this.asksLoss = settings['crossEntropy'] === true;
  }

  hooks(): MethodHooks {
    return {
      variables: this.module.variables,
      trainParameters: false,
      updateStatistics: false,
      batchNorm: this.context.settings['batchNorm'] === 'running' ? 'running' : 'batch',
      beforeStep: (position) => this.beforeStep(position),
      gates: () => this.spread(),
      extraLoss: () => this.budgetTerm(),
      updateVariables: (view) => this.update(view),
      finish: async ({ step, steps }) => {
        if (step === steps) this.readOut = await this.project(this.rules);
      },
      telemetry: () => this.telemetry(),
      readState: () => this.adam.readState(),
      writeState: (state) => this.adam.writeState(state),
      decideCut: (rules) => this.project(rules),
      gateValues: async () => valuesByLayer(this.layout, probabilities(await this.scores(), this.temperature), 1),
      dispose: () => this.dispose(),
    };
  }

  private async project(rules: CutRules): Promise<CutPlan> {
    return projectOntoBudget(this.context.network.graph, this.layout, await this.scores(), rules);
  }

  private beforeStep({ step, steps, settings }: StepPosition): void {
    this.target = annealedTarget(step, steps, this.budget, numberSetting(this.context.settings, 'anneal'));
    this.strength = numberSetting({ ...this.context.settings, ...settings }, 'strength');
    if (this.asksLoss) return;
    this.detached?.dispose();
    this.detached = tidy(() => keep(this.allGates()));
  }

  private allGates(): Tensor1D {
    const scores = this.module.scores();
    return concat1d(
      this.layout.groups.map(({ least }, at) => straightThrough(scores[at] as Tensor1D, least, this.temperature)),
    );
  }

  private spread(): Gates {
    if (this.budget === 1) return new Map();
    this.gates = this.allGates();
    return spreadGates(this.layout, this.detached ?? this.gates);
  }

  private budgetTerm(): Scalar {
    if (this.gates === undefined) return scalar(0);
    const penalty = budgetPenalty(
      this.cost.share(this.gates),
      this.target,
      this.budget,
      this.context.settings['penalty'] as PenaltyKind,
    );
    this.gates = undefined;
    const term = mul(penalty, scalar(this.strength)) as Scalar;
    this.lastTerm?.dispose();
    this.lastTerm = keep(term.clone());
    return term;
  }

  private update({ gradients, settings, loss }: StepView): void {
    this.lastLoss?.dispose();
    this.lastLoss = keep(loss.clone());
    this.adam.apply(gradients, numberSetting({ ...this.context.settings, ...settings }, 'learningRate'));
  }

  /** Of every gate, after the last update. */
  private async scores(): Promise<Float32Array> {
    const all = tidy(() => concat1d(this.module.scores()));
    const values = Float32Array.from(await all.data<'float32'>());
    all.dispose();
    return values;
  }

  private async telemetry(): Promise<Telemetry> {
    const { layout, budget, readOut } = this;
    const scores = await this.scores();
    const open = readOut === undefined ? this.openGates(scores) : openAfter(layout, readOut);
    const gate = valuesByLayer(layout, probabilities(scores, this.temperature), 1);
    const states = valuesByLayer(layout, open, 1);
    const layers: Record<LayerId, { gate: Float32Array; open: Float32Array }> = {};
    for (const [layer, own] of Object.entries(gate)) layers[layer] = { gate: own, open: states[layer] ?? own };
    const filters = Object.values(states).reduce((sum, own) => sum + own.length, 0);
    return {
      values: {
        predictedShare: readOut?.share ?? openMacs(layout, open) / openMacs(layout, []),
        targetShare: budget,
        annealedTarget: this.target,
        crossEntropy: await this.crossEntropy(),
        open: Object.values(states).reduce((sum, own) => sum + own.reduce((a, b) => a + b, 0), 0),
        filters,
      },
      layers,
    };
  }

  /** As the forward pass has them. */
  private openGates(scores: Float32Array): Float32Array {
    const { layout, budget } = this;
    const open = new Float32Array(layout.count).fill(1);
    if (budget === 1) return open;
    for (const { start, least, group } of layout.groups) {
      open.set(openUnits(scores.subarray(start, start + group.size), least), start);
    }
    return open;
  }

  private async crossEntropy(): Promise<number> {
    if (this.lastLoss === undefined) return NaN;
    const [loss, term] = await Promise.all([this.lastLoss.data(), this.lastTerm?.data()]);
    return (loss[0] ?? NaN) - (term?.[0] ?? 0);
  }

  private dispose(): void {
    this.module.dispose();
    this.cost.dispose();
    this.adam.dispose();
    for (const tensor of [this.detached, this.lastLoss, this.lastTerm]) tensor?.dispose();
  }
}
