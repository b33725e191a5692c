/** Images with masks, as PASCAL VOC lays them out: a folder of each, or a zip archive of both. */
import * as v from 'valibot';
import { type Collection } from './collection';
import { DatasetError, ignoredPixel, reasonOf, splitNames, type Split, type SplitName } from './dataset';
import { pictureInBrowser, type DecodePicture } from './folder/decode';
import { listEntries, type Entry } from './folder/entries';
import { measureNormalisation } from './traits';
import { classesOf, type Classes } from './voc/classes';
import { frameOf, placeImage, placeMask, type Frame } from './voc/fit';
import { layOutMasks, listFiles, type Pair, type VocLayout } from './voc/layout';
import { readMask, type Mask } from './voc/mask';
import { breathe, type WorkOptions } from './work';

export interface VocOptions extends WorkOptions {
  /** Shown to people, and the folder or archive named in errors. */
  readonly name: string;
  /** `[height, width]` every image is fitted into. Default 64 x 64. */
  readonly size?: readonly [number, number] | undefined;
  /** Names of the classes that are kept, in this order; all when absent. */
  readonly classes?: readonly string[] | undefined;
  /** What becomes of the other classes: no class, or class 0, "background". Default `ignore`. */
  readonly others?: 'ignore' | 'background' | undefined;
  /** Of the division where no list says how to divide. Default 1. */
  readonly seed?: number | undefined;
  /** The browser's decoders by default. */
  readonly picture?: DecodePicture | undefined;
}

const mostBytes = 1e9;
/** More unreadable pairs than this share: something is wrong with all of them. */
const toleratedShare = 0.1;
/** Of the height or width: what a random crop may cut away (72 pixels cropped to 64). */
const cropShare = 1 / 9;

/** A decoded pair before its classes are known by number. */
interface Fitted {
  readonly mask: Mask;
  readonly frame: Frame;
}

/** Decodes pairs one after the other and remembers those that cannot be. */
class PairReader {
  readonly failures: string[] = [];
  vocPalette = false;
  private done = 0;

  constructor(
    private readonly entries: ReadonlyMap<string, Entry>,
    private readonly total: number,
    private readonly options: VocOptions & { readonly size: readonly [number, number] },
    private readonly colours: readonly (readonly number[])[] | undefined,
  ) {}

  /** Images `[count, height, width, 3]` and masks in the file's own numbers, both fitted. */
  async readSplit(
    pairs: readonly Pair[],
  ): Promise<Split & { readonly masks: Uint8Array; readonly frames: readonly Frame[] }> {
    const { size, signal, progress } = this.options;
    const pixels = size[0] * size[1];
    const images = new Uint8Array(3 * pixels * pairs.length);
    const masks = new Uint8Array(pixels * pairs.length);
    const frames: Frame[] = [];
    for (const pair of pairs) {
      await breathe(signal);
      const at = frames.length;
      try {
        const image = images.subarray(3 * pixels * at, 3 * pixels * (at + 1));
        const { mask, frame } = await this.readPair(pair, image);
        placeMask(mask, frame, masks.subarray(pixels * at, pixels * (at + 1)), size[1]);
        frames.push(frame);
      } catch (error) {
        signal?.throwIfAborted();
        this.fail(pair.id, error);
      }
      this.done += 1;
      progress?.(this.done / this.total, `Decoding image ${this.done} of ${this.total}`);
    }
    const count = frames.length;
    return {
      count,
      images: images.slice(0, 3 * pixels * count),
      labels: new Uint16Array(),
      masks: masks.slice(0, pixels * count),
      frames,
    };
  }

  private async readPair(pair: Pair, target: Uint8Array): Promise<Fitted> {
    const { size, signal, picture: decode = pictureInBrowser } = this.options;
    const bytes = async (path: string): Promise<Uint8Array<ArrayBuffer>> =>
      (await this.entries.get(path)?.read(signal)) ?? new Uint8Array();
    const mask = readMask(await bytes(pair.mask), this.colours);
    const picture = await decode(await bytes(pair.image));
    // Both may be large or small, but of one shape: a pixel of rounding at most.
    const expected = (picture.height * mask.width) / picture.width;
    if (Math.abs(expected - mask.height) > 1 + 0.01 * mask.height) {
      const sizes = `${picture.width} x ${picture.height} and ${mask.width} x ${mask.height}`;
      throw new Error(`image and mask are of different shape, ${sizes}`);
    }
    this.vocPalette ||= mask.vocPalette;
    const frame = frameOf(mask, size);
    placeImage(picture, frame, target, size[1]);
    return { mask, frame };
  }

  private fail(id: string, error: unknown): void {
    this.failures.push(`"${id}" (${reasonOf(error)})`);
    if (this.failures.length <= Math.max(1, this.total * toleratedShare)) return;
    const { name } = this.options;
    const listed = this.failures.slice(0, 3).join(', ');
    const text = `${name}: ${this.failures.length} of its ${this.total} images and masks cannot be read: ${listed}. Mend or remove them.`;
    throw new DatasetError('format', text, name);
  }
}

/**
 * Reads a folder (its files, their names or `webkitRelativePath` being paths) or one zip archive of images and masks.
 * Single pairs that cannot be read are named in the notes; more than a tenth of them is a `DatasetError`, as are a layout
 * without pairs and classes that are not there.
 */
export async function readVoc(files: readonly File[], options: VocOptions): Promise<Collection> {
  const { name, size = [64, 64], seed = 1, signal } = options;
  if (files.length === 0) {
    throw new DatasetError('empty', `The images of "${name}" are missing; open the folder or zip archive again.`, name);
  }
  const entries = new Map((await listEntries(files, signal)).map((entry) => [entry.path, entry]));
  const textOf = async (path: string): Promise<string> =>
    new TextDecoder().decode(await entries.get(path)?.read(signal));
  const lists = new Map<SplitName, string>();
  for (const [split, path] of listFiles([...entries.keys()])) lists.set(split, await textOf(path));
  const layout = layOutMasks([...entries.keys()], lists, { name, seed });
  const total = splitNames.reduce((sum, split) => sum + layout.splits[split].length, 0);
  if (total * size[0] * size[1] * 4 > mostBytes) {
    const text = `${name}: ${total.toLocaleString('en')} images of ${size[0]} x ${size[1]} pixels take more than 1 GB. Choose a smaller size.`;
    throw new DatasetError('format', text, name);
  }
  const described = layout.classFile === undefined ? undefined : await describedClasses(textOf, layout, name);
  const reader = new PairReader(entries, total, { ...options, size }, described?.colours);
  const read = {
    train: await reader.readSplit(layout.splits.train),
    validation: await reader.readSplit(layout.splits.validation),
    test: await reader.readSplit(layout.splits.test),
  };
  const classes = classesOf(described, {
    name,
    vocPalette: reader.vocPalette,
    used: usedIndices(splitNames.map((split) => read[split].masks)),
    kept: options.classes,
    others: options.others ?? 'ignore',
  });
  for (const split of splitNames) renumber(read[split].masks, classes);
  const normalisation = measureNormalisation(inFrames(read.train, size));
  for (const split of splitNames) padWithMean(read[split], normalisation.mean, size);
  const notes = [...layout.notes, ...classes.notes];
  if (reader.failures.length > 0) {
    notes.push(`${reader.failures.length} images could not be read: ${reader.failures.slice(0, 3).join(', ')}.`);
  }
  for (const split of splitNames) if (read[split].count === 0) notes.push(`There are no ${split} images.`);
  const split = ({ count, images, labels, masks }: Split): Split => ({ count, images, labels, masks });
  return {
    source: 'voc',
    title: name,
    classes: classes.names,
    shape: [size[0], size[1], 3],
    normalisation,
    // A mirrored street is a street; classes named by side are not.
    flip: !classes.names.some((each) => /(^|[\s_-])(left|right)([\s_-]|$)/i.test(each)),
    augmentation: { padding: Math.floor(Math.min(...size) * cropShare), quarterTurns: false },
    pools: { train: split(read.train), validation: split(read.validation), test: split(read.test) },
    notes,
  };
}

const ClassFileSchema = v.object({
  classes: v.pipe(
    v.array(
      v.object({
        id: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255)),
        name: v.pipe(v.string(), v.minLength(1)),
        colour: v.optional(v.pipe(v.array(v.number()), v.length(3))),
      }),
    ),
    v.minLength(2),
  ),
  ignoreIndex: v.optional(v.number()),
});

async function describedClasses(
  textOf: (path: string) => Promise<string>,
  { classFile = '' }: VocLayout,
  name: string,
) {
  let json: unknown;
  try {
    json = JSON.parse(await textOf(classFile));
  } catch (error) {
    throw new DatasetError(
      'format',
      `${name}: "${classFile}" is no JSON (${reasonOf(error)}). Mend it or leave it out.`,
      classFile,
    );
  }
  const parsed = v.safeParse(ClassFileSchema, json);
  if (!parsed.success) {
    const place = v.getDotPath(parsed.issues[0]) ?? 'its root';
    const wanted = 'it must hold "classes", each with "id" and "name"';
    throw new DatasetError(
      'format',
      `${name}: "${classFile}" is wrong at ${place}: ${wanted}. Mend it or leave it out.`,
      classFile,
    );
  }
  const { classes, ignoreIndex } = parsed.output;
  const colours: (readonly number[])[] = [];
  for (const { id, colour } of classes) if (colour !== undefined) colours[id] = colour;
  return {
    ignored: ignoreIndex,
    names: new Map(classes.filter(({ id }) => id !== ignoreIndex).map(({ id, name: title }) => [id, title])),
    colours: colours.length > 0 ? Array.from(colours, (colour) => colour ?? []) : undefined,
  };
}

function usedIndices(masks: readonly Uint8Array[]): ReadonlySet<number> {
  const used = new Set<number>();
  for (const mask of masks) for (const index of mask) used.add(index);
  used.delete(ignoredPixel);
  return used;
}

function renumber(mask: Uint8Array, { numbers }: Classes): void {
  for (let at = 0; at < mask.length; at++) mask[at] = numbers[mask[at] ?? ignoredPixel] ?? ignoredPixel;
}

/** The pixels of the pictures alone, without padding. */
function inFrames(
  split: Split & { readonly frames: readonly Frame[] },
  [height, width]: readonly [number, number],
): Split {
  const parts: Uint8Array[] = [];
  split.frames.forEach((frame, index) => {
    for (let y = 0; y < frame.height; y++) {
      const at = 3 * ((index * height + frame.top + y) * width + frame.left);
      parts.push(split.images.subarray(at, at + 3 * frame.width));
    }
  });
  const images = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => {
    images.set(part, at);
    return at + part.length;
  }, 0);
  return { ...split, images };
}

/** Outside the pictures: the mean colour of the training images. */
function padWithMean(
  { images, frames }: Split & { readonly frames: readonly Frame[] },
  mean: readonly number[],
  [height, width]: readonly [number, number],
): void {
  const grey = mean.map((share) => Math.round(255 * share));
  frames.forEach(({ top, left, height: high, width: wide }, index) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (y >= top && y < top + high && x >= left && x < left + wide) continue;
        images.set(grey, 3 * ((index * height + y) * width + x));
      }
    }
  });
}
