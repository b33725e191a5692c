/** The cuts of trained rank pruning on the device: which kernels, what each cut found, the directions of the penalty. */
import { add, mul, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { readValues, toDevice } from '../../compute/eager/transfer';
import type { Parameter } from '../../compute/executor';
import { MatrixError } from '../../linalg/svd';
import { truncateMatrix } from '../../linalg/truncation';
import type { LayerId, Network, TensorName, Tensors } from '../../network/graph';
import { eligibleLayers, foldKernel, unfoldKernel, type Scheme } from '../../network/low-rank';
import { createTurns } from '../../training/turns';

/** What the last cut found in one kernel. */
export interface KernelCut {
  readonly layers: readonly LayerId[];
  /** Singular values before the cut, and before the first one of the stage. */
  readonly spectrum: Float32Array;
  readonly before: Float32Array;
  /** Directions that were kept. */
  readonly rank: number;
}

export interface KernelCuts {
  readonly scheme: Scheme;
  /** Latest results, in forward order; empty before the first cut. */
  readonly found: () => readonly KernelCut[];
  /**
   * Puts every kernel's truncation in its place, dropping at most `energy` (share of 1) of each; with `directions`, keeps
   * the sub-gradients of the nuclear norm there. A kernel that is not finite is left alone: the loss will tell. Gives the
   * event loop a turn after every kernel.
   */
  cut(energy: number, directions: boolean): Promise<void>;
  /** Adds `weight` times the direction to the gradient of every kernel that has one. */
  addDirections(gradients: Map<string, Tensor>, weight: number): void;
  forgetDirections(): void;
  readState(): Promise<Tensors>;
  writeState(state: Tensors): void;
  dispose(): void;
}

interface CutKernel {
  readonly name: TensorName;
  readonly parameter: Parameter;
  readonly layers: readonly LayerId[];
}

export function createKernelCuts(
  { graph }: Network,
  parameters: readonly Parameter[],
  { scheme, include1x1 }: { readonly scheme: Scheme; readonly include1x1: boolean },
): KernelCuts {
  const kernels = cutKernels(
    eligibleLayers(graph, { include1x1 }).map(({ id, kernel }) => ({ id, kernel })),
    parameters,
  );
  const latest = new Map<TensorName, KernelCut>();
  const directions = new Map<TensorName, Tensor>();
  const turns = createTurns();
  const forget = (name: TensorName): void => {
    directions.get(name)?.dispose();
    directions.delete(name);
  };

  const cutOne = (kernel: CutKernel, values: Float32Array, energy: number, wanted: boolean): void => {
    const { name, layers, parameter } = kernel;
    const { shape } = parameter.value;
    forget(name);
    const { rows, cols, values: matrix } = unfoldKernel({ shape, values }, scheme);
    const found = orUndefined(() => truncateMatrix(rows, cols, matrix, energy));
    if (found === undefined) return;
    const { rank } = found;
    const spectrum = Float32Array.from(found.spectrum);
    latest.set(name, { layers, spectrum, rank, before: latest.get(name)?.before ?? spectrum });
    const put = (numbers: Float64Array): Tensor => toDevice(foldKernel(numbers, shape, scheme));
    if (energy > 0 && rank < spectrum.length) tidy(() => parameter.value.assign(put(found.matrix)));
    if (wanted) directions.set(name, put(found.direction()));
  };

  return {
    scheme,
    found: () => kernels.flatMap(({ name }) => latest.get(name) ?? []),
    async cut(energy, wanted) {
      const values = await readValues(kernels.map(({ parameter }) => parameter.value));
      for (const [index, kernel] of kernels.entries()) {
        cutOne(kernel, values[index] ?? new Float32Array(), energy, wanted);
        await turns.next();
      }
    },
    addDirections(gradients, weight) {
      if (weight === 0) return;
      for (const [name, direction] of directions) {
        const gradient = gradients.get(name);
        if (gradient === undefined) continue;
        gradients.set(
          name,
          tidy(() => add(gradient, mul(direction, weight))),
        );
        gradient.dispose();
      }
    },
    forgetDirections: () => [...directions.keys()].forEach(forget),
    async readState() {
      const names = [...directions.keys()];
      const held = await readValues([...directions.values()]);
      const entries = kernels.flatMap(({ name, parameter }) => {
        const cut = latest.get(name);
        if (cut === undefined) return [];
        const row = (values: Float32Array) => ({ shape: [values.length], values });
        const at = names.indexOf(name);
        const direction = at < 0 ? undefined : held[at];
        return [
          [`trp.${name}.spectrum`, row(cut.spectrum)] as const,
          [`trp.${name}.before`, row(cut.before)] as const,
          [`trp.${name}.rank`, row(Float32Array.of(cut.rank))] as const,
          ...(direction === undefined
            ? []
            : [[`trp.${name}.direction`, { shape: parameter.value.shape, values: direction }] as const]),
        ];
      });
      return Object.fromEntries(entries);
    },
    writeState(state) {
      for (const { name, layers } of kernels) {
        const [spectrum, before, rank] = ['spectrum', 'before', 'rank'].map((part) => state[`trp.${name}.${part}`]);
        if (spectrum === undefined || before === undefined || rank === undefined) continue;
        latest.set(name, {
          layers,
          spectrum: spectrum.values,
          before: before.values,
          rank: rank.values[0] ?? 1,
        });
        forget(name);
        const direction = state[`trp.${name}.direction`];
        if (direction !== undefined) directions.set(name, toDevice(direction));
      }
    },
    dispose() {
      [...directions.keys()].forEach(forget);
      turns.close();
    },
  };
}

/** Layers that share a kernel are cut together. */
function cutKernels(
  layers: readonly { readonly id: LayerId; readonly kernel: TensorName }[],
  parameters: readonly Parameter[],
): readonly CutKernel[] {
  const names = [...new Set(layers.map(({ kernel }) => kernel))];
  return names.flatMap((name) => {
    const parameter = parameters.find((candidate) => candidate.name === name);
    const users = layers.filter(({ kernel }) => kernel === name).map(({ id }) => id);
    return parameter === undefined ? [] : [{ name, parameter, layers: users }];
  });
}

/** Undefined where the matrix holds numbers that are not finite. */
function orUndefined<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof MatrixError) return undefined;
    throw error;
  }
}
