/**
 * Checks on every message of the studio protocol: parameters on the worker's side, events and results on the page's.
 *
 * `protocol.ts` holds the types; `satisfies` and the type tests beside this file keep both in step. Typed arrays are
 * checked for their length wherever the message itself says what it must be.
 */
import * as v from 'valibot';
import type { Commands, MethodDeclaration, StudioEvent } from './protocol';
import { lookingParams, lookingResults } from './protocol/looking-schema';
import { measuringParams, measuringResults } from './protocol/measuring-schema';
import { networkParams, networkResults, shippedSchema } from './protocol/networks-schema';
import { runParams, runResults } from './protocol/run-commands-schema';
import { runEventSchema, runSummarySchema } from './protocol/runs-schema';
import { count, text } from './protocol/shapes-schema';
import type { ParamSchemas, ResultSchemas } from './rpc';

export { shippedSchema } from './protocol/networks-schema';
export { evaluationSchema, metricSchema, runSummarySchema } from './protocol/runs-schema';
/** For the page, which reads recipes out of links, files and lessons. */
export {
  CutRulesSchema,
  DataSourceSchema,
  NetworkSourceSchema,
  RecipeSchema,
  SettingsSchema,
  StageSchema,
  TrainingChangeSchema,
} from './session/recipe';

export const deviceSchema = v.strictObject({
  kind: v.picklist(['webgpu', 'wasm']),
  description: text,
  reason: text,
  threads: count,
  simd: v.boolean(),
  maxBufferBytes: v.optional(v.number()),
  selfCheckError: v.number(),
});

export const eventSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('run'), event: runEventSchema }),
  v.strictObject({ kind: v.literal('device'), report: deviceSchema }),
  v.strictObject({ kind: v.literal('device-lost'), reason: text, recovering: v.boolean() }),
  v.strictObject({ kind: v.literal('storage'), message: text, bytesNeeded: v.nullable(v.number()) }),
  v.strictObject({ kind: v.literal('warning'), message: text }),
]) satisfies v.GenericSchema<unknown, StudioEvent>;

const methodDeclaration = v.custom<MethodDeclaration>(
  (value) => v.is(v.object({ id: v.string(), title: v.string(), settings: v.record(v.string(), v.unknown()) }), value),
  'expected the declaration of a method',
);

export const paramSchemas = {
  start: v.strictObject({ device: v.picklist(['auto', 'webgpu', 'wasm']), baseUrl: v.pipe(v.string(), v.url()) }),
  ...networkParams,
  ...measuringParams,
  ...lookingParams,
  ...runParams,
} satisfies ParamSchemas<Commands>;

export const resultSchemas = {
  start: v.strictObject({
    device: deviceSchema,
    methods: v.array(methodDeclaration),
    shipped: v.array(shippedSchema),
    runs: v.array(runSummarySchema),
  }),
  ...networkResults,
  ...measuringResults,
  ...lookingResults,
  ...runResults,
} satisfies ResultSchemas<Commands>;
