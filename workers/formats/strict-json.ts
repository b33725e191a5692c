/** JSON as files must have it: UTF-8, and no key twice in one object (`JSON.parse` keeps the last one silently). */
import { FormatError } from './format-error';

/** Finds a key that stands twice in the same object; `text` is already known to be valid JSON. */
function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const match of text.matchAll(/"((?:[^"\\]|\\.)*)"\s*(:)?|[{}[\]]/g)) {
    const [token, key, colon] = match;
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined && key !== undefined) {
      const keys = open.at(-1);
      const name = String(JSON.parse(`"${key}"`));
      if (keys?.has(name) === true) return name;
      keys?.add(name);
    }
  }
  return undefined;
}

/** Throws `FormatError` where the bytes are not UTF-8, not JSON, or name a key twice. */
export function parseJsonStrictly(bytes: ArrayBuffer, file: string): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FormatError('malformed', 'The header is not UTF-8 text.', file, 'header');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    throw new FormatError('malformed', `The header is not valid JSON (${why}).`, file, 'header');
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new FormatError('malformed', `The header names "${twice}" twice.`, file, twice);
  return value;
}
