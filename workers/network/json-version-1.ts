/**
 * From version 1 to version 2: `upsample` by whole factors became `resize` to any size.
 */
import * as v from 'valibot';
import { type Layer, NetworkError } from './graph';
import { NetworkJsonError } from './json-error';
import { LayerSchema } from './json-schema';
import { inferShapes } from './shapes';

type Fields = Readonly<Record<string, unknown>>;

const UpsampleSchema = v.object({
  id: v.string(),
  inputs: v.tuple([v.string()]),
  scale: v.tuple([v.pipe(v.number(), v.safeInteger()), v.pipe(v.number(), v.safeInteger())]),
});

/**
 * The version 1 document as version 2. Both modes of `upsample` sampled the half-pixel grid, so the function stays the
 * same. What cannot be read is left for the schema to refuse. Throws `NetworkJsonError` where an upsampling's size cannot
 * be found.
 */
export function upsampleToResize(document: Fields): Record<string, unknown> {
  const { graph } = document;
  const layers = isRecord(graph) ? graph['layers'] : undefined;
  if (!isRecord(graph) || !Array.isArray(layers)) return { ...document, version: 2 };
  const upgraded: unknown[] = [];
  for (const [at, layer] of layers.entries()) {
    upgraded.push(isRecord(layer) && layer['op'] === 'upsample' ? resized(layer, upgraded, at) : layer);
  }
  return { ...document, version: 2, graph: { ...graph, layers: upgraded } };
}

function resized({ scale: _scale, ...layer }: Fields, before: readonly unknown[], at: number): Fields {
  const path = `graph.layers.${at}`;
  const upsample = v.safeParse(UpsampleSchema, { ...layer, scale: _scale });
  const earlier = v.safeParse(v.array(LayerSchema), before);
  if (!upsample.success || !earlier.success) throw unreadable(path);
  const { inputs, scale } = upsample.output;
  const [height, width] = sizeOfInput(earlier.output, inputs[0], path);
  return { ...layer, op: 'resize', size: [height * scale[0], width * scale[1]], grid: 'halfPixel' };
}

function sizeOfInput(layers: readonly Layer[], id: string, path: string): readonly [number, number] {
  try {
    const shape = inferShapes({ layers, outputs: [] }).get(id);
    if (shape?.length === 3) return [shape[0], shape[1]];
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
  }
  throw unreadable(path);
}

function unreadable(path: string): NetworkJsonError {
  const problem = `The network description is damaged at "${path}": the size of its upsampling cannot be found.`;
  return new NetworkJsonError('malformed', problem, path);
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
