import { emptyLiveRun } from '../studio/initial';
import { describe, expect, it } from 'vitest';
import { SAMPLE_DATA, SAMPLE_NETWORK, sampleRun } from '../studio/run-sample';
import { basisOf, tradePoints, trailOf } from './points';

const network = { source: SAMPLE_NETWORK };
const dataset = { source: SAMPLE_DATA };
const plain = (text: string | undefined) => text?.replace('\u00a0', ' ');

describe('tradePoints', () => {
  it('makes one point per ended run, of its last network', () => {
    const runs = [sampleRun({ cut: 0.6, recalibrated: 0.8, final: 0.94, share: 0.496 })];
    const { points, original } = tradePoints(runs, network, dataset, null);
    expect(points).toHaveLength(1);
    expect(points[0]?.x).toBeCloseTo(49.6, 10);
    expect(points[0]?.y).toBeCloseTo(94, 10);
    expect(plain(points[0]?.label)).toBe('Taylor 50');
    expect(original).toBeCloseTo(96.8, 10);
  });

  it('leaves out what runs, what was not measured and what is about something else', () => {
    const runs = [
      sampleRun({ run: 'a', state: 'running', cut: 0.6 }),
      sampleRun({ run: 'b', final: null }),
      sampleRun({ run: 'c', final: 0.9, network: { source: 'zoo', architecture: 'resnet8' } }),
      sampleRun({ run: 'd', final: 0.9, data: { source: 'cifar10' } }),
    ];
    expect(tradePoints(runs, network, dataset, null).points).toEqual([]);
  });

  it('never mixes splits', () => {
    const runs = [
      sampleRun({ run: 'a', final: 0.94, split: 'test' }),
      sampleRun({ run: 'b', final: 0.95, split: 'test' }),
      sampleRun({ run: 'c', final: 0.96, split: 'validation' }),
    ];
    const { points, split, elsewhere } = tradePoints(runs, network, dataset, 0.97);
    expect(points.map(({ run }) => run)).toEqual(['a', 'b']);
    expect(split).toBe('test');
    expect(elsewhere).toBe(1);
  });

  it('falls back on the page\u2019s own check of the original, which is on validation', () => {
    expect(tradePoints([], network, dataset, 0.97).original).toBe(97);
    expect(tradePoints([], network, dataset, null).original).toBeNull();
    const unmeasured = sampleRun({ original: null, final: 0.9, split: 'test' });
    expect(tradePoints([unmeasured], network, dataset, 0.97).original).toBeNull();
  });
});

describe('basisOf', () => {
  const points = (...runs: Parameters<typeof tradePoints>[0]) => tradePoints(runs, network, dataset, null).points;
  const l1 = (budget: number, origin: 'reference' | 'here' | 'replay' = 'reference', run = `${budget} ${origin}`) =>
    sampleRun({ run, method: 'l1', budget, share: budget - 0.01, final: 0.9, origin });

  it('names the runs, cheapest first, and whose they are', () => {
    expect(plain(basisOf(points(l1(0.75), l1(0.35), l1(0.5))))).toBe('reference runs L1 35, 50, 75');
    expect(plain(basisOf(points(l1(0.35, 'here'))))).toBe('your run L1 35');
    expect(plain(basisOf(points(l1(0.35), l1(0.4, 'here'), l1(0.5, 'replay'))))).toBe('runs L1 35, 40, 50');
  });

  it('names a budget once, and counts where there are many', () => {
    expect(plain(basisOf(points(l1(0.5, 'here', 'a'), l1(0.5, 'here', 'b'))))).toBe('your runs L1 50');
    expect(basisOf(points(...[0.2, 0.3, 0.4, 0.5, 0.6].map((budget) => l1(budget))))).toBe('5 reference runs of L1');
  });
});

describe('trailOf', () => {
  it('goes from the cut over recalibration through the epochs, on one split', () => {
    const run = sampleRun({ state: 'running', cut: 0.61, recalibrated: 0.83, share: 0.5 });
    const metric = { stage: 3, step: 100, loss: 0.4, learningRate: 0.02 };
    const trail = trailOf(
      run,
      {
        history: [],
        points: [
          // A method that trained before the cut: the whole network's accuracy.
          { ...metric, stage: 0, epoch: 4, accuracy: 0.96, split: 'validation' },
          { ...metric, epoch: 0, accuracy: 0.7, split: null },
          { ...metric, epoch: 0, accuracy: 0.91, split: 'validation' },
          { ...metric, epoch: 1, accuracy: 0.93, split: 'validation' },
        ],
      },
      'validation',
    );
    expect(trail.points.map(({ note }) => note)).toEqual(['right after the cut', 'recalibrated', 'epoch 1', 'epoch 2']);
    expect(trail.points.map(({ y }) => Math.round(y))).toEqual([61, 83, 91, 93]);
    expect(trail.points.every(({ x }) => x === 50)).toBe(true);
    expect(trailOf(run, emptyLiveRun, 'test').points).toEqual([]);
  });

  it('draws what a method that trains foresees, each measurement once', () => {
    const run = sampleRun({ state: 'running', budget: 0.5 });
    const sample = (step: number, values: Readonly<Record<string, number>>) => ({
      stage: 0,
      step,
      total: 10,
      telemetry: { values },
    });
    const history = [
      sample(1, { chi: 3 }),
      sample(2, { accuracyIfCutNow: 0.5, predictedShare: 0.8 }),
      sample(3, { accuracyIfCutNow: 0.5, predictedShare: 0.8 }),
      sample(4, { accuracyIfCutNow: 0.7, predictedShare: 0.9, shareIfCutNow: 0.6 }),
      // Without a share of its own the run stands at what its recipe asks for.
      sample(5, { accuracyIfCutNow: 0.75 }),
    ];
    const { points } = trailOf(run, { points: [], history }, 'validation');
    expect(points.map(({ x, y }) => [Math.round(x), Math.round(y)])).toEqual([
      [80, 50],
      [60, 70],
      [50, 75],
    ]);
    expect(points[0]?.note).toBe('if cut now');
    expect(trailOf(run, { points: [], history }, 'test').points).toEqual([]);
  });
});
