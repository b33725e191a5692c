/** For tests: a small network with kernels to cut and ones to leave alone, trained for a few steps. */
import type { Executor, LoadedNetwork } from '../../compute/executor';
import { jacobiSvd } from '../../linalg/jacobi-reference';
import type { Network, Tensor as HostTensor, Tensors } from '../../network/graph';
import { foldKernel, unfoldKernel, type Scheme } from '../../network/low-rank';
import { networkFromText } from '../../network/text';
import { createControl } from '../../training/control';
import { train, type Checkpoint } from '../../training/loop';
import { tinyDataset, tinySettings } from '../../training/tiny-task';
import type { MethodHooks, SettingValues } from '../method';
import { testContext } from '../test-context';
import { trp } from '../trp';

export const dataset = tinyDataset(96, 12);

/** Two kernels to cut (`a`, and `b` with stride and bias), and one of each kind that is left alone. */
const text = `input 8x8x3 / stem = conv 8 3x3 p1 / bn / relu / a = conv 10 3x3 p1 / bn / relu /
  b = conv 12 3x3 s2 p1 bias / relu / point = conv 8 1x1 / relu / deep = depthwise 3x3 p1 / bn / relu /
  globalPool / fc = dense 3 bias`;
export const network = (): Network => networkFromText(text, 3);

export function kernelOf(tensors: Tensors, name: string): HostTensor {
  const kernel = tensors[`${name}.kernel`];
  if (kernel === undefined) throw new Error(`There must be a kernel of ${name}.`);
  return kernel;
}

/** The truncated kernel and the direction of the penalty, by the independent decomposition. */
export function expectedCut(kernel: HostTensor, scheme: Scheme, energy: number) {
  const { rows, cols, values } = unfoldKernel(kernel, scheme);
  const { u, s, v } = jacobiSvd(rows, cols, values);
  const energies = [...s].map((value) => value * value);
  const total = energies.reduce((sum, value) => sum + value, 0);
  let rank = 1;
  const kept = (): number => energies.slice(0, rank).reduce((sum, value) => sum + value, 0);
  while (total - kept() > energy * total) rank++;
  const product = (weight: (value: number) => number): HostTensor => {
    const values = Float64Array.from({ length: rows * cols }, (_, at) => {
      const [i, j] = [Math.floor(at / cols), at % cols];
      let sum = 0;
      for (let c = 0; c < rank; c++) sum += (u[i * s.length + c] ?? 0) * weight(s[c] ?? 0) * (v[j * s.length + c] ?? 0);
      return sum;
    });
    return foldKernel(values, kernel.shape, scheme);
  };
  return { rank, cut: product((value) => value), direction: product(() => 1) };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? NaN))), 0);
}

export function begun(loaded: LoadedNetwork, settings: SettingValues, from = network()): Promise<MethodHooks> {
  return trp.begin(testContext(trp, from, { settings, loaded, dataset }));
}

export const all = (settings: SettingValues): SettingValues => ({
  ...Object.fromEntries(Object.entries(trp.settings).map(([name, setting]) => [name, setting.default])),
  ...settings,
});

export interface Trained {
  readonly tensors: Tensors;
  readonly checkpoints: readonly Checkpoint[];
  readonly decided: Awaited<ReturnType<NonNullable<MethodHooks['decideRanks']>>> | undefined;
}

export interface TrainedOptions {
  readonly from?: Network;
  readonly epochs?: number;
  readonly resume?: Checkpoint;
  readonly every?: number;
}

/** Trains `from` for `epochs` of 6 steps; with TRP where there are settings. */
export async function trainedOn(
  executor: Executor,
  settings: SettingValues | undefined,
  options: TrainedOptions = {},
): Promise<Trained> {
  const from = options.from ?? network();
  const loaded = executor.load(from);
  const hooks = settings && (await begun(loaded, settings, from));
  const checkpoints: Checkpoint[] = [];
  try {
    if (options.resume !== undefined) loaded.assign(options.resume.network);
    await train({
      executor,
      loaded,
      dataset,
      normalisation: dataset.normalisation,
      settings: { ...tinySettings, epochs: options.epochs ?? 1 },
      seed: 5,
      control: createControl(),
      hooks,
      methodSettings: () => all(settings ?? {}),
      resume: options.resume,
      checkpoint: {
        everySeconds: options.every ?? 1000,
        save: async (checkpoint) => void checkpoints.push(checkpoint),
      },
    });
    return { tensors: await loaded.readBack(), checkpoints, decided: await hooks?.decideRanks?.(1) };
  } finally {
    hooks?.dispose?.();
    loaded.dispose();
  }
}
