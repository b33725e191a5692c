/** What the checks of Dagger's laws share: a method begun on a small network, images, gates at chosen scores. */
import {
  concat1d,
  dispose,
  keep,
  split,
  sum,
  tensor1d,
  tensor4d,
  tidy,
  variableGrads,
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { Executor, Gates, LoadedNetwork } from '../../compute/executor';
import { createRandom } from '../../linalg/random';
import { cutChannels } from '../../network/cut';
import type { LayerId, Network, Tensors } from '../../network/graph';
import type { CutRules } from '../../network/plan';
import { openRules } from '../../network/planner';
import { dagger } from '../dagger';
import type { MethodHooks, SettingValues } from '../method';
import { testContext } from '../test-context';
import { gateLayout, type GateLayout } from './gate-layout';
import { openUnits, straightThrough } from './gates';

/** A check that throws where the law is broken. */
export interface Law {
  readonly name: string;
  readonly check: (executor: Executor) => Promise<void>;
}

interface Begun extends MethodHooks {
  readonly gates: () => Gates;
  readonly extraLoss: () => Scalar;
  readonly variables: readonly Variable[];
}

export interface BeginOptions {
  readonly budget?: number;
  readonly settings?: SettingValues;
  readonly seed?: number;
}

/** Dagger on `network`, its hooks those of the method itself. */
export async function beginDagger(network: Network, options: BeginOptions = {}): Promise<Begun> {
  const { budget = 0.5, settings = {}, seed = 1 } = options;
  const rules: CutRules = { ...openRules, budget };
  const hooks = await dagger.begin(testContext(dagger, network, { settings, seed, goal: { stage: 'prune', rules } }));
  const { gates, extraLoss, variables } = hooks;
  if (gates === undefined || extraLoss === undefined || variables === undefined)
    throw new Error('Dagger has no gates.');
  begun.add(hooks);
  const end = (): void => {
    begun.delete(hooks);
    hooks.dispose?.();
  };
  return { ...hooks, gates, extraLoss, variables, dispose: end };
}

/** Instances begun and not yet disposed. */
const begun = new Set<MethodHooks>();

/** After a check that failed half-way. */
export function disposeAll(): void {
  for (const hooks of begun) hooks.dispose?.();
  begun.clear();
}

/** The gates of the present step, as tensors of the caller's. */
export function presentGates(hooks: Begun): Gates {
  const kept: [LayerId, Tensor1D][] = [];
  tidy(() => {
    for (const [id, gate] of hooks.gates()) kept.push([id, keep(gate.clone())]);
  });
  return new Map(kept);
}

export const position = (step: number, steps: number) => ({
  step,
  steps,
  epoch: 0,
  learningRate: 0,
  parameters: [],
  settings: {},
});

/** Carries out steps that see the budget term alone. */
export async function stepWithoutImages(hooks: Begun, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const before = position(step, steps);
    await hooks.beforeStep?.(before);
    const { value: loss, grads } = tidy(() => {
      return variableGrads(() => {
        hooks.gates();
        return hooks.extraLoss();
      }, [...hooks.variables]);
    });
    const gradients = new Map<string, Tensor>(Object.entries(grads));
    hooks.updateVariables?.({ ...before, gradients, loss });
    dispose([loss, ...gradients.values()]);
  }
}

export function images(count: number, shape: readonly [number, number, number], seed: number): Tensor4D {
  const random = createRandom(seed);
  const values = Float32Array.from({ length: count * shape[0] * shape[1] * shape[2] }, () => random.normal());
  return tensor4d(values, [count, ...shape]);
}

/** Scores of both signs for every gate. */
export function mixedScores(layout: GateLayout, seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: layout.count }, () => random.normal(0.3, 1));
}

/** Straight-through gates of all groups, from one vector of scores. */
export function allGates(layout: GateLayout, scores: Tensor1D, temperature = 1): Tensor1D {
  const sizes = layout.groups.map(({ group }) => group.size);
  const own = sizes.length === 1 ? [scores] : split(scores, sizes);
  return concat1d(layout.groups.map(({ least }, at) => straightThrough(own[at] as Tensor1D, least, temperature)));
}

export function openOf(layout: GateLayout, scores: Float32Array): Float32Array {
  const open = new Float32Array(layout.count);
  for (const { start, least, group } of layout.groups) {
    open.set(openUnits(scores.subarray(start, start + group.size), least), start);
  }
  return open;
}

export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? NaN))), 0);

export async function valuesOf(tensor: Tensor): Promise<Float32Array> {
  return Float32Array.from(await tensor.data<'float32'>());
}

export async function logitsOf(loaded: LoadedNetwork, batch: Tensor4D, gates?: Gates): Promise<Float32Array> {
  const logits = loaded.forward(batch, { gates });
  const values = await valuesOf(logits);
  logits.dispose();
  return values;
}

export const allValues = (values: Readonly<Record<LayerId, Float32Array>>): number[] =>
  Object.values(values).flatMap((own) => [...own]);

export function withTensors(network: Network, changes: Tensors): Network {
  return { ...network, tensors: { ...network.tensors, ...changes } };
}

/** `tensor` with its slices along `axis` in another order. */
export function reordered({ shape, values }: Tensors[string], axis: number, order: readonly number[]): Tensors[string] {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const length = shape[axis] ?? 1;
  const moved = Float32Array.from(values, (_, at) => {
    const block = Math.floor(at / (length * inner));
    const place = Math.floor(at / inner) % length;
    return values[(block * length + (order[place] ?? 0)) * inner + (at % inner)] ?? NaN;
  });
  return { shape, values: moved };
}

export function tensorOf({ tensors }: Network, name: string): Tensors[string] {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`There is no tensor "${name}".`);
  return tensor;
}

/** Closed gates of the network by layer, as the trained module would leave them, and the cut they come to. */
export async function gatedAndCut(network: Network, budget: number) {
  const hooks = await beginDagger(network, { budget, seed: 4 });
  try {
    const layout = gateLayout(network.graph);
    // Away from the start, where everything is open.
    const scores = mixedScores(layout, 6);
    for (const { start, group } of layout.groups) {
      const offset = hooks.variables.find(({ name }) => name === `dagger.${group.id}.offset`);
      tidy(() => offset?.assign(sum(tensor1d([(scores[start] ?? 0) - 1]))));
    }
    const plan = await hooks.decideCut?.({ ...openRules, budget });
    if (plan === undefined) throw new Error('Dagger decides the cut.');
    const open = new Float32Array(layout.count).fill(1);
    for (const [layer, channels] of Object.entries(plan.removed)) {
      for (const at of channels) open[layout.gateOf[layout.table.unitsOf.get(layer)?.[at] ?? -1] ?? -1] = 0;
    }
    return { layout, plan, open, cut: cutChannels(network, plan.removed) };
  } finally {
    hooks.dispose?.();
  }
}

export function gatesAt(
  layout: GateLayout,
  open: Float32Array,
  skip: (layer: LayerId) => boolean = () => false,
): Gates {
  const entries = [...layout.places].flatMap(([layer, own]) =>
    skip(layer) ? [] : [[layer, tensor1d(Float32Array.from(own, (gate) => open[gate] ?? 1))] as const],
  );
  return new Map(entries);
}
