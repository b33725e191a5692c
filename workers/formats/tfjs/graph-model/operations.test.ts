/** Every TensorFlow operation that is read: what we compute is what TF.js computes from the same file. */
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { io, setBackend, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../linalg/random';
import { runReference } from '../../../network/reference';
import { sizeOf } from '../../../network/shapes';
import { maxAbsDifference } from '../../proof';
import { openNetworkFiles } from '../../index';
import { graphCases } from './cases-for-tests';
import { graphModel, type GraphInit, node, normal, whole } from './model-for-tests';

const open = (init: GraphInit) => openNetworkFiles(graphModel(init).map(({ name, bytes }) => new File([bytes], name)));

/** What TF.js answers, output by output. */
async function answers(init: GraphInit, values: Float32Array, shape: readonly number[]) {
  const [json, shard] = graphModel(init);
  const model = JSON.parse(new TextDecoder().decode(json?.bytes));
  const artifacts = { ...model, weightSpecs: model.weightsManifest[0].weights, weightData: shard?.bytes.buffer };
  await setBackend('cpu');
  const loaded = await loadGraphModel(io.fromMemory(artifacts));
  const outputs = init.outputs ?? [init.nodes.at(-1)?.name ?? ''];
  const found = [loaded.execute({ x: tensor(values, [...shape]) }, [...outputs])].flat();
  return Promise.all(found.map((one) => one.data<'float32'>()));
}

describe('what is read computes what TF.js computes', () => {
  it.each(Object.entries(graphCases))('%s', async (_name, init) => {
    const { network, notes } = await open(init);
    expect(notes).toEqual([]);
    expect(network.graph.layers.filter(({ op }) => op === 'opaque')).toEqual([]);
    const [batch = -1, ...sizes] = init.input ?? [-1, 6, 8, 3];
    const shape = [batch === 1 ? 1 : 2, ...sizes];
    const random = createRandom(5);
    const values = Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
    const [theirs] = await answers(init, values, shape);
    const ours = runReference(network, { shape, values }).outputs[0]?.values ?? new Float64Array();
    const largest = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(1e-3);
    expect(maxAbsDifference(theirs ?? [], ours)).toBeLessThan(1e-5 * Math.max(1, largest));
  });
});

describe('operations with several outputs that are not read', () => {
  it('are opaque and locked, and the rest opens', async () => {
    const { network, notes } = await open({
      nodes: [
        node('c', 'Conv2D', ['x', 'k'], { strides: [1, 1, 1, 1], padding: 'SAME' }),
        node('t', 'TopKV2', ['c', 'two'], { sorted: true }),
        node('d', 'Conv2D', ['t:1', 'l'], { strides: [1, 1, 1, 1], padding: 'SAME' }),
        node('y', 'AddV2', ['d', 'c']),
      ],
      constants: { k: normal([3, 3, 3, 4]), two: whole([2], []), l: normal([1, 1, 4, 4], 2) },
    });
    const opaque = network.graph.layers.filter(({ op }) => op === 'opaque');
    expect(opaque).toHaveLength(1);
    expect(opaque[0]).toMatchObject({ operator: 'TopKV2' });
    expect(network.graph.layers.filter(({ op }) => op === 'conv')).toHaveLength(2);
    expect(notes.join(' ')).toContain('TopKV2');
  });
});
