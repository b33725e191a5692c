import { describe, expect, it } from 'vitest';
import { decomposeGraph } from '../../workers/network/decompose';
import { graphFromText } from '../../workers/network/text';
import { layerWidths, widthsWithout } from './widths';

const graph = graphFromText(
  'input 8x8x3 / a = conv 6 3x3 p1 / relu / b = conv 4 3x3 p1 / relu / globalPool / fc = dense 3',
);

describe('widths by layer', () => {
  it('are the filters of whole layers', () => {
    expect([...layerWidths(graph)]).toEqual([
      ['a', { filters: 6, rank: null }],
      ['b', { filters: 4, rank: null }],
      ['fc', { filters: 3, rank: null }],
    ]);
  });

  it('put a split layer under its old name, with its rank', () => {
    const split = decomposeGraph(graph, { scheme: 'channel', ranks: { b: 2 } });
    expect(layerWidths(split).get('b')).toEqual({ filters: 4, rank: 2 });
    expect([...layerWidths(split).keys()]).toEqual(['a', 'b', 'fc']);
  });

  it('count what a cut took', () => {
    expect(widthsWithout(graph, { a: [0, 5] }).get('a')).toEqual({ filters: 4, rank: null });
    expect(widthsWithout(graph, { a: [0, 5] }).get('b')).toEqual({ filters: 4, rank: null });
  });
});
