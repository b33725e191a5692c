import { describe, expect, it } from 'vitest';
import { cutGraph } from '../../workers/network/cut';
import { buildZooGraph, type ZooOptions } from '../../workers/network/zoo';
import { publishedFor } from './published';

const cifar = { source: { source: 'cifar10' } } as const;
const graph = (options: ZooOptions) => buildZooGraph(options);

describe('published results', () => {
  it('stand beside the papers own networks on the papers own data', () => {
    const found = publishedFor(graph({ architecture: 'resnet20' }), cifar);
    // 1 / 2.17, 1 / 2.84 and 1 / 2.04 of the compute.
    expect(found.map(({ variant, x, y }) => [variant, x.toFixed(1), y])).toEqual([
      ['channel', '46.1', 90.5],
      ['spatial', '35.2', 90.62],
      ['network decoupling', '49.0', 90.88],
    ]);
    expect(found.every(({ source }) => source.length > 10)).toBe(true);
    const large = publishedFor(graph({ architecture: 'resnet56', shortcut: 'projection' }), cifar);
    expect(large.map(({ method }) => method)).toEqual(['trp', 'csgd']);
  });

  it('stand beside nothing else', () => {
    expect(publishedFor(graph({ architecture: 'resnet20' }), { source: { source: 'shapes10' } })).toEqual([]);
    expect(publishedFor(graph({ architecture: 'resnet20' }), null)).toEqual([]);
    for (const other of [
      graph({ architecture: 'resnet8' }),
      graph({ architecture: 'vgg16' }),
      graph({ architecture: 'resnet20', classes: 100 }),
      cutGraph(graph({ architecture: 'resnet20' }), { 'stage1.block1.conv1': [3] }),
    ]) {
      expect(publishedFor(other, cifar)).toEqual([]);
    }
  });
});
