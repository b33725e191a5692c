/** Reads classes and splits off the paths of image files. Pure: no file is opened here. */
import { DatasetError, splitNames, type SplitName } from '../dataset';

export interface Labelled {
  readonly path: string;
  /** Index into the classes. */
  readonly label: number;
}

/** Which image goes where. */
export interface Layout {
  readonly classes: readonly string[];
  readonly splits: Readonly<Record<SplitName, readonly Labelled[]>>;
  readonly notes: readonly string[];
}

const splitFolders: ReadonlyMap<string, SplitName> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'validation'],
  ['valid', 'validation'],
  ['validation', 'validation'],
  ['test', 'test'],
  ['testing', 'test'],
]);

/** Share of every class that is held out for validation, and again for test, where the folders do not say. */
const heldOutShare = 0.15;
const mostClasses = 1000;

const isImage = (path: string): boolean => /\.(png|jpe?g|webp|gif|bmp)$/i.test(path);
/** Files that operating systems leave about. */
const isHidden = (path: string): boolean => path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');

const splitOf = (part: string | undefined): SplitName | undefined => splitFolders.get((part ?? '').toLowerCase());

/** FNV-1a, then a finaliser, so that names that differ in their last digit lie far apart. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0_aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a_2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** A file with what its path says about it. `key` is the path below the folder that was opened. */
interface Placed {
  readonly path: string;
  readonly key: string;
  readonly split: SplitName | null;
  readonly className: string;
}

/** In the order of the hashes of their names: mixed, but the same every time and wherever the folder lies. */
function mixed<T extends { readonly key: string }>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, hash: hashOf(item.key) }))
    .sort((a, b) => a.hash - b.hash || (a.item.key < b.item.key ? -1 : 1))
    .map(({ item }) => item);
}

/** Leading folders that all paths share, down to the class or split folders: what an archive wraps around its contents. */
function sharedDepth(paths: readonly (readonly string[])[]): number {
  const [first = []] = paths;
  let depth = 0;
  const shared = (parts: readonly string[]): boolean => parts.length > depth + 2 && parts[depth] === first[depth];
  while (splitOf(first[depth]) === undefined && paths.length > 0 && paths.every(shared)) depth += 1;
  return depth;
}

/** Files that lie in a class folder, directly or deeper. */
function place(paths: readonly string[]): Placed[] {
  const all = paths.map((path) => ({ path, parts: path.split('/') }));
  const inFolders = all.filter(({ parts }) => parts.length > 1);
  const depth = sharedDepth(inFolders.map(({ parts }) => parts));
  const hasSplits = inFolders.some(({ parts }) => splitOf(parts[depth]) !== undefined && parts.length > depth + 2);
  return inFolders.flatMap(({ path, parts }) => {
    const split = hasSplits ? splitOf(parts[depth]) : null;
    const classAt = hasSplits ? depth + 1 : depth;
    const className = parts[classAt];
    if (split === undefined || className === undefined || parts.length <= classAt + 1) return [];
    return [{ path, key: parts.slice(depth).join('/'), split, className }];
  });
}

const advice = 'Make one subfolder of images per class, with at least two images in each.';

function checkClasses(classes: readonly string[], sizes: ReadonlyMap<string, number>, name: string): void {
  if (classes.length === 0) {
    throw new DatasetError('empty', `${name} holds no images in subfolders. ${advice}`, name);
  }
  if (classes.length > mostClasses) {
    throw new DatasetError(
      'labels',
      `${name} has ${classes.length} class folders; at most ${mostClasses} can be read.`,
      name,
    );
  }
  const lonely = classes.filter((each) => (sizes.get(each) ?? 0) < 2);
  if (lonely.length === classes.length) {
    throw new DatasetError(
      'empty',
      `${name} has no class with two images, so nothing can be learnt and checked. ${advice}`,
      name,
    );
  }
  if (lonely.length > 0) {
    const listed = lonely
      .slice(0, 3)
      .map((each) => `"${each}"`)
      .join(', ');
    const more = lonely.length > 3 ? ` and ${lonely.length - 3} more` : '';
    throw new DatasetError(
      'empty',
      `${name}: ${listed}${more} ${lonely.length === 1 ? 'has' : 'have'} fewer than two images. Add images or leave the folder out.`,
      name,
    );
  }
  if (classes.length < 2) {
    throw new DatasetError(
      'labels',
      `${name} has one class, "${classes[0]}"; telling apart needs two. ${advice}`,
      name,
    );
  }
}

/** Takes the missing splits from the start of every class: at least one image each, and one stays to train on. */
function holdOut(images: readonly Placed[], missing: readonly SplitName[]): Map<Placed, SplitName> {
  const result = new Map<Placed, SplitName>();
  const waiting = [...mixed(images)];
  for (const split of missing) {
    const share = Math.max(1, Math.round(images.length * heldOutShare));
    const count = Math.min(share, waiting.length - 1);
    for (const image of waiting.splice(0, count)) result.set(image, split);
  }
  for (const image of waiting) result.set(image, 'train');
  return result;
}

/**
 * Classes are the names of the subfolders, sorted. Folders `train`, `val` and `test` around them are the splits; a
 * split without a folder is held out from `train` by a hash of the names, the same images every time.
 * Throws `DatasetError` where there are not two classes with two images each. `name` is the folder's, for messages.
 */
export function layOut(paths: readonly string[], name: string): Layout {
  const images = paths.filter((path) => isImage(path) && !isHidden(path));
  const placed = place(images);
  const classes = [...new Set(placed.map(({ className }) => className))].sort();
  const byClass = new Map<string, Placed[]>(classes.map((each) => [each, []]));
  for (const image of placed) byClass.get(image.className)?.push(image);
  checkClasses(classes, new Map([...byClass].map(([each, list]) => [each, list.length])), name);

  const given = new Set(placed.map(({ split }) => split ?? 'train'));
  const missing = given.has('train') ? (['validation', 'test'] as const).filter((split) => !given.has(split)) : [];
  const splitOfImage = new Map<Placed, SplitName>();
  for (const list of byClass.values()) {
    const pool = list.filter(({ split }) => (split ?? 'train') === 'train');
    for (const [image, split] of holdOut(pool, missing)) splitOfImage.set(image, split);
    for (const image of list) if (image.split !== null && image.split !== 'train') splitOfImage.set(image, image.split);
  }
  const labels = new Map(classes.map((each, label) => [each, label]));
  const ordered = mixed(placed);
  const pick = (split: SplitName): Labelled[] =>
    ordered
      .filter((image) => splitOfImage.get(image) === split)
      .map(({ path, className }) => ({ path, label: labels.get(className) ?? 0 }));
  const splits = { train: pick('train'), validation: pick('validation'), test: pick('test') };
  return { classes, splits, notes: describe(paths, images, placed, missing, splits) };
}

function describe(
  paths: readonly string[],
  images: readonly string[],
  placed: readonly Placed[],
  missing: readonly SplitName[],
  splits: Layout['splits'],
): string[] {
  const notes: string[] = [];
  const strangers = paths.filter((path) => !isHidden(path)).length - images.length;
  if (strangers > 0) notes.push(`${strangers} files that are no images were left out.`);
  const homeless = images.length - placed.length;
  if (homeless > 0) notes.push(`${homeless} images outside class folders were left out.`);
  if (missing.length > 0) {
    notes.push(
      `There ${missing.length === 1 ? 'is' : 'are'} no ${missing.join(' and no ')} folder; images were held out by a hash of their names.`,
    );
  }
  const empty = splitNames.filter((split) => splits[split].length === 0);
  if (empty.length > 0) notes.push(`There are no ${empty.join(' and no ')} images.`);
  return notes;
}
