/** An image folder or a zip archive of one, with a subfolder per class. */
import { noImages, type Collection } from './collection';
import { DatasetError, reasonOf, splitNames, type Split } from './dataset';
import { decodeInBrowser, type DecodeImage } from './folder/decode';
import { listEntries, type Entry } from './folder/entries';
import { layOut, type Labelled } from './folder/layout';
import { measureNormalisation, survivesMirror } from './traits';
import { holdsMasks } from './voc/layout';
import { breathe, type WorkOptions } from './work';

export interface FolderOptions extends WorkOptions {
  /** Shown to people, and the file named in errors. */
  readonly name: string;
  /** Height and width every image is resized to. Default 32. */
  readonly size?: number | undefined;
  /** The browser's decoders by default. */
  readonly decode?: DecodeImage | undefined;
}

const mostBytes = 1e9;
/** More undecodable images than this share: something is wrong with the whole folder. */
const toleratedShare = 0.1;

/** Decodes images one after the other and remembers those that cannot be. */
class Decoder {
  readonly failures: string[] = [];
  private done = 0;

  constructor(
    private readonly entries: ReadonlyMap<string, Entry>,
    private readonly total: number,
    private readonly options: FolderOptions & { readonly size: number },
  ) {}

  async decodeSplit(list: readonly Labelled[]): Promise<Split> {
    const { size, decode = decodeInBrowser, signal, progress } = this.options;
    const bytesPerImage = size * size * 3;
    const images = new Uint8Array(list.length * bytesPerImage);
    const labels = new Uint16Array(list.length);
    let count = 0;
    for (const { path, label } of list) {
      await breathe(signal);
      const bytes = await this.entries.get(path)?.read(signal);
      try {
        images.set(await decode(bytes ?? new Uint8Array(), size), count * bytesPerImage);
        labels[count] = label;
        count += 1;
      } catch (error) {
        this.fail(path, error);
      }
      this.done += 1;
      progress?.(this.done / this.total, `Decoding image ${this.done} of ${this.total}`);
    }
    if (count === list.length) return { count, images, labels };
    return { count, images: images.slice(0, count * bytesPerImage), labels: labels.slice(0, count) };
  }

  private fail(path: string, error: unknown): void {
    this.failures.push(`"${path}" (${reasonOf(error)})`);
    if (this.failures.length > Math.max(1, this.total * toleratedShare)) {
      const listed = this.failures.slice(0, 3).join(', ');
      const { name } = this.options;
      throw new DatasetError(
        'format',
        `${name}: ${this.failures.length} of its ${this.total} images cannot be decoded: ${listed}. Mend or remove them.`,
        name,
      );
    }
  }
}

/**
 * Reads a folder (its files, their names or `webkitRelativePath` being paths) or one zip archive. Single images that
 * cannot be decoded are named in the notes; more than a tenth of them is a `DatasetError`, as is a layout without two
 * classes of two images.
 */
export async function readFolder(files: readonly File[], options: FolderOptions): Promise<Collection> {
  const { name, size = 32, signal } = options;
  if (files.length === 0) {
    throw new DatasetError('empty', `The images of "${name}" are missing; open the folder or zip archive again.`, name);
  }
  const entries = new Map((await listEntries(files, signal)).map((entry) => [entry.path, entry]));
  if (holdsMasks([...entries.keys()])) {
    const text = `${name} holds images with masks, not one folder of images per class: open it for segmentation.`;
    throw new DatasetError('masks', text, name);
  }
  const layout = layOut([...entries.keys()], name);
  const total = splitNames.reduce((sum, split) => sum + layout.splits[split].length, 0);
  if (total * size * size * 3 > mostBytes) {
    throw new DatasetError(
      'format',
      `${name}: ${total.toLocaleString('en')} images of ${size} x ${size} pixels take more than 1 GB. Choose a smaller ` +
        'size or fewer images.',
      name,
    );
  }
  const decoder = new Decoder(entries, total, { ...options, size });
  const train = await decoder.decodeSplit(layout.splits.train);
  const validation = await decoder.decodeSplit(layout.splits.validation);
  const test = layout.splits.test.length === 0 ? noImages : await decoder.decodeSplit(layout.splits.test);
  const notes = [...layout.notes];
  if (decoder.failures.length > 0) {
    notes.push(`${decoder.failures.length} images could not be decoded: ${decoder.failures.slice(0, 3).join(', ')}.`);
  }
  return {
    source: 'folder',
    title: name,
    classes: layout.classes,
    shape: [size, size, 3],
    normalisation: measureNormalisation(train.count > 0 ? train : test),
    flip: survivesMirror(layout.classes),
    pools: { train, validation, test },
    notes,
  };
}
