import { beforeAll, describe, expect, it } from 'vitest';
import type { Recipe, RunSummary } from '../protocol';
import { memoryBlobs, memoryRecords } from './memory-shelves';
import { rehearse, tinyRecipe, type Rehearsal } from './rehearsal';

const start = { device: 'wasm', baseUrl: 'http://localhost/' } as const;
const train = { stage: 'fine-tune', epochs: 1, batchSize: 64, imagesPerEpoch: 64 } as const;

/** Two cuts, one training between them: every step leaves a network. */
const recipe = tinyRecipe({
  stages: [
    { stage: 'score', method: 'l1' },
    { stage: 'prune', budget: 0.7 },
    train,
    { stage: 'score', method: 'l1' },
    { stage: 'prune', budget: 0.8 },
  ],
});

describe('runs as experiments', () => {
  const shelves = { blobs: memoryBlobs(), records: memoryRecords() };
  let studio: Rehearsal;
  let first: RunSummary;

  async function carryOut(what: Recipe): Promise<RunSummary> {
    const { run } = await studio.call('startRun', { recipe: what, network: null, dataset: null, files: [] });
    await studio.heard(run, ({ event }) => event === 'finished');
    return summary(studio, run);
  }
  async function summary(where: Rehearsal, run: string): Promise<RunSummary> {
    const found = (await where.call('listRuns', null)).runs.find((other) => other.run === run);
    if (found === undefined) throw new Error('The run is not listed.');
    return found;
  }

  beforeAll(async () => {
    studio = rehearse({ shelves });
    await studio.call('start', start);
    first = await carryOut(recipe);
  }, 120_000);

  it('keep the network of every step, with its place in the recipe', () => {
    expect(first.candidates.map(({ kind, stageIndex }) => [kind, stageIndex])).toEqual([
      ['original', 1],
      ['cut', 1],
      ['trained', 2],
      ['cut', 4],
    ]);
    expect(new Set(first.candidates.map(({ hash }) => hash)).size).toBe(4);
  });

  it('open every step exactly, in this sitting and the next', async () => {
    const next = rehearse({ shelves });
    await next.call('start', start);
    for (const { id: candidate, hash } of first.candidates) {
      for (const where of [studio, next]) {
        expect((await where.call('openCandidate', { run: first.run, candidate })).hash).toBe(hash);
      }
    }
  });

  it('go another way from a step: its network is what the new run begins with', async () => {
    const parent = first.candidates[2];
    const source = { source: 'candidate', run: first.run, candidate: parent?.id ?? '' } as const;
    const child = await carryOut({ ...recipe, network: source });
    expect(child.candidates[0]).toMatchObject({ kind: 'original', hash: parent?.hash });
    // What it began with stays when the run it came from is deleted.
    await studio.call('deleteRun', { run: first.run });
    const [original] = child.candidates;
    const opened = await studio.call('openCandidate', { run: child.run, candidate: original?.id ?? '' });
    expect(opened.hash).toBe(parent?.hash);
  }, 120_000);

  it('keep a name that was given to a step, and lose it again', async () => {
    const { run, candidates } = await carryOut(tinyRecipe({ stages: recipe.stages.slice(0, 2) }));
    const candidate = candidates.at(-1)?.id ?? '';
    await studio.call('renameCandidate', { run, candidate, name: 'the one to ship' });
    const next = rehearse({ shelves });
    await next.call('start', start);
    expect((await summary(next, run)).candidates.at(-1)?.name).toBe('the one to ship');
    await next.call('renameCandidate', { run, candidate, name: '' });
    expect((await summary(next, run)).candidates.at(-1)?.name).toBeUndefined();
    await expect(next.call('renameCandidate', { run, candidate: 'none', name: 'x' })).rejects.toThrow(
      'no such network',
    );
    await expect(next.call('openCandidate', { run, candidate })).resolves.toMatchObject({
      hash: candidates.at(-1)?.hash,
    });
  }, 60_000);

  it('refuse a stored network that is not the one the run made', async () => {
    const run = (await studio.host.store.records()).at(-1);
    if (run === undefined) throw new Error('No run was saved.');
    const candidates = run.candidates.map((own) => ({ ...own, hash: '0'.repeat(64) }));
    await studio.host.store.commit({ ...run, candidates });
    const candidate = candidates.at(-1)?.id ?? '';
    await expect(studio.call('openCandidate', { run: run.run, candidate })).rejects.toThrow(
      'not the one this run made',
    );
  });
});
