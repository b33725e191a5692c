/** Batch norm, what follows it, and the optimiser's update on the engine. Addresses are of tensors; 0 = absent. */
import { floatBits, type SimdEngine } from './simd-engine';

/** Pixels `[rows, channels]`. */
export interface PixelShape {
  readonly rows: number;
  readonly channels: number;
}

/** Fields of `assembly/pixel-blocks.ts`, in its order. */
interface Fields extends PixelShape {
  readonly input?: number;
  readonly output?: number;
  readonly gradient?: number;
  readonly residual?: number;
  readonly mask?: number;
  readonly gamma?: number;
  readonly beta?: number;
  readonly mean?: number;
  readonly variance?: number;
  readonly gammaGradient?: number;
  readonly betaGradient?: number;
  readonly rectified?: boolean;
  readonly epsilon?: number;
  readonly low?: number;
  readonly high?: number;
}

interface Job {
  readonly address: number;
  readonly blocks: number;
  readonly scratchBytes: number;
}

/** A block and what is made of it stay in a first-level cache. */
const blockBytes = 16 * 1024;

export interface Normalisation {
  readonly input: number;
  readonly output: number;
  readonly gamma: number;
  readonly beta: number;
  readonly mean: number;
  readonly variance: number;
  readonly epsilon: number;
  readonly residual: number;
  readonly rectified: boolean;
}

/** Writes the batch's mean and variance and the normalised, shifted, added and rectified output. */
export function normaliseBatchOn(engine: SimdEngine, shape: PixelShape, normalisation: Normalisation): void {
  const job = place(engine, { ...shape, ...normalisation });
  engine.run('moments', job.address, job.blocks, job.scratchBytes);
  engine.kernels.combineMoments(job.address);
  engine.run('normalise', job.address, job.blocks, job.scratchBytes);
}

/** `gamma` and `beta` are factor and summand per channel. */
export function scaleShiftOn(
  engine: SimdEngine,
  shape: PixelShape,
  scaling: Pick<Normalisation, 'input' | 'output' | 'gamma' | 'beta' | 'residual' | 'rectified'>,
): void {
  const job = place(engine, { ...shape, ...scaling });
  engine.kernels.spreadFactors(job.address);
  engine.run('normalise', job.address, job.blocks, job.scratchBytes);
}

/** `mask`: the rectified output, where one followed. */
export function normGradientsOn(
  engine: SimdEngine,
  shape: PixelShape,
  given: {
    readonly gradient: number;
    readonly input: number;
    readonly mask: number;
    readonly gamma: number;
    readonly mean: number;
    readonly variance: number;
    readonly epsilon: number;
    readonly output: number;
    readonly gammaGradient: number;
    readonly betaGradient: number;
  },
): void {
  const job = place(engine, { ...shape, ...given });
  engine.kernels.spreadMeans(job.address);
  engine.run('gradientSums', job.address, job.blocks, job.scratchBytes);
  engine.kernels.combineGradients(job.address);
  engine.run('normGradient', job.address, job.blocks, job.scratchBytes);
}

/** `gradient` where `mask` is above `low` and below `high`; `high` NaN: no bound. */
export function clipGradientOn(
  engine: SimdEngine,
  shape: PixelShape,
  given: {
    readonly gradient: number;
    readonly mask: number;
    readonly output: number;
    readonly low: number;
    readonly high: number;
  },
): void {
  const job = place(engine, { ...shape, ...given });
  engine.run('clipGradient', job.address, job.blocks, job.scratchBytes);
}

function place(engine: SimdEngine, fields: Fields): Job {
  const { rows, channels } = fields;
  const blockRows = Math.max(4, 4 * Math.floor(blockBytes / (16 * channels)));
  const blocks = Math.ceil(rows / blockRows);
  // A period is at most four rows.
  const periodBytes = 16 * channels;
  const address = engine.write(
    [
      ...[fields.input, fields.output, fields.gradient, fields.residual, fields.mask].map((given) => given ?? 0),
      engine.reserve('partials', 8 * blocks * channels),
      engine.reserve('constants', 4 * periodBytes),
      ...[fields.gamma, fields.beta, fields.mean, fields.variance].map((given) => given ?? 0),
      ...[fields.gammaGradient, fields.betaGradient].map((given) => given ?? 0),
    ],
    [],
    [
      rows,
      channels,
      blockRows,
      blocks,
      Number(fields.rectified ?? false),
      ...[fields.epsilon, fields.low, fields.high].map((value) => floatBits(value ?? 0)),
    ],
  );
  return { address, blocks, scratchBytes: 2 * periodBytes };
}
