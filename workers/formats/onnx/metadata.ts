/** What an ONNX file says about its input and classes beside the graph: our own entry, or that of other exporters. */
import type { ModelProto } from 'onnx-buf';
import * as v from 'valibot';
import type { NetworkMeta, Normalisation } from '../../network/graph';

export const metadataKey = 'espalier';

const numbers = v.array(v.pipe(v.number(), v.finite()));
const FactsSchema = v.object({
  name: v.string(),
  classes: v.optional(v.array(v.string())),
  normalisation: v.optional(v.object({ mean: numbers, std: numbers })),
});

interface Facts {
  readonly name?: string | undefined;
  readonly classes?: readonly string[] | undefined;
  readonly normalisation?: Normalisation | undefined;
}

/** What `readMetadata` reads back: name, classes and normalisation. */
export function metadataText({ name, classes, normalisation }: NetworkMeta): string {
  return JSON.stringify({ name, classes, normalisation });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Class names as ultralytics writes them: `{0: 'person', 1: 'bicycle'}`, numbered without a gap. */
function numberedNames(text: string): readonly string[] | undefined {
  const names: string[] = [];
  for (const [, index, single, double] of text.matchAll(/(\d+):\s*(?:'([^']*)'|"([^"]*)")/g)) {
    if (Number(index) !== names.length) return undefined;
    names.push(single ?? double ?? '');
  }
  return names.length === 0 ? undefined : names;
}

/** Nothing is taken from an entry that does not have the form it should. */
export function readMetadata({ metadataProps }: ModelProto): Facts {
  const entries = new Map(metadataProps.map(({ key, value }) => [key, value]));
  const own = v.safeParse(FactsSchema, parsed(entries.get(metadataKey) ?? ''));
  if (own.success) return own.output;
  const names = entries.get('names');
  return names === undefined ? {} : { classes: numberedNames(names) };
}
