import { describe, expect, it } from 'vitest';
import type { PreviewState } from '../studio/state';
import { initialRules } from '../studio/initial';
import { SAMPLE_DATA, SAMPLE_NETWORK, sampleRun } from '../studio/run-sample';
import { budgetAfterKey, budgetView, formatBudget } from './budget-view';
import { chartFrame } from './frame';
import { tradePoints } from './points';

const runs = [
  sampleRun({ run: 'a', budget: 0.75, share: 0.75, final: 0.96 }),
  sampleRun({ run: 'b', budget: 0.5, share: 0.5, final: 0.95 }),
  sampleRun({ run: 'c', budget: 0.35, share: 0.35, final: 0.93 }),
];
const points = tradePoints(runs, { source: SAMPLE_NETWORK }, { source: SAMPLE_DATA }, null);
const frame = chartFrame(points, 'taylor', 50, { width: 542, height: 256 });

const dataset = {
  dataset: 'd',
  name: 'Shapes-10',
  task: 'classification',
  classes: [],
  shape: [32, 32, 3],
  normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
  counts: { train: 1, validation: 1, test: 1 },
  notes: [],
  source: SAMPLE_DATA,
} as const;
const plan = { removed: {}, macs: 20_406_592, parameters: 136_000, share: 0.5, filters: { removed: 168, total: 784 } };
const measured: PreviewState = { state: 'measured', accuracy: 0.61, recalibrated: 0.945, images: 512, error: null };
const state = {
  rules: initialRules,
  plan,
  preview: measured,
  dataset,
  ladder: { isOn: false, isBusy: false, points: [] },
};

const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const lines = (view: ReturnType<typeof budgetView>) =>
  view.readings.map(({ value, note }) => plain(`${value} ${note}`));

describe('budgetView', () => {
  it('says everything at once', () => {
    const view = budgetView(state, frame);
    expect(plain(view.handle)).toBe('50 %');
    expect(plain(view.valueText)).toBe('50 %, 20.4 M multiply-adds, about 95.0 %');
    expect(lines(view)).toEqual([
      '≈ 95.0 % after fine-tuning,',
      ' as in your runs Taylor 35, 50, 75',
      '94.5 % recalibrated',
      '61.0 % right after the cut',
    ]);
    expect(view.cut?.isMeasured).toBe(true);
    expect(view.isBelow).toBe(false);
    // 50 % lies at (50 - 20) / 84 of the 500 px plot, left of its middle.
    expect(view.x).toBeCloseTo(34 + (30 / 84) * 500, 10);
    expect(view.toRight).toBe(true);
  });

  it('reads the rungs of the ladder at the line, between the budgets that were measured', () => {
    const points = [
      { share: 0.4, accuracy: 0.3, recalibrated: 0.8, reconstructed: 0.9 },
      { share: 0.6, accuracy: 0.5, recalibrated: 0.9, reconstructed: 0.94 },
    ];
    const preview: PreviewState = { state: 'estimate', accuracy: null, recalibrated: null, images: 0, error: null };
    const view = budgetView({ ...state, preview, ladder: { isOn: true, isBusy: false, points } }, frame);
    expect(lines(view).slice(2)).toEqual([
      '≈ 92.0 % reconstructed',
      '≈ 85.0 % recalibrated',
      '≈ 40.0 % right after the cut',
    ]);
    // Beyond what was measured nothing is claimed.
    const far = budgetView(
      { ...state, plan: { ...plan, share: 0.7 }, ladder: { isOn: true, isBusy: false, points } },
      frame,
    );
    expect(lines(far).join()).not.toContain('reconstructed');
  });

  it('turns hollow and approximate while a handle moves', () => {
    const view = budgetView({ ...state, preview: { ...measured, state: 'estimate' } }, frame);
    expect(view.cut?.isMeasured).toBe(false);
    expect(lines(view)[2]).toBe('≈ 94.5 % recalibrated');
  });

  it('says what is missing instead of inventing it', () => {
    const unknown: PreviewState = { state: 'estimate', accuracy: null, recalibrated: null, images: 0, error: null };
    expect(lines(budgetView({ ...state, preview: unknown }, frame))[2]).toBe(' release to check the cut');
    expect(lines(budgetView({ ...state, dataset: null }, frame))).toEqual([' accuracy needs data']);
    const other = chartFrame(points, 'l2', 50, { width: 542, height: 256 });
    expect(budgetView(state, other).estimate).toBeNull();
    expect(plain(budgetView(state, other).valueText)).toBe('50 %, 20.4 M multiply-adds');
  });

  it('expects nothing of fine-tuning where nothing is cut', () => {
    const whole = { ...plan, share: 1, filters: { removed: 0, total: 784 } };
    const preview = { ...measured, accuracy: 0.968, recalibrated: 0.99 };
    const at = { ...state, rules: { ...initialRules, budget: 1 }, preview };
    const view = budgetView({ ...at, plan: whole }, frame);
    expect(lines(view)).toEqual(['96.8 % nothing is cut']);
    expect([view.estimate, view.isAbove]).toEqual([null, false]);
    expect(plain(view.valueText)).toBe('100 %, 20.4 M multiply-adds');
    // Split without a multiply-add less, it is another network.
    const split = { ...whole, truncation: { scheme: 'channel' as const, ranks: {}, layers: { split: 1, total: 21 } } };
    expect(lines(budgetView({ ...at, plan: split }, frame))).toContain('99.0 % recalibrated');
    const unsplit = { ...split, truncation: { ...split.truncation, layers: { split: 0, total: 21 } } };
    expect(lines(budgetView({ ...at, plan: unsplit }, frame))).toEqual(['96.8 % nothing is cut']);
  });

  it('keeps a cut that does better than the axis reaches under the flag', () => {
    const view = budgetView({ ...state, preview: { ...measured, recalibrated: 0.999 } }, frame);
    expect(frame.accuracy.high).toBeLessThan(99.9);
    expect(view.isAbove).toBe(true);
    expect(view.cut?.y).toBeGreaterThan(frame.area.top + 11);
  });

  it('points to the foot when the cut lies under the floor', () => {
    const view = budgetView({ ...state, preview: { ...measured, recalibrated: 0.3 } }, frame);
    expect([view.isBelow, view.cut]).toEqual([true, null]);
  });
});

describe('budgetAfterKey', () => {
  it.each([
    [0.5, 'ArrowRight', false, 0.51],
    [0.5, 'ArrowLeft', true, 0.45],
    [0.497, 'ArrowUp', false, 0.5],
    [0.497, 'ArrowDown', false, 0.49],
    [0.5, 'Home', false, 0.05],
    [0.98, 'ArrowRight', true, 1],
    [0.29, 'ArrowRight', false, 0.3],
  ])('%d and %s (Shift %s) give %d', (budget, key, shift, expected) => {
    expect(budgetAfterKey(budget, key, shift, [0.05, 1])).toBeCloseTo(expected, 10);
  });

  it('leaves other keys alone', () => expect(budgetAfterKey(0.5, 'a', false, [0.05, 1])).toBeNull());

  it('writes fractions only where there are any', () => {
    expect(plain(formatBudget(0.5))).toBe('50 %');
    expect(plain(formatBudget(0.497))).toBe('49.7 %');
  });
});
