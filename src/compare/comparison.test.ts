import { describe, expect, it } from 'vitest';
import { graphFromText } from '../../workers/network/text';
import type { RunSummary } from '../../workers/protocol';
import { standsFor } from '../studio/run-facts';
import { sampleRun } from '../studio/run-sample';
import { compareMeasured, compareRecords, compareWidths, pairBetween, verdictOf } from './comparison';
import { contestantsOf, type Contestant } from './contestants';
import { layerWidths, widthsWithout } from './widths';

const plain = (values: readonly string[] | undefined) => values?.map((value) => value.replaceAll('\u00a0', ' '));

function contestant(run: RunSummary): Contestant {
  return {
    key: run.run,
    title: run.name,
    note: '',
    method: 'l1',
    run,
    candidate: standsFor(run),
    handle: null,
    removed: null,
  };
}

const a = sampleRun({ run: 'a', method: 'l1', share: 0.5, cut: 0.6, final: 0.94 });
const b = sampleRun({ run: 'b', method: 'taylor', share: 0.5, cut: 0.7, final: 0.95 });

describe('who is compared', () => {
  it('the original, then the ticked networks; a run without a network is left out', () => {
    const nothingYet = sampleRun({ run: 'c' });
    const state = {
      runs: [a, b, nothingYet],
      network: null,
      dataset: null,
      view: {
        ticked: [
          { run: 'b', candidate: null },
          { run: 'a', candidate: 'cut' },
          { run: 'c', candidate: null },
        ],
      },
    };
    expect(contestantsOf(state).map(({ key, note }) => [key, note])).toEqual([
      ['original', ''],
      ['b/final', ''],
      ['a/cut', 'right after the cut'],
    ]);
    expect(contestantsOf(state)[1]?.handle).toEqual({ run: 'b', candidate: 'final' });
    expect(contestantsOf(state)[2]?.handle).toBeNull();
  });
});

describe('records', () => {
  it('list what differs first and leave out what nobody has', () => {
    const lines = compareRecords([contestant(a), contestant(b)]);
    const names = lines.map(({ name }) => name);
    expect(names.indexOf('After fine-tuning')).toBeLessThan(names.indexOf('Compute kept'));
    expect(names).not.toContain('Recalibrated');
    expect(names).not.toContain('Device');
    expect(plain(lines.find(({ name }) => name === 'Right after the cut')?.values)).toEqual(['60.0 %', '70.0 %']);
    expect(lines.find(({ name }) => name === 'Weights')?.differs).toBe(false);
  });

  it('carry their figures in full, with their unit', () => {
    const exact = (name: string) =>
      compareRecords([contestant(sampleRun({ run: 'c', share: 1 / 3, final: 0.94125 })), contestant(b)]).find(
        (line) => line.name === name,
      )?.exact;
    expect(exact('After fine-tuning')).toEqual({
      name: 'After fine-tuning, share of 1',
      values: [0.94125, 0.95],
    });
    expect(exact('Compute kept')?.values).toEqual([1 / 3, 0.5]);
    expect(exact('Multiply-adds')).toEqual({ name: 'Multiply-adds', values: [13_604_395, 20_406_592] });
    expect(exact('Seed')).toBeUndefined();
  });
});

describe('widths', () => {
  const graph = graphFromText(
    'input 8x8x3 / one = conv 4 3x3 p1 / relu / two = conv 8 3x3 p1 / relu / globalPool / fc = dense 3',
  );

  it('count the filters each keeps, differing layers first', () => {
    const widths = [
      layerWidths(graph),
      widthsWithout(graph, { one: [0], two: [1, 2] }),
      widthsWithout(graph, { one: [3], two: [0] }),
    ];
    expect(compareWidths(widths.slice(1), graph, (layer) => `layer ${layer}`)[0]?.name).toBe('layer two');
    expect(compareWidths(widths, graph, (layer) => `layer ${layer}`)).toEqual([
      { name: 'layer one', values: ['4', '3 of 4', '3 of 4'], differs: true },
      { name: 'layer two', values: ['8', '6 of 8', '7 of 8'], differs: true },
      { name: 'layer fc', values: ['3', '3', '3'], differs: false },
    ]);
    expect(compareWidths([layerWidths(graph), null], graph, (layer) => layer)[0]?.values).toEqual(['4', '\u2013']);
    const named = compareWidths(widths, graph, (layer) => (layer === 'two' ? null : layer));
    expect(named.map(({ name }) => name)).toEqual(['one', 'fc']);
  });
});

describe('measured on the same images', () => {
  const measured = {
    answers: {
      task: 'classification' as const,
      split: 'validation' as const,
      images: 4,
      labels: Uint16Array.of(0, 1, 0, 1),
      answers: [
        { predictions: Uint16Array.of(0, 1, 0, 0), margins: new Float32Array(4) },
        { predictions: Uint16Array.of(0, 0, 0, 1), margins: new Float32Array(4) },
      ],
      pairs: [
        { first: 0, second: 1, onlyFirst: 3, onlySecond: 1, difference: -0.02, low: -0.03, high: -0.01, pValue: 0.04 },
      ],
      testUses: 0,
    },
    at: new Map([
      ['a', 0],
      ['b', 1],
    ]),
    times: new Map([['a', { median: 12.5, low: 12, high: 13 }]]),
  };

  it('a pair reads the same from both ends', () => {
    expect(pairBetween(measured, 'a', 'b')).toMatchObject({ onlyFirst: 3, onlySecond: 1, difference: -0.02 });
    expect(pairBetween(measured, 'b', 'a')).toMatchObject({
      onlyFirst: 1,
      onlySecond: 3,
      difference: 0.02,
      low: 0.01,
      high: 0.03,
    });
    expect(pairBetween(measured, 'a', 'a')).toBeNull();
    expect(pairBetween(measured, 'a', 'c')).toBeNull();
  });

  it('the interval decides the verdict', () => {
    expect(verdictOf({ low: 0.001, high: 0.02 })).toBe('better');
    expect(verdictOf({ low: -0.02, high: -0.001 })).toBe('worse');
    expect(verdictOf({ low: -0.001, high: 0.02 })).toBe('not distinguishable');
  });

  it('lists accuracy, difference, verdict, flips and time', () => {
    const lines = compareMeasured([contestant(a), contestant(b)], measured, 'a');
    const value = (name: string) => plain(lines.find((line) => line.name === name)?.values);
    expect(value('Accuracy')).toEqual(['75.0 %', '75.0 %']);
    expect(value('Difference')).toEqual(['\u2013', '\u22122.0']);
    expect(value('95 % interval')).toEqual(['\u2013', '\u22123.0 to \u22121.0']);
    expect(value('Verdict')).toEqual(['\u2013', 'worse']);
    expect(value('Images lost, gained')).toEqual(['\u2013', '3, 1']);
    expect(value('Forward pass')).toEqual(['12.5 ms', '\u2013']);
    const exact = (name: string) => lines.find((line) => line.name === name)?.exact;
    expect(exact('Difference')).toEqual({ name: 'Difference, share of 1', values: ['', -0.02] });
    expect(exact('95 % interval')?.values).toEqual(['', '-0.03 to -0.01']);
    expect(exact('Forward pass')).toEqual({ name: 'Forward pass, ms', values: [12.5, ''] });
    expect(exact('Verdict')).toBeUndefined();
  });

  it('where pixels have classes, lists mIoU, pixels right, and images that got worse or better', () => {
    const pixels = {
      ...measured,
      answers: {
        ...measured.answers,
        task: 'segmentation' as const,
        labelled: Uint32Array.of(10, 10, 10, 10),
        answers: [
          { right: Uint32Array.of(10, 10, 9, 9), mIoU: 0.8, perClass: [] },
          { right: Uint32Array.of(8, 9, 9, 10), mIoU: 0.78, perClass: [] },
        ],
      },
    };
    const lines = compareMeasured([contestant(a), contestant(b)], pixels, 'a');
    const value = (name: string) => plain(lines.find((line) => line.name === name)?.values);
    expect(value('mIoU')).toEqual(['80.0 %', '78.0 %']);
    expect(value('Pixels right')).toEqual(['95.0 %', '90.0 %']);
    expect(value('Difference in mIoU')).toEqual(['\u2013', '\u22122.0']);
    expect(value('Images worse, better')).toEqual(['\u2013', '3, 1']);
    expect(value('Accuracy')).toBeUndefined();
    expect(value('McNemar p')).toBeUndefined();
  });
});
