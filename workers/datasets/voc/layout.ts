/** Pairs images with their masks and divides the pairs, from paths and lists alone. Pure: no image is opened here. */
import { createRandom } from '../../linalg/random';
import { DatasetError, type SplitName } from '../dataset';

export interface Pair {
  /** What image and mask have in common: the path below their folders, without its ending. */
  readonly id: string;
  readonly image: string;
  readonly mask: string;
}

export interface VocLayout {
  readonly splits: Readonly<Record<SplitName, readonly Pair[]>>;
  /** Path of the file that names the classes. */
  readonly classFile: string | undefined;
  readonly notes: readonly string[];
}

const imageFolders = /^(jpegimages|images?|imgs?|leftimg8bit)$/i;
const maskFolders = /^(segmentationclass(aug)?|masks?|labels?|annotations?|segmentations?|gtfine)$/i;
const listNames: ReadonlyMap<string, SplitName> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'validation'],
  ['valid', 'validation'],
  ['validation', 'validation'],
  ['test', 'test'],
]);
/** Of the pairs without lists: half for validation, half for test. */
const heldOutShare = 0.2;

const isHidden = (path: string): boolean => path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');
const withoutEnding = (path: string): string => path.replace(/\.[^./]*$/, '');
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Files of one ending below folders of one kind, by the path below that folder. */
function below(paths: readonly string[], folder: RegExp, ending: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const parts = path.split('/');
    const at = parts.findIndex((part, index) => index < parts.length - 1 && folder.test(part));
    if (at >= 0 && ending.test(path) && !isHidden(path)) found.set(withoutEnding(parts.slice(at + 1).join('/')), path);
  }
  return found;
}

function pairsOf(paths: readonly string[]) {
  const images = below(paths, imageFolders, /\.(jpe?g|png|webp|bmp)$/i);
  const masks = below(paths, maskFolders, /\.png$/i);
  const pairs = [...images].flatMap(([id, image]): Pair[] => {
    const mask = masks.get(id);
    return mask === undefined ? [] : [{ id, image, mask }];
  });
  return { images, masks, pairs: pairs.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** Whether the paths are those of images with masks, as in PASCAL VOC: a folder of each, files of the same names. */
export function holdsMasks(paths: readonly string[]): boolean {
  return pairsOf(paths).pairs.length > 0;
}

/** The files that may list the images of a split, those below a folder `Segmentation` first. */
export function listFiles(paths: readonly string[]): ReadonlyMap<SplitName, string> {
  const found = new Map<SplitName, string>();
  const rank = (path: string): number => (/(^|\/)Segmentation\//.test(path) ? 0 : path.split('/').length);
  for (const path of paths.toSorted((a, b) => rank(a) - rank(b))) {
    const split = /\.txt$/i.test(path) ? listNames.get(withoutEnding(baseName(path)).toLowerCase()) : undefined;
    if (split !== undefined && !isHidden(path) && !found.has(split)) found.set(split, path);
  }
  return found;
}

/** Ids of a list, one a line; of a line with paths, the first path's. */
function idsOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim().split(/\s+/)[0] ?? '')
    .filter((id) => id !== '')
    .map((id) => (/\.(jpe?g|png|webp|bmp)$/i.test(id) ? withoutEnding(id) : id));
}

/**
 * `lists` are the texts of `listFiles`. Without any, folders `train`, `val`, `test` below those of images divide the pairs;
 * without those a shuffle by `seed` does: 80 % to train on, the rest halved for validation and test.
 * Throws `DatasetError` where there is no image with a mask.
 */
export function layOutMasks(
  paths: readonly string[],
  lists: ReadonlyMap<SplitName, string>,
  { name, seed }: { readonly name: string; readonly seed: number },
): VocLayout {
  const { images, masks, pairs } = pairsOf(paths);
  if (pairs.length === 0) {
    throw new DatasetError(
      'empty',
      `${name} holds no image with a mask. Put images in a folder "images" (or "JPEGImages") and masks of the same names, ` +
        'as PNG, in a folder "masks" (or "SegmentationClass").',
      name,
    );
  }
  const notes = [
    ...unpaired(
      'images have no mask',
      [...images.keys()].filter((id) => !masks.has(id)),
    ),
    ...unpaired(
      'masks have no image',
      [...masks.keys()].filter((id) => !images.has(id)),
    ),
  ];
  const classFile = paths.find((path) => baseName(path) === 'classes.json' && !isHidden(path));
  if (lists.size > 0) return { splits: byLists(pairs, lists, notes), classFile, notes };
  const byFolder = (split: SplitName): Pair[] =>
    pairs.filter(({ id }) => listNames.get(id.split('/')[0]?.toLowerCase() ?? '') === split && id.includes('/'));
  const splits = { train: byFolder('train'), validation: byFolder('validation'), test: byFolder('test') };
  if (splits.train.length > 0) return { splits, classFile, notes };
  notes.push('There are no lists of splits: 80 % of the images, drawn by the seed, are trained on.');
  return { splits: drawn(pairs, seed), classFile, notes };
}

function unpaired(what: string, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const named = ids.slice(0, 3).map((id) => `"${id}"`);
  return [`${ids.length} ${what} and are left out: ${named.join(', ')}${ids.length > 3 ? ', …' : ''}.`];
}

function byLists(pairs: readonly Pair[], lists: ReadonlyMap<SplitName, string>, notes: string[]) {
  const known = new Map(pairs.flatMap((pair) => [[baseName(pair.id), pair] as const, [pair.id, pair] as const]));
  const left = new Set(pairs);
  const strangers: string[] = [];
  const listed = (split: SplitName): Pair[] =>
    idsOf(lists.get(split) ?? '').flatMap((id) => {
      const pair = known.get(id) ?? known.get(baseName(id));
      if (pair === undefined) strangers.push(id);
      // What is in two lists counts in the first: splits share no image.
      return pair !== undefined && left.delete(pair) ? [pair] : [];
    });
  const splits = { train: listed('train'), validation: listed('validation'), test: listed('test') };
  notes.push(...unpaired('listed names have no image with a mask', strangers));
  if (left.size > 0) notes.push(`${left.size} images are in no list and are left out.`);
  return splits;
}

function drawn(pairs: readonly Pair[], seed: number) {
  const mixed = createRandom(seed)
    .fork('split')
    .shuffle([...pairs]);
  const held = Math.round(mixed.length * heldOutShare);
  const validation = Math.ceil(held / 2);
  return { validation: mixed.slice(0, validation), test: mixed.slice(validation, held), train: mixed.slice(held) };
}
