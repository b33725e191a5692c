/** Every kind of layer in every format that is written and run elsewhere: ONNX Runtime and TF.js answer as we do. */
import { expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { runReference } from '../network/reference';
import { sizeOf } from '../network/shapes';
import { writeNetworkFiles } from './index';
import { layerCases, layerNetwork, refusal } from './layer-cases-for-tests';
import { proven } from './onnx/proof-for-tests';
import { maxAbsDifference } from './proof';
import { runLayersModel } from './tfjs/runtime-for-tests';

it.each(Object.entries(layerCases))('%s', async (_name, text) => {
  const network = layerNetwork(text);
  await proven(network);
  if ((await refusal(network, 'tfjs-layers')) !== null) return;
  const [json, shard] = await writeNetworkFiles(network, 'tfjs-layers', 'net');
  const shape = [2, 6, 8, 4];
  const random = createRandom(9);
  const values = Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
  const ours = runReference(network, { shape, values }).outputs[0]?.values ?? new Float64Array();
  const [theirs] = await runLayersModel(json?.bytes ?? new Uint8Array(), shard?.bytes ?? new Uint8Array(), {
    shape,
    values,
  });
  const largest = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(1e-3);
  expect(maxAbsDifference(theirs ?? [], ours)).toBeLessThan(1e-5 * Math.max(1, largest));
});
