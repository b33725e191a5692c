import { expect, it } from 'vitest';
import { buildZooNetwork } from '../network/zoo';
import { memoryBlobs, memoryRecords } from './memory-shelves';
import { rehearse, tinyRecipe } from './rehearsal';
import { createJournal } from './run-journal';
import { emptyLedger, type RunRecord } from './run-record';
import { createRunStore } from './store';

const record: RunRecord = {
  version: 1,
  run: 'run-1',
  name: 'tiny',
  recipe: tinyRecipe(),
  state: 'running',
  started: 1,
  candidates: [],
  result: null,
  error: null,
  origin: 'here',
  ledger: emptyLedger,
  metrics: [],
  evaluations: [],
  telemetry: null,
  blobs: {},
  checkpoint: null,
};

it('a save between keeping a network and naming it (a candidate was renamed) does not lose the network', async () => {
  const store = createRunStore({ blobs: memoryBlobs(), records: memoryRecords(), trouble: () => undefined });
  const journal = createJournal({ ...rehearse().host, store }, record);
  const kept = await journal.keepNetwork(buildZooNetwork({ architecture: 'resnet8', widths: [4, 4, 4], seed: 1 }));
  await journal.commit();
  journal.change({ checkpoint: { stage: 1, step: 0, network: kept, training: null } });
  await journal.commit();
  expect((await store.read(kept)).byteLength).toBe(kept.bytes);
});
