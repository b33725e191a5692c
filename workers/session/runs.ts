/** All runs of the studio: those of earlier sittings, those under way, and the references that ship with it. */
import { DeviceError } from '../compute/executor';
import type { Candidate, CandidateId, MetricPoint, RunId, RunState, RunSummary, TelemetrySample } from '../protocol';
import { errorData } from '../rpc';
import { MethodError } from '../methods/method';
import { checkSettings } from '../methods/settings';
import { readTrainState } from './checkpoint';
import { StudioError, type Engine, type OpenDataset, type OpenNetwork, type WorkOptions } from './engine';
import { RecipeError, type Recipe } from './recipe';
import { checkLooks, checkRecipe } from './recipe-check';
import { createRunControl, StoppedError, type RunControl } from './run-control';
import { createJournal, type RunJournal } from './run-journal';
import { createRunLine } from './run-line';
import { emptyLedger, summaryOf, type RunRecord } from './run-record';
import { carryOut, type RestartPoint } from './runner';
import { networkFromBytes, openDataSource, openNetworkSource, referenceRuns } from './sources';
import { readHistory } from './telemetry-history';
import type { Work } from './work';

/** How long the news of a lost device may take to follow the first error it causes. */
const LOSS_NEWS_MS = 300;

export interface StartOptions {
  readonly recipe: Recipe;
  readonly network: OpenNetwork | null;
  readonly dataset: OpenDataset | null;
  readonly files: readonly File[];
}

export interface Runs {
  list(): Promise<readonly RunSummary[]>;
  /** Checks the recipe, opens its sources, and begins. Resolves when the run is in the line. */
  start(options: StartOptions, work: WorkOptions): Promise<RunId>;
  /** Resolves with the state that was reached. */
  control(run: RunId, action: 'pause' | 'resume' | 'step' | 'stop', work: WorkOptions): Promise<RunState>;
  setKnob(run: RunId, setting: string, value: number): void;
  record(run: RunId): Promise<RunRecord>;
  metrics(run: RunId): Promise<readonly MetricPoint[]>;
  /** Throws `StorageError` when the browser has lost it. */
  telemetry(run: RunId): Promise<readonly TelemetrySample[]>;
  /** Names a network of the run; an empty name takes the name away. Throws `StudioError` when there is no such network. */
  rename(run: RunId, candidate: CandidateId, name: string): Promise<void>;
  /** Stops it first when it is under way. */
  remove(run: RunId): Promise<void>;
  /** Resolves when no run is under way: each has ended or come to its last save. */
  settled(): Promise<void>;
}

interface ActiveRun {
  readonly journal: RunJournal;
  readonly control: RunControl;
  readonly work: Work;
  readonly done: Promise<void>;
}

export function createRuns(engine: Engine): Runs {
  const { host, queue } = engine;
  const active = new Map<RunId, ActiveRun>();
  let references: Promise<readonly RunSummary[]> | undefined;
  /** Runs whose networks and data are being opened again. */
  const resuming = new Map<RunId, Promise<RunState>>();
  const line = createRunLine((run, waiting) => {
    const { journal, control } = active.get(run) ?? {};
    if (control?.train.wish() === 'run') journal?.setState(waiting ? 'waiting' : 'running');
  });

  const saved = async (run: RunId): Promise<RunRecord> => {
    const record = active.get(run)?.journal.record() ?? (await host.store.record(run));
    if (record === undefined) throw new StudioError('There is no such run any more.');
    return record;
  };

  const storedTelemetry = async ({ telemetry }: RunRecord): Promise<readonly TelemetrySample[]> =>
    telemetry === null ? [] : readHistory(await host.store.read(telemetry));

  /** Puts a run into the line and carries it out from `from`. */
  function launch(
    journal: RunJournal,
    sources: Pick<Work, 'network' | 'original' | 'dataset' | 'datasetId'>,
    from: RestartPoint,
  ): void {
    const { run } = journal;
    const control = createRunControl((state) => {
      if (state === 'paused') line.leave(run);
      journal.setState(state);
    });
    const turn = async (): Promise<void> => {
      await line.enter(run);
      await queue.turn();
    };
    const work: Work = {
      ...sources,
      engine,
      recipe: journal.record().recipe,
      journal,
      control,
      turn,
      training: null,
      scored: null,
      acting: null,
      measured: null,
    };
    active.set(run, { journal, control, work, done: Promise.resolve().then(() => carry(work, from)) });
  }

  async function carry(work: Work, from: RestartPoint): Promise<void> {
    const { journal, control } = work;
    const { run } = journal;
    try {
      journal.setState('waiting');
      await control.guard(() => line.enter(run));
      if (control.train.wish() === 'run') journal.setState('running');
      await carryOut(work, from);
    } catch (error) {
      if (!(error instanceof StoppedError)) await end(journal, error);
      else if (journal.record().state !== 'stopped') await neverBegan(journal);
    } finally {
      line.leave(run);
      control.announce('over');
      active.delete(run);
    }
  }

  async function end(journal: RunJournal, error: unknown): Promise<void> {
    const data = errorData(error);
    // A lost device is nobody's mistake: the run goes on from its last restart point on a fresh one.
    const lost = await deviceWasLost(engine, error);
    journal.change({ error: lost ? null : data });
    journal.setState(lost ? 'interrupted' : 'failed');
    await journal.commit();
    if (!lost) journal.tell({ event: 'failed', error: data });
  }

  async function neverBegan(journal: RunJournal): Promise<void> {
    journal.setState('stopped');
    await journal.commit();
  }

  function resumeOnce(run: RunId, options: WorkOptions): Promise<RunState> {
    const begun = resuming.get(run) ?? resume(run, options).finally(() => resuming.delete(run));
    resuming.set(run, begun);
    return begun;
  }

  /** Waits for a run that is being opened again: what is asked of it meanwhile would miss it. */
  async function resumed(run: RunId): Promise<void> {
    await resuming.get(run)?.catch(() => undefined);
  }

  async function resume(run: RunId, options: WorkOptions): Promise<RunState> {
    const record = await saved(run);
    const { checkpoint, recipe, candidates, blobs } = record;
    if (checkpoint === null || !['running', 'paused', 'waiting', 'interrupted'].includes(record.state)) {
      throw new StudioError(`This run is ${record.state}; start its recipe again instead.`);
    }
    const open = await openDataSource(engine, recipe.data, [], options);
    const stored = async (blob: RunRecord['blobs'][string]) => networkFromBytes(await host.store.read(blob), blob.name);
    const original = candidates.find(({ kind }) => kind === 'original');
    const originalBlob = original && blobs[original.id];
    const sources = {
      network: await stored(checkpoint.network),
      original: originalBlob === undefined ? null : await stored(originalBlob),
      dataset: open.dataset,
      datasetId: open.id,
    };
    const training =
      checkpoint.training === null ? undefined : await readTrainState(await host.store.read(checkpoint.training));
    const evaluations = record.evaluations.filter(({ stage }) => stage < checkpoint.stage);
    const fresh: RunRecord = { ...record, evaluations, error: null, state: 'interrupted' };
    const said = await storedTelemetry(record).catch(() => []);
    const journal = createJournal(host, fresh, said);
    journal.rewind(checkpoint.stage, checkpoint.step);
    launch(journal, sources, { stage: checkpoint.stage, training });
    return 'waiting';
  }

  return {
    async list() {
      const now = (record: RunRecord): RunRecord => active.get(record.run)?.journal.record() ?? interrupted(record);
      const own = (await host.store.records()).map((record) => summaryOf(now(record)));
      references ??= referenceRuns(engine);
      return [...(await references), ...own];
    },

    async start({ recipe, network, dataset, files }, options) {
      checkRecipe(recipe);
      const openData = dataset ?? (await openDataSource(engine, recipe.data, files, options));
      const { signal } = options;
      const openNetwork = network ?? (await openNetworkSource(engine, recipe.network, files, recipe.seed, signal));
      checkLooks(recipe, openNetwork.network.graph);
      const run = `run-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
      const sources = {
        network: openNetwork.network,
        original: null,
        dataset: openData.dataset,
        datasetId: openData.id,
      };
      const journal = createJournal(host, newRecord(run, recipe));
      const first = await journal.keepNetwork(openNetwork.network);
      journal.change({ checkpoint: { stage: 0, step: 0, network: first, training: null } });
      await journal.commit();
      launch(journal, sources, { stage: 0, training: undefined });
      return run;
    },

    async control(run, action, options) {
      if (action !== 'resume') await resumed(run);
      const entry = active.get(run);
      if (entry === undefined) {
        if (action === 'resume') return resumeOnce(run, options);
        throw new StudioError('This run is not under way.');
      }
      const { control, journal } = entry;
      control[action]();
      if (action === 'stop') {
        line.leave(run);
        await entry.done;
      } else if (action === 'pause' && journal.record().state === 'waiting') journal.setState('paused');
      else if (action !== 'step') await control.settled();
      return journal.record().state;
    },

    setKnob(run, setting, value) {
      const { work, journal } = active.get(run) ?? {};
      const { stage, method, nextStep } = work?.training ?? {};
      const declaration = method?.settings[setting];
      const isLive = declaration?.kind === 'number' && declaration.live === true;
      if (journal === undefined || stage === undefined || method === undefined || nextStep === undefined || !isLive) {
        throw new MethodError(`"${setting}" cannot be changed now: no method under way has such a knob.`, setting);
      }
      checkSettings(method.settings, { [setting]: value });
      journal.turn({ stage, step: nextStep, setting, value });
    },

    record: saved,
    metrics: async (run) => (await saved(run)).metrics,
    telemetry: async (run) => active.get(run)?.journal.telemetry() ?? storedTelemetry(await saved(run)),

    async rename(run, candidate, name) {
      const entry = active.get(run);
      const record = await saved(run);
      if (!record.candidates.some(({ id }) => id === candidate)) {
        throw new StudioError('This run has no such network any more.');
      }
      const candidates = record.candidates.map((own) => (own.id === candidate ? named(own, name) : own));
      if (entry === undefined) return host.store.commit({ ...record, candidates });
      entry.journal.change({ candidates });
      return entry.journal.commit();
    },

    async remove(run) {
      await resumed(run);
      const entry = active.get(run);
      if (entry !== undefined) {
        entry.control.stop();
        line.leave(run);
        await entry.done;
      }
      await host.store.remove(run);
    },

    async settled() {
      await Promise.all([...active.values()].map(({ done }) => done));
    },
  };
}

/**
 * Whether the device is gone. Its loss often shows first as some other error (a read that was aborted, a buffer of a
 * strange size), a moment before the loss itself is announced.
 */
async function deviceWasLost({ executor }: Engine, error: unknown): Promise<boolean> {
  if (error instanceof DeviceError && error.kind === 'lost') return true;
  const announced = executor.lost.then(() => true);
  return Promise.race([announced, new Promise<boolean>((resolve) => setTimeout(resolve, LOSS_NEWS_MS, false))]);
}

function named(candidate: Candidate, name: string): Candidate {
  return { ...candidate, name: name === '' ? undefined : name };
}

/** A record of an earlier sitting that never came to its end. */
function interrupted(record: RunRecord): RunRecord {
  const open = record.state === 'running' || record.state === 'paused' || record.state === 'waiting';
  return open ? { ...record, state: 'interrupted' } : record;
}

function newRecord(run: RunId, recipe: Recipe): RunRecord {
  if (recipe.stages.length === 0) throw new RecipeError('The recipe has no stages.', 'stages');
  return {
    version: 1,
    run,
    name: recipe.name,
    recipe,
    state: 'interrupted',
    started: Date.now(),
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
}
