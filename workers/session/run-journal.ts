/**
 * A run while it is carried out: its record as it grows, the events that tell the page, and its saves.
 *
 * Everything that changes the record goes through here, so that what was said and what is saved agree.
 */
import { writeNetworkFile } from '../formats/network-file';
import type { Network } from '../network/graph';
import type {
  Candidate,
  KnobChange,
  MetricPoint,
  Progress,
  RunEvent,
  RunId,
  RunState,
  TelemetrySample,
} from '../protocol';
import { writeTrainState } from './checkpoint';
import type { Host } from './engine';
import { rewound, withTurn } from './knobs';
import type { TrainState } from '../training/train-state';
import { blobNames, type Ledger, type RunRecord, type StoredBlob } from './run-record';
import { freshBlob, type FreshBlob } from './store';
import { createHistory, writeHistory } from './telemetry-history';

/** Progress and metrics are sent at most this often; the strip draws four times a second. */
const EVENT_MS = 200;

type RunEventBody = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'run'> : never) : never;

export interface RunJournal {
  readonly run: RunId;
  /** The record as of now. */
  record(): RunRecord;
  change(change: Partial<Omit<RunRecord, 'run' | 'version' | 'ledger' | 'metrics' | 'knobs' | 'state'>>): void;
  spend(change: Partial<Ledger>): void;
  note(text: string): void;
  setState(state: RunState): void;
  tell(event: RunEventBody): void;
  progress(progress: Progress): void;
  addMetrics(points: readonly MetricPoint[]): void;
  /** Tells, and keeps in the history. */
  addTelemetry(sample: TelemetrySample): void;
  telemetry(): readonly TelemetrySample[];
  turn(knob: KnobChange): void;
  /** Forgets points and samples of steps that will be done again. */
  rewind(stage: number, step: number): void;
  /** Sends what the pace of events held back. */
  flush(): void;
  /** Writes the network as a blob of the next commit; equal bytes are written once. */
  keepNetwork(network: Network): Promise<StoredBlob>;
  keepTraining(state: TrainState): Promise<StoredBlob>;
  /** The candidate joins the record with its tensors and is announced. */
  addCandidate(candidate: Candidate, tensors: StoredBlob): void;
  commit(): Promise<void>;
}

/** `said`: the history of a run that goes on. */
export function createJournal(host: Host, initial: RunRecord, said: readonly TelemetrySample[] = []): RunJournal {
  const { run } = initial;
  const metrics: MetricPoint[] = [...initial.metrics];
  const history = createHistory(said);
  let historyIsSaved = true;
  let record: Omit<RunRecord, 'metrics'> = initial;
  let fresh: FreshBlob[] = [];
  let unsent: MetricPoint[] = [];
  let latest: Progress | undefined;
  let sentAt = -Infinity;
  let workingSince: number | undefined;

  const tell = (event: RunEventBody): void => host.emit({ kind: 'run', event: { run, ...event } });
  const change = (next: Partial<Omit<RunRecord, 'metrics'>>): void => void (record = { ...record, ...next });
  const spend = (next: Partial<Ledger>): void => change({ ledger: { ...record.ledger, ...next } });

  function clock(): void {
    const now = performance.now();
    if (workingSince !== undefined) spend({ seconds: record.ledger.seconds + (now - workingSince) / 1000 });
    workingSince = record.state === 'running' ? now : undefined;
  }

  function flush(): void {
    if (unsent.length > 0) tell({ event: 'metrics', points: unsent });
    unsent = [];
    if (latest !== undefined) tell({ event: 'progress', progress: latest });
    latest = undefined;
    sentAt = performance.now();
  }

  async function keep(bytes: Uint8Array): Promise<StoredBlob> {
    const blob = await freshBlob(run, bytes);
    const known = [...Object.values(record.blobs), ...fresh.map(({ stored }) => stored)];
    const same = known.find(({ sha256 }) => sha256 === blob.stored.sha256);
    if (same === undefined) fresh.push(blob);
    return same ?? blob.stored;
  }

  return {
    run,
    record: () => ({ ...record, metrics: [...metrics] }),
    change,
    spend,
    note(text) {
      if (!record.ledger.notes.includes(text)) spend({ notes: [...record.ledger.notes, text] });
    },
    setState(state) {
      if (state === record.state) return;
      change({ state });
      clock();
      flush();
      tell({ event: 'state', state });
    },
    tell,
    progress(progress) {
      latest = progress;
      if (performance.now() - sentAt >= EVENT_MS || progress.done >= progress.total) flush();
    },
    addMetrics(points) {
      metrics.push(...points);
      unsent.push(...points);
    },
    addTelemetry(sample) {
      history.add(sample);
      historyIsSaved = false;
      tell({ event: 'telemetry', ...sample });
    },
    telemetry: history.samples,
    turn: (knob) => change({ knobs: withTurn(record.knobs ?? [], knob) }),
    rewind(stage, step) {
      history.rewind(stage, step);
      if (record.knobs !== undefined) change({ knobs: rewound(record.knobs, stage, step) });
      const kept = metrics.filter((point) => point.stage < stage || (point.stage === stage && point.step < step));
      metrics.splice(0, metrics.length, ...kept);
    },
    flush,
    keepNetwork: async (network) => keep(await writeNetworkFile(network)),
    keepTraining: (state) => keep(writeTrainState(state)),
    addCandidate(candidate, tensors) {
      change({
        candidates: [...record.candidates, candidate],
        blobs: { ...record.blobs, [candidate.id]: tensors },
      });
      tell({ event: 'candidate', candidate });
    },
    async commit() {
      clock();
      if (!historyIsSaved) {
        historyIsSaved = true;
        change({ telemetry: await keep(writeHistory(history.samples())) });
      }
      const whole = { ...record, metrics: [...metrics] };
      const named = blobNames(whole);
      // What was kept but is not in the record yet is the next commit's: the store forgets what nobody names.
      const saving = fresh.filter(({ stored }) => named.has(stored.name));
      fresh = fresh.filter((blob) => !saving.includes(blob));
      await host.store.commit(whole, saving);
    },
  };
}
