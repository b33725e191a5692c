/**
 * Versioned documents: links, setups, lessons, traces. An older one is upgraded one step at a time, a newer one is
 * refused, and whatever is wrong is said with its place.
 */
import * as v from 'valibot';

/** Something a person brought is not what it says it is. `path` names the place: "steps.2.target.budget". */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  constructor(
    message: string,
    readonly path: string,
  ) {
    super(message);
  }
}

/** One step up each: `upgrades[0]` makes a document of version 1 one of version 2. */
export type Upgrades = readonly ((older: unknown) => unknown)[];

const tagged = v.object({ version: v.pipe(v.number(), v.integer(), v.minValue(1)) });

/**
 * Checks `json` against `schema` after raising it to the newest version, which is `upgrades.length + 1`. `what` names
 * the document in messages: "The link". Throws `DocumentError`.
 */
export function parseDocument<S extends v.GenericSchema>(
  schema: S,
  upgrades: Upgrades,
  json: unknown,
  what: string,
): v.InferOutput<S> {
  const head = v.safeParse(tagged, json);
  if (!head.success) throw new DocumentError(`${what} does not say its version, so it cannot be read.`, 'version');
  const { version } = head.output;
  if (version > upgrades.length + 1) {
    const text = `${what} is of version ${version}, newer than this studio reads (${upgrades.length + 1}): reload the page or open a newer studio.`;
    throw new DocumentError(text, 'version');
  }
  const newest = upgrades.slice(version - 1).reduce((document, upgrade) => upgrade(document), json);
  const parsed = v.safeParse(schema, newest);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue) ?? '';
  throw new DocumentError(`${what} is wrong at ${path === '' ? 'its root' : `"${path}"`}: ${issue.message}.`, path);
}

/** Text as JSON. Throws `DocumentError` naming line and column where the parser tells them. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : 'unreadable';
    throw new DocumentError(`${what} is not JSON: ${reason}.`, '');
  }
}
