/** `espalier bench`: one SGD step of known networks, contestant by contestant, each in a browser of its own. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Outcome } from '../src/headless-api';
import type { LayerSpeed } from '../workers/bench/layers';
import type { Measurement, MemoryUse } from '../workers/bench/measure';
import { usualWorkloads, workloadNames, workloads, type WorkloadName } from '../workers/bench/workloads';
import type { BenchRequest } from '../workers/bench.worker';
import { blobWorkersPolicy } from '../scripts/headers.mjs';
import { errorData } from '../workers/rpc';
import { withStudioPage, type StudioPage } from './browser';
import { numberOption, readParameters, textOption, UsageError } from './usage';

const browserContestants = [
  'ours-wasm',
  'tfjs-wasm-composed',
  'jax-js-wasm',
  'ours-webgpu',
  'tfjs-webgpu',
  'jax-js-webgpu',
] as const;
const contestants = [...browserContestants, 'torch'] as const;
type Contestant = (typeof contestants)[number];

/** The step of the reference, in the repository beside the built command line. */
const torchScript = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'scripts', 'bench-torch.py');

interface Row {
  /** The contestant; a method that acts in its step follows, "ours-wasm csgd". */
  readonly name: string;
  readonly workload: WorkloadName;
  readonly outcome: Outcome<Measurement>;
}

export async function bench(parameters: readonly string[]): Promise<void> {
  const { positional, values } = readParameters(parameters, {
    json: { type: 'boolean' },
    only: { type: 'string' },
    workloads: { type: 'string' },
    forward: { type: 'boolean' },
    layers: { type: 'boolean' },
    memory: { type: 'boolean' },
    steps: { type: 'string' },
    threads: { type: 'string' },
    torch: { type: 'string' },
    method: { type: 'string' },
  });
  if (positional.length > 0) throw new UsageError(`"${positional.join(' ')}" is too much.`);
  const python = textOption(values['torch']);
  if (python !== undefined && !existsSync(python)) throw new UsageError(`There is no Python "${python}".`);
  const offered = python === undefined ? browserContestants : contestants;
  const chosen = choices('only', textOption(values['only']), offered);
  const measured = choices('workloads', textOption(values['workloads']), workloadNames, usualWorkloads);
  const forwardOnly = values['forward'] === true;
  const threads = numberOption('threads', values['threads'], 1) ?? null;
  const json = values['json'] === true;
  const method = textOption(values['method']) ?? null;
  if (values['layers'] === true) return layers(chosen, measured, threads, json);
  const steps = numberOption('steps', values['steps'], 1);
  if (values['memory'] === true) return memory(chosen, measured, threads, steps ?? 1000, json);
  if (steps !== undefined) throw new UsageError('--steps counts the steps of --memory.');

  const rows: Row[] = [];
  for (const workload of measured) {
    for (const contestant of chosen) {
      const add = (name: string, outcome: Outcome<Measurement>): void => {
        rows.push({ name, workload, outcome });
        if (!json) console.log(line(rows, rows.length - 1));
      };
      if (contestant === 'torch') {
        add(contestant, await runTorch(python ?? '', workload, forwardOnly, threads));
        continue;
      }
      const request = { contestant, workload, forwardOnly, threads, method: null };
      add(contestant, await runInBrowser(request));
      if (method !== null && contestant.startsWith('ours')) {
        add(`${contestant} ${method}`, await runInBrowser({ ...request, method }));
      }
    }
  }
  if (json) console.log(JSON.stringify(table(rows)));
}

/** Median milliseconds by contestant and workload; what could not run says why under `failures`. */
function table(rows: readonly Row[]): Record<string, Record<string, number | string>> {
  const result: Record<string, Record<string, number | string>> = {};
  for (const { name, workload, outcome } of rows) {
    if (outcome.ok) (result[name] ??= {})[workload] = round(outcome.value.median);
    else (result['failures'] ??= {})[`${name} ${workload}`] = outcome.error.message;
  }
  return result;
}

/** A contestant's time, and how many times the first contestant's of the same workload it is. */
function line(rows: readonly Row[], at: number): string {
  const row = rows[at];
  if (row === undefined) return '';
  const name = `${row.workload.padEnd(14)} ${row.name.padEnd(20)}`;
  if (!row.outcome.ok) return `${name} ${row.outcome.error.message}`;
  const { median, fastest, slowest, repeats, device } = row.outcome.value;
  const first = rows.find(({ workload, outcome }) => workload === row.workload && outcome.ok)?.outcome;
  const ratio = first?.ok === true ? `${(median / first.value.median).toFixed(2)}x` : '';
  const spread = `${round(fastest)} to ${round(slowest)}, ${repeats} times`;
  return `${name} ${String(round(median)).padStart(8)} ms  ${ratio.padStart(8)}  (${spread}; ${device})`;
}

async function layers(
  chosen: readonly Contestant[],
  measured: readonly WorkloadName[],
  threads: number | null,
  json: boolean,
): Promise<void> {
  const result: Record<string, Record<string, readonly LayerSpeed[]>> = {};
  for (const workload of measured) {
    for (const contestant of chosen) {
      if (contestant === 'torch' || contestant === 'tfjs-webgpu' || contestant.startsWith('jax-js')) continue;
      const request: BenchRequest = { contestant, workload, forwardOnly: false, threads, method: null };
      const speeds = await inPage((asked) => window.espalier?.layers(asked), request);
      (result[contestant] ??= {})[workload] = speeds;
      if (json) continue;
      console.log(`${workload}, ${contestant}: billions of multiply-adds a second`);
      console.log(
        `  ${'layer'.padEnd(26)} ${['output', 'by input', 'by kernel'].map((name) => name.padStart(10)).join('')}`,
      );
      for (const { layer, ...speed } of speeds) {
        const numbers = [speed.output, speed.inputGradient, speed.kernelGradient];
        console.log(`  ${layer.padEnd(26)} ${numbers.map((number) => number.toFixed(2).padStart(10)).join('')}`);
      }
    }
  }
  if (json) console.log(JSON.stringify(result));
}

/** Whether many steps leave memory where the first ones put it; the studio's own executor alone counts its memory. */
async function memory(
  chosen: readonly Contestant[],
  measured: readonly WorkloadName[],
  threads: number | null,
  steps: number,
  json: boolean,
): Promise<void> {
  const result: Record<string, Record<string, MemoryUse>> = {};
  for (const workload of measured) {
    for (const contestant of chosen) {
      if (contestant !== 'ours-wasm' && contestant !== 'ours-webgpu' && contestant !== 'tfjs-wasm-composed') continue;
      const request = { contestant, workload, forwardOnly: false, threads, method: null, steps };
      const use = await inPage((asked: typeof request) => window.espalier?.memory(asked), request);
      (result[contestant] ??= {})[workload] = use;
      if (json) continue;
      const held = (['settled', 'most', 'last'] as const).map((when) => `${megabytes(use[when].held)} ${when}`);
      const grown = use.last.tensors - use.settled.tensors;
      console.log(
        `${workload.padEnd(14)} ${contestant.padEnd(20)} ${held.join(', ')}; tensors ${megabytes(use.last.tensors)}, ` +
          `${grown} bytes more after ${steps} steps (${use.device})`,
      );
    }
  }
  if (json) console.log(JSON.stringify(result));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function runInBrowser(request: BenchRequest): Promise<Outcome<Measurement>> {
  try {
    return { ok: true, value: await inPage((asked) => window.espalier?.measure(asked), request) };
  } catch (error) {
    return { ok: false, error: errorData(error) };
  }
}

/** Calls `window.espalier` of a fresh browser. */
function inPage<T, R extends BenchRequest>(
  call: (request: R) => Promise<Outcome<T>> | undefined,
  request: R,
): Promise<T> {
  const job = async ({ page }: StudioPage): Promise<Outcome<T>> => {
    const outcome = await page.evaluate(call as (asked: R) => Promise<Outcome<T>>, request as never);
    if (outcome === undefined) throw new Error('The page is not ready.');
    return outcome;
  };
  return withStudioPage<T>([], undefined, job, request.contestant.startsWith('jax-js') ? blobWorkersPolicy : undefined);
}

async function runTorch(
  python: string,
  workload: WorkloadName,
  forwardOnly: boolean,
  threads: number | null,
): Promise<Outcome<Measurement>> {
  const { architecture, batch } = workloads[workload];
  const parameters = [torchScript, architecture, String(batch), String(threads ?? 0), forwardOnly ? 'forward' : 'step'];
  try {
    const { stdout } = await promisify(execFile)(python, parameters);
    return { ok: true, value: JSON.parse(stdout) as Measurement };
  } catch (error) {
    return { ok: false, error: errorData(error) };
  }
}

/** Those of `offered` that the option names, separated by commas; `usual`, or all, when it is absent. */
function choices<C extends string>(
  name: string,
  value: string | undefined,
  offered: readonly C[],
  usual: readonly C[] = offered,
): readonly C[] {
  if (value === undefined) return usual;
  return value.split(',').map((part) => {
    const found = offered.find((choice) => choice === part.trim());
    if (found === undefined) throw new UsageError(`--${name} takes ${offered.join(', ')}, not "${part}".`);
    return found;
  });
}

function round(milliseconds: number): number {
  return Number(milliseconds.toPrecision(4));
}
