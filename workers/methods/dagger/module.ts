/**
 * The Dagger module: a small network per channel group that reads the group's pretrained weights and writes one score per
 * unit. Its variables are all that trains; no image ever reaches it.
 *
 *     u = relu(D W1 / d + b1) W2 / sqrt(h)          s = alpha n + (u - mean(u)) + beta
 *
 * for d inputs and h hidden units. Adam moves every weight by about its rate, however small the gradient, so a sum of many
 * of them jumps where a single one creeps. The divisors keep scores near the pace of `free`, whatever the widths (the idea
 * of Yang et al. 2021, "Tensor Programs V", table 3: Adam's rate falls with the fan-in); W1 begins d times as large as by
 * He. (`squeeze`, whose units share their hidden ones, still gets up to ten times as fast in 200 steps.)
 *
 * with the descriptor D and the prior n of `descriptor.ts`. `squeeze` puts one pass over the whole group in place of u
 * (every unit sees all the others), `free` a plain vector that sees no weight.
 */
import {
  add,
  customGrad,
  keep,
  matMul,
  mean,
  mul,
  relu,
  reshape,
  scalar,
  sub,
  tensor1d,
  tensor2d,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { Network } from '../../network/graph';
import { namedVariable } from '../../training/named-variable';
import { describeWeights, type Descriptor } from './descriptor';
import type { GateGroup } from './gate-layout';

export type ModuleKind = 'mlp' | 'squeeze' | 'free';

export interface ModuleOptions {
  readonly network: Network;
  readonly groups: readonly GateGroup[];
  readonly kind: ModuleKind;
  /** Hidden units of `mlp`. */
  readonly hidden: number;
  /** alpha: weight of the magnitude prior. */
  readonly prior: number;
  /** First value of every group's beta. */
  readonly offset: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface DaggerModule {
  readonly variables: readonly Variable[];
  /** s of every group, `[units]` each, differentiable in the variables. */
  scores(): Tensor1D[];
  dispose(): void;
}

/** Throws `NetworkError` when a kernel is missing. */
export function createDaggerModule(options: ModuleOptions): DaggerModule {
  const variables: Variable[] = [];
  const constants: Tensor[] = [];
  const constant = <T extends Tensor>(tensor: T): T => {
    constants.push(keep(tensor));
    return tensor;
  };
  const heads = options.groups.map(({ group }) => {
    const descriptor = describeWeights(options.network, group);
    const train = (name: string, shape: readonly number[], draw: () => number): Variable => {
      const size = shape.reduce((product, axis) => product * axis, 1);
      const values = Float32Array.from({ length: size }, draw);
      const made = namedVariable(`dagger.${group.id}.${name}`, shape, values);
      variables.push(made);
      return made;
    };
    const opinion = opinions[options.kind](descriptor, options, train, constant);
    const offset = train('offset', [], () => options.offset);
    const prior = constant(tensor1d(descriptor.prior.map((value) => options.prior * value)));
    return (): Tensor1D => {
      const own = opinion();
      return add(add(prior, sub(own, mean(own))), offset);
    };
  });
  return {
    variables,
    scores: () => heads.map((head) => head()),
    dispose() {
      for (const tensor of [...variables, ...constants]) tensor.dispose();
    },
  };
}

type Train = (name: string, shape: readonly number[], draw: () => number) => Variable;
type Constant = <T extends Tensor>(tensor: T) => T;
/** Makes a group's variables and returns how its `u` comes from them. */
type Opinion = (descriptor: Descriptor, options: ModuleOptions, train: Train, constant: Constant) => () => Tensor1D;

const opinions: Readonly<Record<ModuleKind, Opinion>> = {
  mlp({ values, width }, { hidden, random }, train, constant) {
    const units = values.length / width;
    const times = constantMean(values, [units, width], constant);
    const first = train('w1', [width, hidden], scaledHeUniform(width, random));
    const bias = train('b1', [hidden], () => 0);
    const second = train('w2', [hidden, 1], smallNormal(random));
    return () => reshape(readOut(relu(add(times(first), bias)), second), [units]);
  },

  squeeze({ values, width }, { random }, train, constant) {
    const units = values.length / width;
    const squeezed = Float32Array.from({ length: units }, (_, unit) => {
      return values.subarray(unit * width, (unit + 1) * width).reduce((sum, value) => sum + value, 0) / width;
    });
    const hidden = Math.max(4, Math.floor(units / 4));
    const times = constantMean(squeezed, [1, units], constant);
    const first = train('w1', [units, hidden], scaledHeUniform(units, random));
    const bias = train('b1', [hidden], () => 0);
    const second = train('w2', [hidden, units], smallNormal(random));
    const last = train('b2', [units], () => 0);
    return () => add(reshape(readOut(relu(add(times(first), bias)), second), [units]), last);
  },

  free({ prior }, _options, train) {
    const own = train('logits', [prior.length], () => 0);
    return () => add(own, scalar(0));
  },
};

/**
 * `D W / d` for a constant D of d columns, whose transpose is kept: tfjs's own gradient transposes inside the product,
 * slowly on WASM.
 */
function constantMean(
  values: Float32Array,
  [rows, columns]: readonly [number, number],
  constant: Constant,
): (weights: Tensor) => Tensor2D {
  const shares = values.map((value) => value / columns);
  const matrix = constant(tensor2d(shares, [rows, columns]));
  const turned = Float32Array.from(shares, (_, at) => shares[(at % rows) * columns + Math.floor(at / rows)] ?? 0);
  const transposed = constant(tensor2d(turned, [columns, rows]));
  const product = customGrad((weights) => ({
    value: matMul(matrix, weights as Tensor2D),
    gradFunc: (dy: Tensor) => matMul(transposed, dy as Tensor2D),
  }));
  return (weights) => product(weights) as Tensor2D;
}

/** `H W / sqrt(h)` for h hidden units. */
function readOut(hidden: Tensor2D, weights: Tensor): Tensor2D {
  return mul(matMul(hidden, weights as Tensor2D), scalar(1 / Math.sqrt(hidden.shape[1])));
}

/** `fanIn` times He et al. 2015, in its uniform form of variance 2 / fan-in. */
function scaledHeUniform(fanIn: number, random: () => number): () => number {
  const limit = Math.sqrt(6 * fanIn);
  return () => limit * (2 * random() - 1);
}

/** Normal with deviation 0.01 (Box & Muller 1958). */
function smallNormal(random: () => number): () => number {
  return () => 0.01 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
