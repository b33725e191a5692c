import { describe, expect, it } from 'vitest';
import { sampleRun } from '../studio/run-sample';
import { formatEpochs, rowOf, runRows } from './rows';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('runRows', () => {
  it('puts yours on top, newest first, then references by method and falling budget', () => {
    const runs = [
      sampleRun({ run: 'r-taylor', method: 'taylor', budget: 0.6, final: 0.95, origin: 'reference' }),
      sampleRun({ run: 'r-l1-35', method: 'l1', budget: 0.35, final: 0.9, origin: 'reference' }),
      sampleRun({ run: 'old', started: 1, final: 0.9 }),
      sampleRun({ run: 'r-l1-75', method: 'l1', budget: 0.75, final: 0.9, origin: 'reference' }),
      sampleRun({ run: 'new', started: 2, final: 0.9 }),
    ];
    expect(runRows(runs).map(({ run }) => run)).toEqual(['new', 'old', 'r-l1-75', 'r-l1-35', 'r-taylor']);
  });
});

describe('rowOf', () => {
  it('reads a finished run', () => {
    const row = rowOf(sampleRun({ method: 'l1', budget: 0.5, share: 0.4921, final: 0.958, seconds: 524 }));
    expect(row.title).toBe('L1 norm');
    expect(plain(row.target)).toBe('50 %');
    expect(row.share).toBe(0.4921);
    // 272,474 weights times 0.4921.
    expect(row.parameters).toBe(134_084);
    expect(row.change).toBeCloseTo(-0.01, 10);
    expect(plain(row.training)).toBe('20 epochs, 8:44 min');
    expect(row.source).toBe('this browser');
    expect(row.measuredOn).toBe('on 1,000 validation images');
    expect([row.canOpen, row.canResume, row.canDelete]).toEqual([true, false, true]);
  });

  it('offers Resume on an interrupted run and nothing but reading on a reference', () => {
    const interrupted = rowOf(sampleRun({ state: 'interrupted', cut: 0.6 }));
    expect(interrupted.canResume).toBe(true);
    expect(interrupted.source).toBe('this browser, interrupted');
    const reference = rowOf(sampleRun({ origin: 'reference', final: 0.9 }));
    expect([reference.canResume, reference.canDelete, reference.source]).toEqual([false, false, 'shipped reference']);
  });

  it('does not invent numbers before the first cut', () => {
    const row = rowOf(sampleRun({ state: 'running' }));
    expect([row.share, row.change, row.accuracy]).toEqual([null, null, 0.968]);
    expect(rowOf(sampleRun({ state: 'running' })).canDelete).toBe(false);
  });

  it('counts epochs in words', () => {
    expect([formatEpochs(1), formatEpochs(20), formatEpochs(0.5)]).toEqual(['1 epoch', '20 epochs', '0.5 epochs']);
  });
});
