/** Names of a segmentation set's classes, and how the numbers in its masks become theirs. */
import { DatasetError, ignoredPixel } from '../dataset';

export interface Classes {
  readonly names: readonly string[];
  /** By number in the masks, 0 to 255: class index, or `ignoredPixel`. */
  readonly numbers: Uint8Array;
  readonly notes: readonly string[];
}

interface Wanted {
  /** Of the data set, for messages. */
  readonly name: string;
  readonly vocPalette: boolean;
  /** Numbers that occur in the masks, without `ignoredPixel`. */
  readonly used: ReadonlySet<number>;
  /** Names of classes that are kept, in order; all when undefined. */
  readonly kept: readonly string[] | undefined;
  readonly others: 'ignore' | 'background';
}

/** PASCAL VOC 2012's, index by index (Everingham et al.). */
const vocNames =
  'background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person ' +
  'pottedplant sheep sofa train tvmonitor';

/**
 * Classes as a description names them by number; else VOC's where masks have its palette; else "class 0", "class 1", ...
 * Throws `DatasetError` where there are not two classes, or a wanted one is not there.
 */
export function classesOf(
  described: { readonly names: ReadonlyMap<number, string>; readonly ignored: number | undefined } | undefined,
  { name, vocPalette, used, kept, others }: Wanted,
): Classes {
  const known = described?.names ?? guessed(used, vocPalette);
  const notes: string[] = [];
  const strangers = [...used].filter((index) => !known.has(index) && index !== described?.ignored);
  if (described === undefined && !vocPalette)
    notes.push('No classes.json names the classes; they are called by number.');
  if (strangers.length > 0) {
    const list = strangers.slice(0, 5).join(', ');
    notes.push(`Masks hold numbers that are no class and count nowhere: ${list}${strangers.length > 5 ? ', …' : ''}.`);
  }
  const numbers = new Uint8Array(256).fill(ignoredPixel);
  const byName = new Map([...known].map(([index, title]) => [title, index]));
  const chosen = kept ?? [...known].toSorted(([a], [b]) => a - b).map(([, title]) => title);
  const background = kept !== undefined && others === 'background' && !kept.includes('background');
  const names = background ? ['background', ...chosen] : [...chosen];
  const missing = chosen.filter((title) => !byName.has(title));
  if (missing.length > 0) {
    const offered = [...byName.keys()].slice(0, 30).join(', ');
    throw new DatasetError('labels', `${name} has no class "${missing[0]}"; it has ${offered}.`, name);
  }
  if (names.length < 2) {
    throw new DatasetError('labels', `${name} has one class; telling apart needs two.`, name);
  }
  if (kept !== undefined && others === 'background') {
    const ground = names.indexOf('background');
    for (const index of known.keys()) numbers[index] = ground;
  }
  chosen.forEach((title) => (numbers[byName.get(title) ?? 0] = names.indexOf(title)));
  return { names, numbers, notes };
}

function guessed(used: ReadonlySet<number>, vocPalette: boolean): ReadonlyMap<number, string> {
  if (vocPalette) return new Map(vocNames.split(' ').map((title, index) => [index, title]));
  const last = Math.max(...used, 0);
  return new Map(Array.from({ length: last + 1 }, (_, index) => [index, `class ${index}`]));
}
