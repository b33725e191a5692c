import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MetricPoint, TelemetrySample } from '../../workers/protocol';
import { sampleRun } from '../studio/run-sample';
import { beatsOf } from './timeline';
import { readTrace, writeTrace, type Trace } from './trace';

const point = (step: number, split: MetricPoint['split'] = null): MetricPoint => ({
  stage: 3,
  epoch: 0,
  step,
  loss: 1 / (step + 1),
  accuracy: split === null ? null : 0.9,
  split,
  learningRate: 0.02,
});

const sample = (step: number, gate: readonly number[]): TelemetrySample => ({
  stage: 3,
  step,
  total: 40,
  telemetry: { values: { open: step, odd: Number.NaN }, layers: { stem: { gate: Float32Array.from(gate) } } },
});

const trace = (): Trace => ({
  run: sampleRun({ cut: 0.4, recalibrated: 0.6, final: 0.9, epochs: 2 }),
  points: [...Array.from({ length: 41 }, (_, step) => point(step)), point(40, 'validation')],
  samples: [sample(0, [-1, 0, 3]), sample(20, [-1, 0.5, 3]), sample(40, [2, 2, 2])],
});

describe('traces', () => {
  it('come back as they were, series within half of one of 255 levels', async () => {
    const { run, points, samples } = await readTrace(await writeTrace(trace()), 'It');
    expect(run).toEqual({
      ...trace().run,
      candidates: trace().run.candidates.map((candidate) => ({ ...candidate, stored: false })),
    });
    expect(points).toEqual(trace().points);
    const [first, second, last] = samples.map(({ telemetry }) => [...(telemetry.layers?.['stem']?.['gate'] ?? [])]);
    expect([first, last]).toEqual([
      [-1, expect.closeTo(0, 1), 3],
      [2, 2, 2],
    ]);
    // 4 from lowest to highest: half a level is 0.0079.
    expect(Math.abs((second?.[1] ?? 0) - 0.5)).toBeLessThanOrEqual(4 / 510);
    expect(samples[1]?.telemetry.values).toEqual({ open: 20 });
  });

  it('keep every measured point, and fewer of the training when there are many', async () => {
    const many = Array.from({ length: 9000 }, (_, step) => point(step));
    const measured = [point(4500, 'validation'), point(9000, 'validation')];
    const { points } = await readTrace(await writeTrace({ ...trace(), points: [...many, ...measured] }), 'It');
    expect(points.filter(({ split }) => split !== null)).toEqual(measured);
    expect(points.length).toBeLessThanOrEqual(2002);
  });

  it('stay under their size whatever a method says', async () => {
    let seed = 1;
    const noise = (): number => (seed = (seed * 16807) % 2147483647);
    const loud = Array.from({ length: 120 }, (_, step) => sample(step, Array.from({ length: 60_000 }, noise)));
    const bytes = await writeTrace({ ...trace(), samples: loud });
    expect(bytes.length).toBeLessThanOrEqual(2_000_000);
    const { samples } = await readTrace(bytes, 'It');
    expect(samples.at(-1)?.step).toBe(119);
  });

  it('name what is wrong with them', async () => {
    const bytes = await writeTrace(trace());
    await expect(readTrace(bytes.slice(0, bytes.length - 40), '"a.trace"')).rejects.toThrow('"a.trace" is no trace');
    const json = { kind: 'espalier-trace', version: 1, run: trace().run, metrics: [{ stage: -1 }], samples: [] };
    const wrong = Uint8Array.from(gzipSync(JSON.stringify(json)));
    await expect(readTrace(wrong, '"b.trace"')).rejects.toThrow('"b.trace" is wrong at "metrics.0.stage"');
    await expect(writeTrace({ ...trace(), run: sampleRun({ state: 'stopped' }) })).rejects.toThrow(
      'Only a finished run',
    );
  });
});

describe('beatsOf', () => {
  it('tells everything once, in the order of the recipe, and every candidate as its own', () => {
    const beats = beatsOf(trace(), 'replay-1').flat();
    const kinds = beats.flatMap((event) => (event.event === 'candidate' ? [event.candidate.kind] : []));
    expect(kinds).toEqual(['original', 'cut', 'recalibrated', 'final']);
    const told = beats.flatMap((event) => (event.event === 'metrics' ? event.points : []));
    expect(told).toEqual(trace().points);
    expect(beats.filter(({ event }) => event === 'telemetry')).toHaveLength(3);
    const stages = beats.flatMap((event) => (event.event === 'progress' ? [event.progress.stage] : []));
    expect(stages).toEqual(stages.toSorted((one, other) => one - other));
    for (const event of beats)
      if (event.event === 'candidate') expect(event.candidate).toMatchObject({ run: 'replay-1', stored: false });
  });
});

it.each([
  ['dagger', 'quick/dagger'],
  ['gating', 'gating/looking-again'],
])('the shipped trace "%s" is one, of the recipe "%s"', async (name, path) => {
  const bytes = readFileSync(new URL(`../../public/traces/${name}.trace`, import.meta.url));
  const { run, points } = await readTrace(Uint8Array.from(bytes), `${name}.trace`);
  const json: unknown = JSON.parse(readFileSync(new URL(`../../recipes/${path}.json`, import.meta.url), 'utf8'));
  const recipe = json as { name: string; network: unknown };
  expect(run.recipe.name).toBe(recipe.name);
  expect(run.recipe.network).toMatchObject(recipe.network as object);
  expect(run.state).toBe('finished');
  expect(points.length).toBeGreaterThan(20);
  expect(bytes.length).toBeLessThan(500_000);
});
