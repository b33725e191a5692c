/**
 * Closed-form reconstruction: after a cut, each layer's weights are moved so that it gives again what the original's
 * layer gave, on a probe set. No labels, no gradients.
 *
 * Layer by layer, forward: with X the inputs the layer now gets (from the layers before, already moved) and Y what the
 * original's layer put out before its batch norm, W + D minimises |X (W + D) - Y|^2 + ridge |D|^2. That is the least
 * squares step of He, Zhang and Sun, "Channel Pruning for Accelerating Very Deep Neural Networks" (2017), eq. 2 with the
 * channels given; the ridge towards the present weights is ours. So a cut that lost nothing is left as it is, and no
 * layer does worse on the probe than before. Errors that reach a block's output over its shortcut stay.
 */
import { tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import type { Executor, LoadedNetwork } from '../compute/executor';
import { createRandom, type Random } from '../linalg/random';
import { ridgeChange } from '../linalg/ridge';
import type { ChannelIndex, ConvLayer, DenseLayer, Graph, LayerId, Network, Shape } from '../network/graph';
import { inferShapes } from '../network/shapes';
import { plainBatches, type ImageSource } from './batching';
import { createTurns, inTurns } from './turns';

export interface ReconstructOptions extends ImageSource {
  readonly executor: Executor;
  readonly original: Network;
  readonly cut: Network;
  /** Channels of the original's `layer` that the cut network has, in order; undefined when that is not known. */
  readonly kept: (layer: LayerId) => readonly ChannelIndex[] | undefined;
  /** Images of the probe, drawn from the split by `seed`. */
  readonly images: number;
  readonly seed: number;
  /** Share of the mean square of the inputs. Default 1e-3. */
  readonly ridge?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface ReconstructedLayer {
  readonly layer: LayerId;
  /** Mean square error against the original on the probe. */
  readonly before: number;
  readonly after: number;
}

export interface Reconstruction {
  readonly network: Network;
  readonly layers: readonly ReconstructedLayer[];
}

const BATCH = 64;
/** Places sampled in each image. */
const PLACES = 16;
/** More inputs than this per filter would take minutes to solve: such layers stay as they are. */
const MOST_INPUTS = 2400;
const RIDGE = 1e-3;

type SolvedLayer = ConvLayer | DenseLayer;

/** A layer of the cut network, the original's it stands for, and the places of its output that are compared. */
interface Task {
  readonly layer: SolvedLayer;
  readonly target: LayerId;
  readonly kept: readonly ChannelIndex[];
  readonly input: Shape;
  readonly output: Shape;
  /** `[images, places]`, positions in the output plane. */
  readonly places: Uint32Array;
}

/** Reconstructs every ungrouped convolution and dense layer it can. Throws `DatasetError` without images. */
export async function reconstruct(options: ReconstructOptions): Promise<Reconstruction> {
  const { executor, original, cut, signal, onProgress } = options;
  const count = Math.min(options.images, options.split.count);
  const tasks = tasksOf(options, count);
  const turns = createTurns();
  const full = executor.load(original);
  const loaded = executor.load(cut);
  const layers: ReconstructedLayer[] = [];
  try {
    const targets = await sample(
      full,
      options,
      tasks.map(({ target }) => target),
      (values, layer, batch) => {
        const task = tasks[layer];
        return task === undefined ? [] : gatherOutputs(task, values, batch);
      },
    );
    for (const [at, task] of tasks.entries()) {
      signal.throwIfAborted();
      await turns.next();
      const [inputs = []] = await sample(loaded, options, [task.layer.inputs[0] ?? ''], (values, _, batch) =>
        gatherPatches(task, values, batch),
      );
      layers.push(await solve(loaded, task, inputs, targets[at] ?? [], options.ridge ?? RIDGE));
      onProgress?.(at + 1, tasks.length);
    }
    executor.check();
    return { network: await loaded.snapshot(), layers };
  } finally {
    turns.close();
    full.dispose();
    loaded.dispose();
  }
}

function tasksOf({ original, cut, kept, seed }: ReconstructOptions, count: number): readonly Task[] {
  const random = createRandom(seed).fork('reconstruct');
  const known = new Set(original.graph.layers.map(({ id }) => id));
  const shapes = inferShapes(cut.graph);
  const users = usersOf(cut.graph);
  return cut.graph.layers.flatMap((layer): readonly Task[] => {
    if (layer.op !== 'dense' && !(layer.op === 'conv' && layer.groups === 1)) return [];
    // The second half of a split layer stands for the whole one; a first half has nothing to be compared with.
    const target = known.has(layer.id) ? layer.id : layer.id.replace(/\.1$/, '');
    const channels = known.has(target) ? kept(target) : undefined;
    const [input, output] = [shapes.get(layer.inputs[0] ?? ''), shapes.get(layer.id)];
    if (channels === undefined || input === undefined || output === undefined) return [];
    if (inputsOf(layer, input) > MOST_INPUTS || (users.get(layer.kernel) ?? 0) > 1) return [];
    return [{ layer, target, kept: channels, input, output, places: drawPlaces(random.fork(layer.id), output, count) }];
  });
}

/** How often each kernel is used: one that several layers share cannot be moved for one of them. */
function usersOf({ layers }: Graph): ReadonlyMap<string, number> {
  const users = new Map<string, number>();
  for (const layer of layers) {
    if ('kernel' in layer) users.set(layer.kernel, (users.get(layer.kernel) ?? 0) + 1);
  }
  return users;
}

function drawPlaces(random: Random, output: Shape, count: number): Uint32Array {
  const plane = output.length === 3 ? output[0] * output[1] : 1;
  const each = Math.min(PLACES, plane);
  return Uint32Array.from({ length: count * each }, () => (plane === each ? 0 : random.integer(plane))).map(
    (place, at) => (plane === each ? at % each : place),
  );
}

/** Inputs of one filter, the bias's constant included. */
function inputsOf(layer: SolvedLayer, input: Shape): number {
  const taps = layer.op === 'conv' ? layer.kernelSize[0] * layer.kernelSize[1] : 1;
  return taps * (input.at(-1) ?? 1) + (layer.bias === undefined ? 0 : 1);
}

interface BatchPlace {
  readonly first: number;
  readonly count: number;
}

/** Shows the probe once and gathers what `read` takes of each layer's activations, by layer. */
async function sample(
  loaded: LoadedNetwork,
  options: ReconstructOptions,
  layers: readonly LayerId[],
  read: (values: Float32Array, layer: number, batch: BatchPlace) => readonly number[] | Float64Array,
): Promise<readonly Float64Array[][]> {
  const { shape, signal } = options;
  const found: Float64Array[][] = layers.map(() => []);
  let first = 0;
  for await (const batch of inTurns(plainBatches({ ...options, batchSize: BATCH }), signal)) {
    const images: Tensor4D = tensor(batch.images, [batch.count, ...shape]);
    const outputs = loaded.activations(images, [...new Set(layers)]);
    images.dispose();
    for (const [at, layer] of layers.entries()) {
      const values = await outputs.get(layer)?.data<'float32'>();
      if (values !== undefined) found[at]?.push(Float64Array.from(read(values, at, { first, count: batch.count })));
    }
    for (const output of outputs.values()) output.dispose();
    first += batch.count;
  }
  return found;
}

/** `[count * places, kept]` of the original's outputs. */
function gatherOutputs(task: Task, values: Float32Array, { first, count }: BatchPlace): Float64Array {
  const { output, kept, places } = task;
  const plane = output.length === 3 ? output[0] * output[1] : 1;
  const channels = values.length / (count * plane);
  const each = Math.min(PLACES, plane);
  const rows = new Float64Array(count * each * kept.length);
  let at = 0;
  for (let image = 0; image < count; image++) {
    for (let place = 0; place < each; place++) {
      const position = places[(first + image) * each + place] ?? 0;
      const from = (image * plane + position) * channels;
      for (const channel of kept) rows[at++] = values[from + channel] ?? 0;
    }
  }
  return rows;
}

/** `[count * places, inputs]`: what each sampled place of the output is computed from. */
function gatherPatches(task: Task, values: Float32Array, { first, count }: BatchPlace): Float64Array {
  const { layer, input, output, places } = task;
  const inputs = inputsOf(layer, input);
  const channels = input.at(-1) ?? 1;
  const [height, width] = input.length === 3 ? [input[0], input[1]] : [1, 1];
  const outWidth = output.length === 3 ? output[1] : 1;
  const each = Math.min(PLACES, output.length === 3 ? output[0] * output[1] : 1);
  const rows = new Float64Array(count * each * inputs);
  const { kernelSize, stride, padding, dilation } =
    layer.op === 'conv' ? layer : { kernelSize: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] };
  for (let image = 0, row = 0; image < count; image++) {
    for (let place = 0; place < each; place++, row++) {
      const position = places[(first + image) * each + place] ?? 0;
      const top = Math.floor(position / outWidth) * (stride[0] ?? 1) - (padding[0] ?? 0);
      const left = (position % outWidth) * (stride[1] ?? 1) - (padding[2] ?? 0);
      let at = row * inputs;
      for (let y = 0; y < (kernelSize[0] ?? 1); y++) {
        for (let x = 0; x < (kernelSize[1] ?? 1); x++, at += channels) {
          const [fromY, fromX] = [top + y * (dilation[0] ?? 1), left + x * (dilation[1] ?? 1)];
          if (fromY < 0 || fromY >= height || fromX < 0 || fromX >= width) continue;
          const from = ((image * height + fromY) * width + fromX) * channels;
          for (let channel = 0; channel < channels; channel++) rows[at + channel] = values[from + channel] ?? 0;
        }
      }
      if (layer.bias !== undefined) rows[row * inputs + inputs - 1] = 1;
    }
  }
  return rows;
}

/** Moves the weights of one layer on the device. */
async function solve(
  loaded: LoadedNetwork,
  { layer, input, kept }: Task,
  patches: readonly Float64Array[],
  targets: readonly Float64Array[],
  ridge: number,
): Promise<ReconstructedLayer> {
  const inputs = inputsOf(layer, input);
  const outputs = kept.length;
  const x = joined(patches);
  const rows = x.length / inputs;
  const valueOf = (name: string | undefined) => loaded.parameters.find((parameter) => parameter.name === name)?.value;
  const [kernel, bias] = [valueOf(layer.kernel), valueOf(layer.bias)];
  if (kernel === undefined) return { layer: layer.id, before: 0, after: 0 };
  const present = [await kernel.data<'float32'>(), (await bias?.data<'float32'>()) ?? new Float32Array()];
  const weights = joined(present);
  const residual = joined(targets);
  subtractProduct(residual, x, weights, inputs, outputs);
  const before = meanSquare(residual);
  const change = ridgeChange({ rows, inputs, values: x }, { outputs, values: residual }, ridge);
  subtractProduct(residual, x, change, inputs, outputs);
  const moved = Float32Array.from(weights, (weight, at) => weight + (change[at] ?? 0));
  const size = kernel.size;
  const replace = (variable: typeof kernel, values: Float32Array): void => {
    const fresh = tensor(values, variable.shape);
    variable.assign(fresh);
    fresh.dispose();
  };
  replace(kernel, moved.slice(0, size));
  if (bias !== undefined) replace(bias, moved.slice(size));
  return { layer: layer.id, before, after: meanSquare(residual) };
}

/** `residual -= X W`, in place. */
function subtractProduct(
  residual: Float64Array,
  x: Float64Array,
  w: Float64Array,
  inputs: number,
  outputs: number,
): void {
  for (let row = 0; row < residual.length / outputs; row++) {
    for (let input = 0; input < inputs; input++) {
      const value = x[row * inputs + input] ?? 0;
      if (value === 0) continue;
      const from = input * outputs;
      const to = row * outputs;
      for (let output = 0; output < outputs; output++) {
        residual[to + output] = (residual[to + output] ?? 0) - value * (w[from + output] ?? 0);
      }
    }
  }
}

function joined(parts: readonly (Float64Array | Float32Array)[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function meanSquare(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0) / Math.max(1, values.length);
}
