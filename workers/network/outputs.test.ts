import { expect, it } from 'vitest';
import type { Network } from './graph';
import { channelGroups } from './groups';
import { withOutputs } from './outputs';
import { runReference } from './reference';
import { networkFromText } from './text';
import { validateNetwork } from './validate';

/** conv1, conv2 and the answer are outputs, as in files made to be looked into; `side` leads to none but its own. */
function lookedInto(): Network {
  const network = networkFromText(
    'input 4x4x3 / conv1 = conv 6 3x3 p1 / conv2 = conv 5 3x3 p1 / pool = globalPool / answer = dense 2 bias',
    1,
  );
  const outputs = ['conv1', 'conv2', 'answer'];
  const port = (name: string, rank: number) => ({ name, layout: 'NHWC' as const, rank });
  const origin = {
    format: 'tfjs-layers' as const,
    inputs: [port('input', 4)],
    outputs: [port('Identity', 4), port('Identity_1', 4), port('Identity_2', 2)],
    elements: 'float32' as const,
  };
  return { ...network, graph: { ...network.graph, outputs }, meta: { ...network.meta, origin } };
}

it('with the last output alone, filters that were locked by theirs are free, and the answer is the same', () => {
  const network = lookedInto();
  expect(channelGroups(network.graph).filter(({ locked }) => locked === undefined)).toEqual([]);
  const one = withOutputs(network, ['Identity_2']);
  validateNetwork(one);
  expect(one.graph.outputs).toEqual(['answer']);
  expect(one.meta.origin?.outputs.map(({ name }) => name)).toEqual(['Identity_2']);
  const free = channelGroups(one.graph).filter(({ locked }) => locked === undefined);
  expect(free.map(({ members }) => members[0]?.layer)).toEqual(['conv1', 'conv2']);
  const images = { shape: [1, 4, 4, 3], values: Float32Array.from({ length: 48 }, (_, at) => Math.sin(at)) };
  expect(runReference(one, images).outputs[0]?.values).toEqual(runReference(network, images).outputs[2]?.values);
});

it('what leads to no output goes, with its tensors', () => {
  const { graph, tensors } = withOutputs(lookedInto(), ['conv1']);
  expect(graph.layers.map(({ id }) => id)).toEqual(['input', 'conv1']);
  expect(Object.keys(tensors)).toEqual(['conv1.kernel']);
});

it('says which outputs there are', () => {
  expect(() => withOutputs(lookedInto(), ['conv3'])).toThrow(
    'The network has no output "conv3", only conv1, conv2, answer.',
  );
  expect(() => withOutputs(lookedInto(), [])).toThrow('A network needs an output.');
});
