/** Checks on messages about what is open: `networks.ts`. */
import * as v from 'valibot';
import type { Graph, NetworkMeta } from '../network/graph';
import type { ParamSchemas, ResultSchemas } from '../rpc';
import type { NetworkCommands } from './networks';
import { DataSourceSchema, NetworkSourceSchema, SplitSchema } from '../session/recipe';
import { bytes, count, files, floats, handle, normalisation, positive, seed, share, text } from './shapes-schema';

/** Structure is built by the engine's own validated code; the page needs the list to be a list. */
const graph = v.custom<Graph>(
  (value) =>
    v.is(
      v.object({
        layers: v.array(v.object({ id: v.string(), op: v.string(), inputs: v.array(v.string()) })),
        outputs: v.array(v.string()),
      }),
      value,
    ),
  'expected the layers and outputs of a network',
);

export const networkView = v.strictObject({
  network: handle,
  graph,
  meta: v.custom<NetworkMeta>(
    (value) => v.is(v.object({ name: v.string(), history: v.array(v.unknown()) }), value),
    'expected the name and history of a network',
  ),
  hash: text,
  source: NetworkSourceSchema,
  notes: v.array(text),
});

export const shippedSchema = v.strictObject({
  id: handle,
  title: text,
  data: DataSourceSchema,
  accuracy: share,
  macs: count,
  parameters: count,
  recipe: text,
});

const counts = v.strictObject({ train: count, validation: count, test: count });
const kernels = v.pipe(
  v.strictObject({
    filters: positive,
    size: v.strictTuple([positive, positive]),
    magnitude: floats,
    rgb: v.nullable(floats),
  }),
  v.check(
    ({ filters, size, magnitude, rgb }) =>
      magnitude.length === filters * size[0] * size[1] && (rgb === null || rgb.length === magnitude.length * 3),
    'magnitude must be [filters, kh, kw] and rgb [filters, kh, kw, 3]',
  ),
);

export const networkParams = {
  openNetwork: v.strictObject({ source: NetworkSourceSchema, files, seed: v.optional(seed) }),
  tryInputs: v.strictObject({ network: handle, dataset: handle }),
  describeInput: v.strictObject({
    network: handle,
    normalisation,
    order: v.picklist(['RGB', 'BGR']),
    classes: v.nullable(v.pipe(v.array(text), v.maxLength(100_000))),
  }),
  openDataset: v.strictObject({ source: DataSourceSchema, files }),
  kernels: v.strictObject({ network: handle, layer: handle }),
  imagesAt: v.strictObject({
    dataset: handle,
    split: SplitSchema,
    indices: v.pipe(v.array(count), v.maxLength(1000)),
  }),
} satisfies ParamSchemas<NetworkCommands>;

export const networkResults = {
  openNetwork: networkView,
  tryInputs: v.strictObject({
    images: count,
    chance: share,
    tried: v.array(
      v.strictObject({ id: handle, title: text, order: v.picklist(['RGB', 'BGR']), normalisation, accuracy: share }),
    ),
  }),
  describeInput: networkView,
  openDataset: v.strictObject({
    dataset: handle,
    name: text,
    task: v.picklist(['classification', 'segmentation']),
    classes: v.array(text),
    shape: v.strictTuple([positive, positive, positive]),
    normalisation,
    counts,
    notes: v.array(text),
    source: DataSourceSchema,
  }),
  kernels,
  imagesAt: v.strictObject({ shape: v.strictTuple([positive, positive, positive]), pixels: bytes }),
} satisfies ResultSchemas<NetworkCommands>;
