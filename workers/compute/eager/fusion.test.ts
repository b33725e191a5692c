import { describe, expect, it } from 'vitest';
import type { Layer, LayerId } from '../../network/graph';
import { buildZooGraph } from '../../network/zoo';
import { normChains } from './fusion';

const norm = (id: string, input: string): Layer => ({
  id,
  inputs: [input],
  op: 'batchNorm',
  epsilon: 1e-3,
  gamma: `${id}.gamma`,
  beta: `${id}.beta`,
  mean: `${id}.mean`,
  variance: `${id}.variance`,
});
const rectifier = (id: string, input: string): Layer => ({ id, inputs: [input], op: 'activation', kind: 'relu' });
const sum = (id: string, ...inputs: string[]): Layer => ({ id, inputs, op: 'add' });
const input: Layer = { id: 'in', inputs: [], op: 'input', shape: [4, 4, 2] };

function chainOf(layers: readonly Layer[], output: LayerId, gated: readonly LayerId[] = []) {
  const { chains, absorbed } = normChains(layers, [output], new Set(gated));
  return { chain: chains.get('norm'), absorbed: [...absorbed] };
}

describe('normChains', () => {
  it('takes in a rectifier', () => {
    const { chain, absorbed } = chainOf([input, norm('norm', 'in'), rectifier('relu', 'norm')], 'relu');
    expect(chain).toMatchObject({ residual: undefined, rectified: true, last: 'relu', rectifierAlone: true });
    expect(absorbed).toEqual(['relu']);
  });

  it('takes in an addition whose other summand is there, and its rectifier', () => {
    const layers = [input, norm('norm', 'in'), sum('sum', 'in', 'norm'), rectifier('relu', 'sum')];
    expect(chainOf(layers, 'relu')).toMatchObject({
      chain: { residual: 'in', rectified: true, last: 'relu', rectifierAlone: false },
      absorbed: ['sum', 'relu'],
    });
    // A gate multiplies the sum before it is rectified.
    expect(chainOf(layers, 'relu', ['sum'])).toMatchObject({
      chain: { last: 'sum', rectified: false },
      absorbed: ['sum'],
    });
  });

  it('leaves an addition to the norm that is computed last', () => {
    const layers = [input, norm('norm', 'in'), norm('later', 'in'), sum('sum', 'norm', 'later')];
    const { chains } = normChains(layers, ['sum'], new Set());
    expect([...chains.keys()]).toEqual(['later']);
    expect(chains.get('later')?.residual).toBe('norm');
  });

  it.each<[string, Layer[], LayerId, LayerId[]]>([
    ['a gate', [rectifier('relu', 'norm')], 'relu', ['norm']],
    ['a second reader', [rectifier('relu', 'norm'), sum('sum', 'norm', 'relu')], 'sum', []],
    ['being the output', [rectifier('relu', 'norm')], 'norm', []],
    ['an addition to itself', [sum('sum', 'norm', 'norm')], 'sum', []],
    ['three summands', [sum('sum', 'in', 'in', 'norm')], 'sum', []],
    ['another activation', [{ id: 'elu', inputs: ['norm'], op: 'activation', kind: 'elu' }], 'elu', []],
  ])('is stopped by %s', (_what, after, output, gated) => {
    expect(chainOf([input, norm('norm', 'in'), ...after], output, gated)).toEqual({ chain: undefined, absorbed: [] });
  });

  it('takes in every addition and rectifier of a ResNet with projections', () => {
    const { layers } = buildZooGraph({ architecture: 'resnet8', shortcut: 'projection' });
    const { absorbed } = normChains(layers, [layers.at(-1)?.id ?? ''], new Set());
    const left = layers.filter(({ id, op }) => (op === 'add' || op === 'activation') && !absorbed.has(id));
    expect(left).toEqual([]);
  });
});
