/** Entry point of headless.html: the studio's own worker, driven by a program instead of a person. */
import type { BenchCommands } from '../workers/bench.worker';
import { connect, errorData, RemoteError, type Connection } from '../workers/rpc';
import type { CommandParams, NetworkView, Recipe, RunId, RunResult, StudioEvent } from '../workers/protocol';
import type {
  HeadlessApi,
  HeadlessEvaluation,
  HeadlessEvaluationOutcome,
  HeadlessFile,
  HeadlessProgress,
  HeadlessRun,
  HeadlessRunOutcome,
  Outcome,
} from './headless-api';
import { traceOf } from './replay/record';
import { createStudioClient } from './studio/client';
import type { StudioClient } from './studio/state';

declare global {
  interface Window {
    espalier?: HeadlessApi;
    espalierProgress?: (progress: HeadlessProgress) => void;
  }
}

const calm: HeadlessProgress = {
  text: '',
  done: null,
  stage: null,
  stages: null,
  secondsLeft: null,
  imagesPerSecond: null,
};

function report(progress: Partial<HeadlessProgress>): void {
  window.espalierProgress?.({ ...calm, ...progress });
}

async function fetched(files: readonly HeadlessFile[]): Promise<File[]> {
  return Promise.all(
    files.map(async ({ url, name }) => {
      const response = await fetch(new URL(url, location.href));
      if (!response.ok) throw new Error(`"${name}" could not be read (${response.status}).`);
      return new File([await response.blob()], name);
    }),
  );
}

/** Starts a worker for one job, and ends it with the job. */
async function withStudio<T>(
  device: HeadlessRun['device'],
  job: (client: StudioClient, started: Awaited<ReturnType<typeof start>>) => Promise<T>,
): Promise<Outcome<T>> {
  const client = createStudioClient();
  try {
    report({ text: 'Starting the device' });
    return { ok: true, value: await job(client, await start(client, device)) };
  } catch (error) {
    return { ok: false, error: errorData(error) };
  } finally {
    client.dispose();
  }
}

function start(client: StudioClient, device: HeadlessRun['device']) {
  return client.call('start', { device, baseUrl: new URL('.', document.baseURI).href });
}

function openData(client: StudioClient, source: CommandParams<'openDataset'>['source'], files: readonly File[]) {
  const onProgress = (done: number, note: string): void => report({ text: note, done });
  return client.call('openDataset', { source, files }, { onProgress });
}

/** Resolves with the result of `run`; rejects with what it failed of, and when it was interrupted for good. */
function ended(client: StudioClient, stages: number) {
  let watched: RunId | undefined;
  const held: StudioEvent[] = [];
  let settle: (event: StudioEvent) => void = (event) => void held.push(event);
  const result = new Promise<RunResult>((resolve, reject) => {
    settle = (told) => {
      if (told.kind === 'device-lost' && !told.recovering) reject(new Error(`The device was lost: ${told.reason}`));
      if (told.kind === 'device-lost' || told.kind === 'warning' || told.kind === 'storage') {
        report({ text: told.kind === 'device-lost' ? `Device lost, starting afresh: ${told.reason}` : told.message });
      }
      if (told.kind !== 'run') return;
      // The first events may arrive before the call that began the run is answered.
      if (watched === undefined) held.push(told);
      else if (told.event.run === watched) finish(told.event);
    };
    const finish = (event: Extract<StudioEvent, { kind: 'run' }>['event']): void => {
      if (event.event === 'finished') resolve(event.result);
      else if (event.event === 'failed') reject(new RemoteError(event.error));
      else if (event.event === 'progress') {
        const { stage, stageName, note, done, total, secondsLeft, imagesPerSecond } = event.progress;
        const share = total === 0 ? 1 : done / total;
        report({ text: `${stageName}: ${note}`, done: share, stage, stages, secondsLeft, imagesPerSecond });
      }
    };
  });
  client.subscribe((event) => settle(event));
  return (run: RunId): Promise<RunResult> => {
    watched = run;
    for (const event of held.splice(0)) settle(event);
    return result;
  };
}

/** The files a run leaves: every network it made, its metrics and its recipe. */
async function postArtefacts(client: StudioClient, run: RunId, to: string): Promise<string[]> {
  const posted: string[] = [];
  const post = async (name: string, blob: Blob): Promise<void> => {
    const response = await fetch(new URL(`${to}${name}`, location.href), { method: 'POST', body: blob });
    if (!response.ok) throw new Error(`"${name}" could not be handed over (${response.status}).`);
    posted.push(name);
  };
  const { runs } = await client.call('listRuns', null);
  const candidates = runs.find((summary) => summary.run === run)?.candidates ?? [];
  for (const { id, kind } of candidates) {
    if (kind === 'original') continue;
    report({ text: `Writing the ${kind} network` });
    const { network } = await client.call('openCandidate', { run, candidate: id });
    const params = { network, run: null, dataset: null, format: 'safetensors' } as const;
    const same = candidates.filter((candidate) => candidate.kind === kind);
    const number = same.length > 1 ? `-${same.findIndex((candidate) => candidate.id === id) + 1}` : '';
    await post(`${kind}${number}.safetensors`, (await client.call('exportNetwork', params)).blob);
  }
  for (const [format, name] of [
    ['metrics', 'metrics.csv'],
    ['recipe', 'recipe.json'],
  ] as const) {
    await post(name, (await client.call('exportNetwork', { network: null, run, dataset: null, format })).blob);
  }
  await post('run.trace', await traceOf(client, run));
  return posted;
}

function run(request: HeadlessRun): Promise<Outcome<HeadlessRunOutcome>> {
  return withStudio(request.device, async (client) => {
    // Whatever it is, the worker checks it against the recipe's schema and says what is wrong.
    const recipe = request.recipe as Recipe;
    report({ text: 'Reading data' });
    const data = await openData(client, recipe.data, await fetched(request.dataFiles));
    report({ text: 'Reading the network' });
    const files = await fetched(request.networkFiles);
    const network =
      files.length === 0
        ? null
        : (await client.call('openNetwork', { source: recipe.network, files, seed: recipe.seed })).network;
    const result = ended(client, recipe.stages.length);
    const params = { recipe, network, dataset: data.dataset, files: [] };
    const { run: id } = await client.call('startRun', params);
    const value = await result(id);
    return {
      result: value,
      artefacts: request.artefacts === null ? [] : await postArtefacts(client, id, request.artefacts),
    };
  });
}

function evaluate(request: HeadlessEvaluation): Promise<Outcome<HeadlessEvaluationOutcome>> {
  return withStudio(request.device, async (client, { device }) => {
    report({ text: 'Reading data' });
    const { dataset } = await openData(client, request.data, await fetched(request.dataFiles));
    report({ text: 'Reading the network' });
    const source = { source: request.network, files: await fetched(request.networkFiles) };
    const opened = await client.call('openNetwork', source);
    const { network, input } = await described(client, opened, dataset);
    const params = { network, dataset, split: request.split, images: request.images };
    const onProgress = (done: number, note: string): void => report({ text: note, done });
    return { ...(await client.call('evaluate', params, { onProgress })), input, device };
  });
}

/** A network whose file does not say how its input is made takes the way that does best on other images than the test's. */
async function described(client: StudioClient, { network, meta }: NetworkView, dataset: string) {
  if (meta.normalisation !== undefined) return { network, input: null };
  report({ text: 'Trying how the input is made' });
  const { images, tried } = await client.call('tryInputs', { network, dataset });
  const [best] = tried;
  if (best === undefined) return { network, input: null };
  const { title, order, normalisation, accuracy } = best;
  const view = await client.call('describeInput', { network, normalisation, order, classes: null });
  return { network: view.network, input: { title, accuracy, images } };
}

/** A worker of its own for each measurement. */
async function withBench<T>(job: (bench: Connection<BenchCommands>) => Promise<T>): Promise<Outcome<T>> {
  const bench = connect<BenchCommands>(
    () => new Worker(new URL('../workers/bench.worker.ts', import.meta.url), { type: 'module', name: 'bench' }),
  );
  try {
    return { ok: true, value: await job(bench) };
  } catch (error) {
    return { ok: false, error: errorData(error) };
  } finally {
    bench.terminate();
  }
}

window.espalier = {
  run,
  evaluate,
  measure: (request) => withBench((bench) => bench.call('measure', request)),
  layers: (request) => withBench((bench) => bench.call('layers', request)),
  memory: (request) => withBench((bench) => bench.call('memory', request)),
};
