/** For tests: the same images through ONNX Runtime and through our float64 interpreter. */
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { createRandom, type Random } from '../../linalg/random';
import type { Network, OriginPort } from '../../network/graph';
import { runReference } from '../../network/reference';
import { sizeOf } from '../../network/shapes';

env.wasm.numThreads = 1;
env.logLevel = 'error';

/** Rearranges between our `[n, h, w, c]` and `[n, c, h, w]`; other shapes stay. */
function turned(values: ArrayLike<number>, shape: readonly number[], toChannelsFirst: boolean): Float32Array {
  if (shape.length !== 4) return Float32Array.from(values);
  const [n = 1, h = 1, w = 1, c = 1] = shape;
  const out = new Float32Array(values.length);
  for (let image = 0; image < n; image++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++)
        for (let k = 0; k < c; k++) {
          const ours = ((image * h + y) * w + x) * c + k;
          const theirs = ((image * c + k) * h + y) * w + x;
          if (toChannelsFirst) out[theirs] = values[ours] ?? NaN;
          else out[ours] = values[theirs] ?? NaN;
        }
  return out;
}

/** Sizes that the file's input has for `images` images of our `shape`. */
function fileDims(shape: readonly number[], port: OriginPort, images: number): readonly number[] {
  const [h = 1, w = 1, c = 1] = shape;
  if (shape.length === 1) return [images, h];
  if (port.rank === 3) return [images, c, h];
  return port.layout === 'NHWC' ? [images, h, w, c] : [images, c, h, w];
}

/** All outputs of a file with one input, in ONNX Runtime, by name. */
export async function ranByRuntime(bytes: Uint8Array, name: string, dims: readonly number[]) {
  const random = createRandom(7);
  const values = Float32Array.from({ length: sizeOf(dims) }, () => random.normal());
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const outputs = await session.run({ [name]: new Tensor('float32', values, dims) });
  const read = Object.fromEntries(Object.entries(outputs).map(([key, { data }]) => [key, data as Float32Array]));
  await session.release();
  return read;
}

export interface Compared {
  /** Largest absolute difference over all outputs, relative to the largest number of each. */
  readonly difference: number;
  /** Largest number of any output: zeros would be equal to anything. */
  readonly largest: number;
  /** Sizes of ONNX Runtime's outputs. */
  readonly dims: readonly (readonly number[])[];
}

/**
 * Runs `bytes` in ONNX Runtime and `network` in the float64 interpreter on the same random images and compares the
 * outputs that the network's origin names, in the file's layout.
 */
export async function compare(
  network: Network,
  bytes: Uint8Array,
  images = 1,
  draw = (random: Random) => random.normal(),
): Promise<Compared> {
  const input = network.graph.layers.find((layer) => layer.op === 'input');
  const port = network.meta.origin?.inputs[0];
  if (input?.op !== 'input' || port === undefined) throw new Error('The network has no input with an origin.');
  const random = createRandom(7);
  const shape = [images, ...input.shape];
  const values = Float32Array.from({ length: sizeOf(shape) }, () => draw(random));
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const fed = port.layout === 'NHWC' ? values : turned(values, shape, true);
  const theirs = await session.run({ [port.name]: new Tensor('float32', fed, fileDims(input.shape, port, images)) });
  const { outputs } = runReference(network, { shape, values });
  let [difference, largest] = [0, 0];
  const dims: (readonly number[])[] = [];
  outputs.forEach((output, at) => {
    const named = network.meta.origin?.outputs[at];
    const found = theirs[named?.name ?? ''];
    if (named === undefined || found === undefined) throw new Error(`ONNX Runtime gives no output "${named?.name}".`);
    dims.push(found.dims);
    const data = found.data as Float32Array;
    const ours = named.layout === 'NHWC' ? Float32Array.from(output.values) : turned(output.values, output.shape, true);
    const most = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    if (data.length !== ours.length) throw new Error(`${named.name} has ${data.length} numbers, ours ${ours.length}.`);
    const worst = data.reduce((a, b, place) => {
      const apart = Math.abs(b - (ours[place] ?? NaN));
      return apart <= a ? a : Number.isNaN(apart) ? Infinity : apart;
    }, 0);
    difference = Math.max(difference, worst / Math.max(most, 1e-30));
    largest = Math.max(largest, most);
  });
  await session.release();
  return { difference, largest, dims };
}
