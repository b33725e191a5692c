import { describe, expect, it } from 'vitest';
import { networkFromText } from '../../workers/network/text';
import { layerHistory } from '../inspector/layer-history';
import { clustersOf, decades, membersText } from '../inspector/clusters';
import type { TelemetrySample } from '../../workers/protocol';
import { labelOf, seriesOf, withSample } from './telemetry';
import { trainingRun } from './training-sample';

const sample = (step: number, stage = 0): TelemetrySample => ({
  stage,
  step,
  total: 10_000,
  telemetry: { values: { step } },
});

describe('withSample', () => {
  it('stays bounded over a long training and keeps all of its span', () => {
    let history: readonly TelemetrySample[] = [];
    for (let step = 0; step < 10_000; step += 1) {
      history = withSample(history, sample(step));
      expect(history.length).toBeLessThanOrEqual(240);
    }
    expect(history[0]?.step).toBe(0);
    expect(history.at(-1)?.step).toBe(9999);
    const steps = history.map(({ step }) => step);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    // No hole is wider than a twentieth of the training.
    expect(Math.max(...steps.slice(1).map((step, at) => step - (steps[at] ?? 0)))).toBeLessThan(500);
  });

  it('begins anew with another stage, and where a resumed run steps back', () => {
    const history = [sample(1), sample(2), sample(3)];
    expect(withSample(history, sample(1, 3)).map(({ stage, step }) => [stage, step])).toEqual([[3, 1]]);
    expect(withSample(history, sample(2)).map(({ step }) => step)).toEqual([1, 2]);
  });
});

describe('seriesOf', () => {
  const { graph } = networkFromText('input 8x8x3 / conv 4 3x3 p1 / bn / relu / conv 4 3x3 p1 / globalPool / dense 2');
  const [, conv, norm, relu, second] = graph.layers.map(({ id }) => id);
  const gate = new Float32Array([1, 0, 1, 0]);

  it('finds a layer by its own name, or by the batch norm or activation behind it', () => {
    for (const id of [conv, norm, relu]) {
      const telemetry = { values: {}, layers: { [id ?? '']: { gate } } };
      expect(seriesOf(telemetry, graph, conv ?? '')?.['gate']).toBe(gate);
      // What stands before a layer's kernel are other filters.
      expect(seriesOf(telemetry, graph, second ?? '')).toBeNull();
    }
    expect(seriesOf({ values: {} }, graph, conv ?? '')).toBeNull();
  });

  it('is placed on the epochs of its training', () => {
    const { recipe } = trainingRun('dagger');
    const telemetry = { values: {}, layers: { [conv ?? '']: { gate } } };
    const history = [0, 50, 100].map((step) => ({ stage: 0, step, total: 300, telemetry }));
    const found = layerHistory(recipe, { history }, graph, conv ?? '', 'gate');
    // 30 epochs of 10 steps each.
    expect(found?.samples.map(({ epoch }) => epoch)).toEqual([0, 5, 10]);
    expect(layerHistory(recipe, { history }, graph, conv ?? '', 'distance')).toBeNull();
  });
});

describe('clusters', () => {
  it('are named by their members, the largest first, and follow their farthest one', () => {
    const at = (epoch: number, distance: readonly number[]) => ({
      epoch,
      series: { cluster: Float32Array.of(0, 1, 0, 2, 1, 1), distance: Float32Array.from(distance) },
    });
    const found = clustersOf({ epochs: 2, samples: [at(0, [1, 2, 3, 0, 5, 4]), at(1, [0.5, 0, 0.25, 0, 0, 0])] });
    expect(found.map(({ filters }) => filters)).toEqual([[1, 4, 5], [0, 2], [3]]);
    expect(found[0]?.points).toEqual([
      [0, 5],
      [1, 0],
    ]);
    expect(found[1]?.points.at(-1)).toEqual([1, 0.5]);
    expect(membersText([1, 4, 5])).toBe('filters 1, 4 and 5');
    expect(membersText([3])).toBe('filter 3');
  });

  it('have decades down to where filters are identical', () => {
    expect(decades(0.4).map(({ text }) => text)).toEqual(['', '10⁻⁶', '', '10⁻⁴', '', '10⁻²', '', '1']);
    expect(decades(30).at(-1)?.at).toBe(100);
  });
});

it('labels are read as words', () => {
  expect(['predictedShare', 'chi', 'largest distance', 'l1_norm'].map(labelOf)).toEqual([
    'predicted share',
    'chi',
    'largest distance',
    'l1 norm',
  ]);
});
