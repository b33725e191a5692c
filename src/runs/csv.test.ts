import { describe, expect, it } from 'vitest';
import { sampleRun } from '../studio/run-sample';
import { runsAsCsv } from './csv';

/** A small reader of quoted fields, independent of the writer. */
function read(csv: string): string[][] {
  return csv
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
        .map(([, field = '']) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field))
        .slice(0, -1),
    );
}

describe('runsAsCsv', () => {
  it('writes one unrounded line per run under one header', () => {
    const [header = [], line = [], ...rest] = read(
      runsAsCsv([sampleRun({ method: 'l1', budget: 0.5, share: 0.4921, cut: 0.61, final: 0.9581, seconds: 524.5 })]),
    );
    expect(rest).toEqual([]);
    const value = (name: string) => line[header.indexOf(name)];
    expect(value('method')).toBe('l1');
    expect(value('kept_share')).toBe('0.4921');
    expect(value('accuracy_cut')).toBe('0.61');
    expect(value('accuracy_recalibrated')).toBe('');
    expect(value('accuracy_final')).toBe('0.9581');
    expect(value('multiply_adds_original')).toBe('40813184');
    expect(value('seconds')).toBe('524.5');
    expect(value('epochs_after_cut')).toBe('20');
  });

  it('quotes what would break a line', () => {
    const run = { ...sampleRun({ final: 0.9 }), name: 'half, "by hand"' };
    const csv = runsAsCsv([run]);
    expect(csv).toContain('"half, ""by hand"""');
    const [header = [], line = []] = read(csv);
    expect(line[header.indexOf('name')]).toBe('half, "by hand"');
    expect(line[header.indexOf('state')]).toBe('finished');
  });
});
