/**
 * A setup: a recipe and where the studio looks. What a link and its file hold; a plain recipe is a setup without a view.
 */
import * as v from 'valibot';
import { RecipeSchema, StageSchema } from '../../workers/protocol-schema';
import type { Recipe } from '../../workers/protocol';
import { DocumentError, parseDocument, type Upgrades } from './versions';

const rowLengths = ['multiply-adds', 'weights', 'filters'] as const;
const orders = ['strongest first', 'as stored'] as const;
const tabs = ['filters', 'coupling', 'gates', 'clusters', 'ranks', 'maps', 'looks'] as const;

export const ViewSchema = v.strictObject({
  layer: v.optional(v.pipe(v.string(), v.maxLength(200))),
  tab: v.optional(v.picklist(tabs)),
  rowLength: v.optional(v.picklist(rowLengths)),
  order: v.optional(v.picklist(orders)),
});

export const SetupSchema = v.strictObject({
  kind: v.literal('espalier-setup'),
  version: v.literal(1),
  recipe: RecipeSchema,
  /** SHA-256 over structure and tensors of the network, where it has to come from a file. */
  hash: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'))),
  view: v.optional(ViewSchema, {}),
});

export type Setup = v.InferOutput<typeof SetupSchema>;

/** None yet: version 1 is the first. */
const upgrades: Upgrades = [];

/** A setup, or a recipe as a setup without a view. Throws `DocumentError` naming the first wrong place. */
export function parseSetup(json: unknown, what: string): Setup {
  if (!v.is(v.object({ kind: v.literal('espalier-setup') }), json)) {
    const recipe = v.safeParse(RecipeSchema, json);
    if (recipe.success)
      return { kind: 'espalier-setup', version: 1, recipe: recipe.output, ...fileOf(recipe.output), view: {} };
    const [issue] = recipe.issues;
    const path = v.getDotPath(issue) ?? '';
    throw new DocumentError(`${what} is wrong at ${path === '' ? 'its root' : `"${path}"`}: ${issue.message}.`, path);
  }
  return parseDocument(SetupSchema, upgrades, json, what);
}

function fileOf({ network }: Recipe): Pick<Setup, 'hash'> {
  return network.source === 'file' && network.sha256 !== undefined ? { hash: network.sha256 } : {};
}

/** The setup without what the schema fills in by itself: short, and equal when parsed again. */
export function compactSetup({ recipe, view, ...rest }: Setup): unknown {
  return { ...rest, recipe: compactRecipe(recipe), ...(Object.keys(view).length === 0 ? {} : { view }) };
}

function compactRecipe(recipe: Recipe): unknown {
  const stages = recipe.stages.map((stage) => withoutDefaults(stage, (value) => v.safeParse(StageSchema, value)));
  return withoutDefaults({ ...recipe, stages }, (value) => v.safeParse(RecipeSchema, value), ['stages']);
}

type Parse = (value: unknown) => { readonly success: boolean; readonly output?: unknown };

/** Leaves out every key whose absence means the same. */
function withoutDefaults(value: object, parse: Parse, keep: readonly string[] = []): unknown {
  const meaning = JSON.stringify(sorted(parse(value).output));
  let short: Record<string, unknown> = { ...value };
  for (const key of Object.keys(value)) {
    if (keep.includes(key)) continue;
    const { [key]: _, ...without } = short;
    const parsed = parse(without);
    if (parsed.success && JSON.stringify(sorted(parsed.output)) === meaning) short = without;
  }
  return short;
}

/** Keys in order, so that equal values have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}
