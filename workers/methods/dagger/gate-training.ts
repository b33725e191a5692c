/** Dagger at work: gates in the training step, the budget term, the update of the module, and the cut at the end. */
import { concat1d, keep, mul, scalar, tidy, type Scalar, type Tensor1D } from '@tensorflow/tfjs-core';
import type { Gates } from '../../compute/executor';
import type { LayerId } from '../../network/graph';
import type { CutPlan, CutRules } from '../../network/plan';
import { createAdam } from '../../training/adam';
import type { StepPosition, StepView } from '../../training/hooks';
import { ownVariable } from '../../training/optimiser';
import type { MethodContext, MethodHooks, Telemetry } from '../method';
import { numberSetting } from '../settings';
import { createCostTerm, openMacs } from './cost-term';
import { openAfter, spreadGates, valuesByLayer, type GateLayout } from './gate-layout';
import { openUnits, probabilities, straightThrough } from './gates';
import type { DaggerModule } from './module';
import { annealedTarget, budgetPenalty, type PenaltyKind } from './penalty';
import { projectOntoBudget } from './projection';

/** The gates while they train, and the cut they come to. */
export class GateTraining {
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
