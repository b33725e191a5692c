/**
 * The network's structure and meta as versioned JSON. Tensors are stored elsewhere (`formats/`, safetensors).
 *
 * Changing what is written means: raise `VERSION`, add the upgrader from the version before, keep a golden file of it.
 */
import * as v from 'valibot';
import { type Graph, NetworkError, type NetworkMeta } from './graph';
import { NetworkJsonError } from './json-error';
import { NetworkDocumentSchema } from './json-schema';
import { upsampleToResize } from './json-version-1';
import { validateGraph } from './validate';

const FORMAT = 'espalier-network';
const VERSION = 2;

/** Everything of a network but its tensors. */
export interface NetworkDescription {
  readonly graph: Graph;
  readonly meta: NetworkMeta;
}

/** A document of version i + 1, made a document of version i + 2. Gets only what parsed as JSON: checks for itself. */
export type Upgrader = (document: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** `upgraders[i]` leads from version i + 1 to i + 2. */
const upgraders: readonly Upgrader[] = [upsampleToResize];

/** The description as JSON text, on one line. Absent optional fields are left out. */
export function networkToJson({ graph, meta }: NetworkDescription): string {
  return JSON.stringify({ format: FORMAT, version: VERSION, graph, meta });
}

/**
 * Reads what `networkToJson` wrote, in this version or an earlier one, and checks that it makes a network.
 * Throws `NetworkJsonError`.
 */
export function networkFromJson(text: string): NetworkDescription {
  const document = upgradeDocument(parseObject(text), VERSION, upgraders);
  const checked = v.safeParse(NetworkDocumentSchema, document);
  if (!checked.success) {
    const [issue] = checked.issues;
    const path = v.getDotPath(issue) ?? '';
    throw new NetworkJsonError('malformed', `The network description is damaged at "${path}": ${issue.message}.`, path);
  }
  const { graph, meta } = checked.output;
  try {
    validateGraph(graph);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const message = `The network description does not make a network. ${error.message}`;
    throw new NetworkJsonError('invalid', message, 'graph', error.layer);
  }
  return { graph, meta };
}

/**
 * Brings a document to version `current`, one upgrader at a time. Throws `NetworkJsonError` for another format and
 * for a version that is newer than `current` or no version at all.
 */
export function upgradeDocument(
  document: Readonly<Record<string, unknown>>,
  current: number,
  steps: readonly Upgrader[],
): Readonly<Record<string, unknown>> {
  if (document['format'] !== FORMAT) {
    throw new NetworkJsonError('otherFormat', `This JSON is not a network description ("format" is not "${FORMAT}").`);
  }
  const version = document['version'];
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
    const found = JSON.stringify(version) ?? 'missing';
    throw new NetworkJsonError(
      'malformed',
      `The network description's version must be 1 or more, not ${found}.`,
      'version',
    );
  }
  if (version > current) {
    const cause = `has version ${version}, newer than this Espalier reads (${current})`;
    throw new NetworkJsonError('newer', `The network description ${cause}; open it with a newer Espalier.`, 'version');
  }
  let upgraded = document;
  for (const step of steps.slice(version - 1, current - 1)) upgraded = step(upgraded);
  return upgraded;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new NetworkJsonError('notJson', `The network description is not JSON: ${cause}.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new NetworkJsonError('otherFormat', 'The network description must be a JSON object.');
}
