/** Checks on commands about runs, and their answers: `run-commands.ts`. */
import * as v from 'valibot';
import type { ParamSchemas, ResultSchemas } from '../rpc';
import type { RunCommands } from './run-commands';
import { RecipeSchema } from '../session/recipe';
import { networkView } from './networks-schema';
import { metricSchema, runSummarySchema, sampleEntries, stateSchema } from './runs-schema';
import { count, files, handle, text } from './shapes-schema';

export const runParams = {
  startRun: v.strictObject({
    recipe: RecipeSchema,
    network: v.nullable(handle),
    dataset: v.nullable(handle),
    files,
  }),
  controlRun: v.strictObject({ run: handle, action: v.picklist(['pause', 'resume', 'step', 'stop']) }),
  setKnob: v.strictObject({ run: handle, setting: text, value: v.pipe(v.number(), v.finite()) }),
  listRuns: v.null(),
  deleteRun: v.strictObject({ run: handle }),
  renameCandidate: v.strictObject({ run: handle, candidate: handle, name: v.pipe(text, v.maxLength(80)) }),
  metricsOf: v.strictObject({ run: handle }),
  telemetryOf: v.strictObject({ run: handle }),
  openCandidate: v.strictObject({ run: handle, candidate: handle }),
  exportNetwork: v.strictObject({
    network: v.nullable(handle),
    run: v.nullable(handle),
    dataset: v.nullable(handle),
    format: v.picklist([
      ...(['safetensors', 'onnx', 'tfjs-layers', 'tfjs-graph', 'keras', 'pytorch'] as const),
      ...(['everything', 'project', 'recipe', 'metrics'] as const),
    ]),
  }),
} satisfies ParamSchemas<RunCommands>;

export const runResults = {
  startRun: v.strictObject({ run: handle }),
  controlRun: v.strictObject({ state: stateSchema }),
  setKnob: v.null(),
  listRuns: v.strictObject({ runs: v.array(runSummarySchema) }),
  deleteRun: v.null(),
  renameCandidate: v.null(),
  metricsOf: v.strictObject({ points: v.array(metricSchema) }),
  telemetryOf: v.strictObject({ samples: v.array(v.strictObject(sampleEntries)) }),
  openCandidate: networkView,
  exportNetwork: v.strictObject({
    name: text,
    blob: v.instance(Blob),
    sha256: text,
    proof: v.nullable(v.strictObject({ maxAbsLogitDifference: v.number(), images: count })),
  }),
} satisfies ResultSchemas<RunCommands>;
