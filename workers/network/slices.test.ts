import { describe, expect, it } from 'vitest';
import { cutChannels } from './cut';
import { channelGroups } from './groups';
import { initialTensors } from './initialise';
import { createRandom } from '../linalg/random';
import { sliceText, slicesOf } from './slices';
import { graphFromText } from './text';
import { buildZooGraph } from './zoo';

const graph = graphFromText(
  'input 8x8x3 / a = conv 4 3x3 p1 bias / bn = bn / relu / b = conv 2 3x3 p1 / flatten / fc = dense 3',
);

describe('slices that go with a filter', () => {
  it('are by hand: its kernel slice, bias, batch norm, and what reads it', () => {
    const texts = slicesOf(graph, 'a', 2).map(sliceText);
    expect(texts).toEqual([
      'filter 2 of a.kernel',
      'value 2 of a.bias',
      'value 2 of bn.gamma',
      'value 2 of bn.beta',
      'value 2 of bn.mean',
      'value 2 of bn.variance',
      'input slice 2 of b.kernel',
    ]);
    // 8 x 8 positions of channel 1 of 2, channel fastest.
    const [, dense] = slicesOf(graph, 'b', 1);
    expect(dense).toMatchObject({ tensor: 'fc.kernel', axis: 0, part: 'reads' });
    expect(dense?.indices).toEqual(Array.from({ length: 64 }, (_, pixel) => 2 * pixel + 1));
    expect(sliceText(dense ?? expect.fail())).toBe('input slices 1, 3, 5, 7, 9, 59 more of fc.kernel');
    expect(slicesOf(graph, 'a', 4)).toEqual([]);
    expect(slicesOf(graph, 'nowhere', 0)).toEqual([]);
  });

  it('take from every tensor exactly what a cut of the unit takes', () => {
    const resnet = buildZooGraph({ architecture: 'resnet8', shortcut: 'projection', widths: [3, 4, 5] });
    const network = {
      graph: resnet,
      tensors: initialTensors(resnet, createRandom(1)),
      meta: { name: 'r', history: [] },
    };
    for (const { locked, members } of channelGroups(resnet)) {
      const [first] = members;
      if (locked !== undefined || first === undefined) continue;
      const channel = first.channels[0]?.[0] ?? 0;
      const removed = Object.fromEntries(members.map(({ layer, channels }) => [layer, channels[0] ?? []]));
      const cut = cutChannels(network, removed);
      const lost = new Map<string, number[]>();
      for (const { tensor, axis, indices } of slicesOf(resnet, first.layer, channel)) {
        const shape = lost.get(tensor) ?? [...(network.tensors[tensor]?.shape ?? [])];
        shape[axis] = (shape[axis] ?? 0) - indices.length;
        lost.set(tensor, shape);
      }
      for (const [name, { shape }] of Object.entries(network.tensors)) {
        expect(cut.tensors[name]?.shape, name).toEqual(lost.get(name) ?? shape);
      }
    }
  });
});
