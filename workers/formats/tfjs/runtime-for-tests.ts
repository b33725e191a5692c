/** For tests: a LayersModel run by TF.js itself. */
import '@tensorflow/tfjs-backend-cpu';
import { dispose, io, setBackend, tensor } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';

/** All outputs of a model of one shard for `images`, in the model's order. */
export async function runLayersModel(
  json: Uint8Array,
  shard: Uint8Array<ArrayBuffer>,
  images: { readonly shape: readonly number[]; readonly values: Float32Array },
): Promise<readonly Float32Array[]> {
  await setBackend('cpu');
  const model = JSON.parse(new TextDecoder().decode(json));
  const [{ weights }] = model.weightsManifest;
  const artifacts = { ...model, weightSpecs: weights, weightData: shard.buffer.slice(0) };
  const loaded = await loadLayersModel(io.fromMemory(artifacts));
  const input = tensor(images.values, [...images.shape]);
  const outputs = [loaded.predict(input)].flat();
  const values = await Promise.all(outputs.map((output) => output.data<'float32'>()));
  dispose([input, ...outputs]);
  loaded.dispose();
  return values;
}
