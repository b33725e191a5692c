import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { figure, type Result, type Row } from './figures';
import { resultsPage } from './results-page';

const docs = new URL('../docs/', import.meta.url).pathname;
const files = await resultsPage();

describe('the page of results', () => {
  it.each([...files.keys()])('%s is what the stored results give: renew it with "node scripts/results.mjs"', (path) => {
    const place = join(docs, path);
    expect(existsSync(place), `${path} is missing`).toBe(true);
    expect(readFileSync(place, 'utf8') === files.get(path)).toBe(true);
  });

  it('shows every figure there is, and none that is not there', () => {
    const shown = [...(files.get('results.md') ?? '').matchAll(/\]\((results\/figures\/[^)]+)\)/g)].map(
      ([, path]) => path,
    );
    const there = readdirSync(join(docs, 'results', 'figures')).map((name) => `results/figures/${name}`);
    expect(new Set(shown)).toEqual(new Set(there));
  });
});

const result = (share: number, accuracy: number): { result: Result } => ({
  result: {
    macs: { original: 1e6, kept: share * 1e6, share },
    parameters: { kept: 1 },
    accuracy: { original: null, cut: null, recalibrated: null, final: null },
    trainingSteps: 1,
    evaluations: [{ split: 'test', accuracy }],
  },
});
const row = (label: string, key: string): Row => ({ key, label, recipe: { network: {} } });

describe('a figure of budgets', () => {
  const rows = [row('L1, seed 1', 'l1-seed1-50'), row('L1, seed 2', 'l1-seed2-50'), row('L1, seed 1', 'l1-seed1-75')];

  it('joins seeds to one mark a budget, and says mean, least and most', async () => {
    const svg = await figure(
      { kind: 'budgets' },
      rows,
      new Map([
        ['l1-seed1-50', result(0.5, 0.8)],
        ['l1-seed2-50', result(0.5, 0.9)],
        ['l1-seed1-75', result(0.75, 0.95)],
      ]),
    );
    // Vega describes every mark for screen readers: "multiply-adds kept, %: 50; accuracy ...: 85; series: L1".
    const marks = [
      ...(svg ?? '').matchAll(/aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="point"/g),
    ].map(([, text]) => text);
    expect(marks).toHaveLength(2);
    expect(marks[0]).toMatch(/: 50; .*: 85;/);
    expect(marks[1]).toMatch(/: 75; .*: 95;/);
    expect(svg).toMatch(/: 80;[^"]*: 90;[^"]*" role="graphics-symbol" aria-roledescription="rule mark"/);
    expect(svg).toContain('multiply-adds kept, %');
  });

  it('is null where nothing was measured, and names a series without a look', async () => {
    expect(await figure({ kind: 'budgets' }, rows, new Map())).toBeNull();
    const unknown = figure({ kind: 'budgets' }, [row('Magic', 'magic-50')], new Map([['magic-50', result(0.5, 0.8)]]));
    await expect(unknown).rejects.toThrow('Give the series "Magic" a look');
  });
});
