/** Entry point: one contestant of the benchmark, in a worker of its own. Who started it ends it. */
import * as v from 'valibot';
import { layerSpeeds, type LayerSpeed } from './bench/layers';
import { measure, memoryUse, type Contestant, type Measurement, type MemoryUse } from './bench/measure';
import { ownContestant } from './bench/own';
import { stockContestant } from './bench/stock-tfjs';
import { workloadNames, workloads, type Workload, type WorkloadName } from './bench/workloads';
import type { ExecutorOptions } from './compute/runtime';
import { wasmFiles } from './compute/wasm-files';
import { serve } from './rpc';

const contestantNames = [
  'ours-wasm',
  'ours-webgpu',
  'tfjs-wasm-composed',
  'tfjs-webgpu',
  'jax-js-wasm',
  'jax-js-webgpu',
] as const;
type ContestantName = (typeof contestantNames)[number];

/** One measurement. */
export interface BenchRequest {
  readonly contestant: ContestantName;
  readonly workload: WorkloadName;
  readonly forwardOnly: boolean;
  /** Acts in the step of one of ours; null = plain SGD. */
  readonly method: string | null;
  /** WASM threads; null = as many as the studio takes. */
  readonly threads: number | null;
}

export interface BenchCommands {
  measure: { params: BenchRequest; result: Measurement };
  layers: { params: BenchRequest; result: LayerSpeed[] };
  memory: { params: BenchRequest & { readonly steps: number }; result: MemoryUse };
}

function executorOptions({ contestant, threads }: BenchRequest): ExecutorOptions {
  if (contestant === 'ours-webgpu') return { device: 'webgpu' };
  const kernels = contestant === 'tfjs-wasm-composed' ? 'composed' : 'own';
  return { device: 'wasm', wasmFiles, threads: threads ?? undefined, kernels };
}

async function start(workload: Workload, request: BenchRequest): Promise<Contestant> {
  if (request.contestant === 'jax-js-wasm' || request.contestant === 'jax-js-webgpu') {
    // A library the studio does not use: loaded where it is measured.
    const { jaxContestant } = await import('./bench/jax');
    return jaxContestant(workload, request.contestant === 'jax-js-wasm' ? 'wasm' : 'webgpu', request.forwardOnly);
  }
  if (request.contestant === 'tfjs-webgpu') return stockContestant(workload, request.forwardOnly);
  const { forwardOnly, method } = request;
  return ownContestant(workload, { executor: executorOptions(request), forwardOnly, method });
}

const requestFields = {
  contestant: v.picklist(contestantNames),
  workload: v.picklist(workloadNames),
  forwardOnly: v.boolean(),
  method: v.nullable(v.string()),
  threads: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))),
};
const requestSchema = v.strictObject(requestFields);
const memorySchema = v.strictObject({ ...requestFields, steps: v.pipe(v.number(), v.integer(), v.minValue(1)) });

serve<BenchCommands>(
  self,
  {
    async measure(request) {
      const contestant = await start(workloads[request.workload], request);
      try {
        // On WebGPU a read-back after each step would be timed with it; the training loop reads every few steps.
        return await measure(contestant, request.contestant.endsWith('webgpu') ? 3 : 1);
      } finally {
        contestant.dispose();
      }
    },
    async memory({ steps, ...request }) {
      const contestant = await start(workloads[request.workload], request);
      try {
        return await memoryUse(contestant, steps);
      } finally {
        contestant.dispose();
      }
    },
    layers: (request) => layerSpeeds(workloads[request.workload], executorOptions(request)),
  },
  { measure: requestSchema, layers: requestSchema, memory: memorySchema },
);
