import { afterEach, describe, expect, it } from 'vitest';
import { becomeWriter, databaseRecords, opfsBlobs } from './browser-shelves';
import { parseRecipe } from './recipe';
import { emptyLedger, type RunRecord } from './run-record';
import { createRunStore, freshBlob } from './store';

/** Other tests keep runs in the same origin. */
const own = 'shelf-test';
const ownNames = async (): Promise<string[]> =>
  [...(await (await opfsBlobs()).names())].filter((name) => name.startsWith(own));

afterEach(async () => {
  const shelf = await opfsBlobs();
  for (const name of await ownNames()) await shelf.remove(name);
});

describe('blobs in the private file system', () => {
  it('come back byte for byte, are listed, replaced and removed', async () => {
    const shelf = await opfsBlobs();
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    await shelf.write(`${own}-a`, bytes);
    await shelf.write(`${own}-b`, bytes.subarray(10, 20));
    expect(await shelf.read(`${own}-a`)).toEqual(bytes);
    expect(await shelf.read(`${own}-b`)).toEqual(bytes.slice(10, 20));
    await shelf.write(`${own}-a`, new Uint8Array([1, 2]));
    expect(await shelf.read(`${own}-a`)).toEqual(new Uint8Array([1, 2]));
    expect((await ownNames()).toSorted()).toEqual([`${own}-a`, `${own}-b`]);
    await shelf.remove(`${own}-a`);
    await shelf.remove(`${own}-a`);
    await expect(shelf.read(`${own}-a`)).rejects.toThrow();
  });

  it('carry a run through a restart of the store', async () => {
    const shelves = { blobs: await opfsBlobs(), records: await databaseRecords() };
    const troubles: string[] = [];
    const store = createRunStore({ ...shelves, trouble: (message) => troubles.push(message) });
    const network = await freshBlob(own, new Uint8Array(5000).fill(7));
    const record: RunRecord = {
      version: 1,
      run: own,
      name: 'tiny',
      recipe: parseRecipe({
        version: 1,
        name: 'tiny',
        network: { source: 'zoo', architecture: 'resnet8' },
        data: { source: 'shapes10' },
        stages: [{ stage: 'prune', budget: 0.5 }],
      }),
      state: 'paused',
      started: 5,
      candidates: [],
      result: null,
      error: null,
      origin: 'here',
      ledger: emptyLedger,
      metrics: [],
      evaluations: [],
      telemetry: null,
      blobs: {},
      checkpoint: { stage: 0, step: 3, network: network.stored, training: null },
    };
    await store.commit(record, [network]);
    const again = createRunStore({
      blobs: await opfsBlobs(),
      records: await databaseRecords(),
      trouble: (message) => troubles.push(message),
    });
    expect(await again.record(own)).toEqual(record);
    expect((await again.records()).some(({ run }) => run === own)).toBe(true);
    expect(await again.read(network.stored)).toEqual(new Uint8Array(5000).fill(7));
    await again.remove(own);
    expect(await ownNames()).toEqual([]);
    expect(troubles).toEqual([]);
  });
});

describe('the writer', () => {
  it('is one at a time', async () => {
    expect(await becomeWriter()).toBe(true);
    const start = performance.now();
    expect(await becomeWriter()).toBe(false);
    expect(performance.now() - start).toBeGreaterThan(2900);
  });
});
