import { expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { runReference } from '../network/reference';
import { buildZooNetwork } from '../network/zoo';
import { writeNetworkFile } from './network-file';
import { maxAbsDifference, proveFile } from './proof';

it('finds the logits of the network that was written, and notices another one', async () => {
  const network = buildZooNetwork({
    architecture: 'resnet8',
    shortcut: 'projection',
    widths: [2, 3, 4],
    classes: 3,
    seed: 1,
  });
  const random = createRandom(5);
  const shape = [2, 32, 32, 3];
  const images = Float32Array.from({ length: 2 * 32 * 32 * 3 }, () => random.normal(0, 1));
  const logits = runReference(network, { shape, values: images }).outputs[0]?.values ?? [];
  const proof = await proveFile({
    files: [new File([await writeNetworkFile(network)], 'n.safetensors')],
    shape,
    images,
  });
  expect(proof.logits).toHaveLength(6);
  expect(maxAbsDifference(proof.logits, logits)).toBe(0);

  const bias = { shape: [3], values: Float32Array.of(0, 0.25, 0) };
  const other = { ...network, tensors: { ...network.tensors, 'classifier.bias': bias } };
  const second = await proveFile({
    files: [new File([await writeNetworkFile(other)], 'n.safetensors')],
    shape,
    images,
  });
  expect(maxAbsDifference(second.logits, logits)).toBeCloseTo(0.25, 6);
  expect(second.hash).not.toBe(proof.hash);
});

it('never calls a comparison without numbers equal', () => {
  expect(maxAbsDifference([], [])).toBe(Infinity);
  expect(maxAbsDifference([1, NaN], [1, NaN])).toBe(Infinity);
  expect(maxAbsDifference([1], [1, 2])).toBe(Infinity);
  expect(maxAbsDifference([1, 2], [1, 2.5])).toBe(0.5);
});
