/**
 * Images and labels out of a parquet file as Hugging Face writes them: a struct column with the bytes of a PNG, a
 * column of labels, class names in the key-value metadata.
 *
 * The parquet reader can loop for ever on damaged files, so it may run in a worker that can be ended, nowhere else.
 */
import { decode, hasPngSignature } from 'fast-png';
import { parquetMetadata, parquetReadObjects, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import * as v from 'valibot';
import { DatasetError, reasonOf, type Split } from '../dataset';
import { breathe, type WorkOptions } from '../work';

/** Decoded rows of one file. */
export interface Shard {
  readonly split: Split;
  /** Null where the file names none. */
  readonly classes: readonly string[] | null;
  /** Height and width. */
  readonly size: readonly [number, number];
}

/** `_type` tells images and class labels from other columns. */
const FeatureSchema = v.pipe(
  v.object({ ['_type']: v.optional(v.string()), names: v.optional(v.array(v.string())) }),
  v.transform((feature) => ({ type: feature['_type'], names: feature.names })),
);
const FeaturesSchema = v.object({ info: v.object({ features: v.record(v.string(), FeatureSchema) }) });

const RowSchema = v.object({
  image: v.object({ bytes: v.instance(Uint8Array) }),
  label: v.pipe(v.union([v.bigint(), v.number()]), v.transform(Number), v.integer(), v.minValue(0), v.maxValue(0xffff)),
});

const mostBytes = 1e9;

function damaged(file: string, place: string, error: unknown): DatasetError {
  return new DatasetError(
    'format',
    `${file} is damaged or in an unknown form at ${place} (${reasonOf(error)}). Download it again.`,
    file,
  );
}

interface Columns {
  readonly image: string;
  readonly label: string;
  readonly classes: readonly string[] | null;
}

/** Which columns hold images and labels: what the metadata says, else the usual names. */
function columnsOf(metadata: FileMetaData, file: string): Columns {
  const names = metadata.schema.map(({ name }) => name);
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  let features: v.InferOutput<typeof FeaturesSchema>['info']['features'] = {};
  try {
    const parsed = v.safeParse(FeaturesSchema, JSON.parse(text ?? '{}'));
    if (parsed.success) features = parsed.output.info.features;
  } catch (error) {
    throw damaged(file, 'its metadata', error);
  }
  const ofType = (type: string): string | undefined =>
    Object.keys(features).find((name) => features[name]?.type === type && names.includes(name));
  const image = ofType('Image') ?? ['img', 'image'].find((name) => names.includes(name));
  const label = ofType('ClassLabel') ?? ['label', 'labels'].find((name) => names.includes(name));
  if (image === undefined || label === undefined) {
    throw new DatasetError(
      'format',
      `${file} has the columns ${names.slice(1).join(', ')}; a column of images ("img") and one of labels ("label") are needed.`,
      file,
    );
  }
  return { image, label, classes: features[label]?.names ?? null };
}

/** Any PNG as RGB bytes: grey is repeated, 16 bits lose the lower 8, opacity is dropped, palettes are looked up. */
function pngToRgb(bytes: Uint8Array): { readonly width: number; readonly height: number; readonly rgb: Uint8Array } {
  if (!hasPngSignature(bytes)) throw new Error('it is no PNG; only PNG images can be read from a hub');
  const { width, height, data, channels, depth, palette } = decode(bytes, { checkCrc: true });
  if (depth < 8) throw new Error(`it has ${depth} bits per sample; 8 or 16 are needed`);
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = pixel * channels;
    const colour = palette?.[data[at] ?? 0];
    for (let channel = 0; channel < 3; channel++) {
      const value = colour?.[channel] ?? data[at + (channels < 3 ? 0 : channel)] ?? 0;
      rgb[pixel * 3 + channel] = depth === 16 ? value >> 8 : value;
    }
  }
  return { width, height, rgb };
}

/** Collects decoded rows; the first image sets the size. */
class Rows {
  count = 0;
  private images = new Uint8Array();
  private readonly labels: Uint16Array;
  private size: readonly [number, number] | undefined;

  constructor(
    private readonly total: number,
    private readonly file: string,
  ) {
    this.labels = new Uint16Array(total);
  }

  add(row: unknown): void {
    const place = `row ${this.count}`;
    const parsed = v.safeParse(RowSchema, row);
    if (!parsed.success) {
      throw damaged(
        this.file,
        `${place}, ${v.getDotPath(parsed.issues[0]) ?? 'its columns'}`,
        parsed.issues[0].message,
      );
    }
    let image;
    try {
      image = pngToRgb(parsed.output.image.bytes);
    } catch (error) {
      throw damaged(this.file, `the image of ${place}`, error);
    }
    this.size ??= this.begin(image.height, image.width);
    if (image.height !== this.size[0] || image.width !== this.size[1]) {
      const [height, width] = this.size;
      throw damaged(this.file, place, `its image is ${image.width} x ${image.height}, the others ${width} x ${height}`);
    }
    this.images.set(image.rgb, this.count * image.rgb.length);
    this.labels[this.count] = parsed.output.label;
    this.count += 1;
  }

  private begin(height: number, width: number): readonly [number, number] {
    if (this.total * height * width * 3 > mostBytes) {
      throw damaged(this.file, 'its size', `${this.total} images of ${width} x ${height} take more than 1 GB`);
    }
    this.images = new Uint8Array(this.total * height * width * 3);
    return [height, width];
  }

  finish(classes: readonly string[] | null): Shard {
    if (this.count !== this.total || this.size === undefined) {
      throw damaged(this.file, 'its end', `${this.count} of ${this.total} rows`);
    }
    return { split: { count: this.count, images: this.images, labels: this.labels }, classes, size: this.size };
  }
}

/** Decodes all rows of `bytes`. `file` names it in messages. Throws `DatasetError`; see above for what else may happen. */
export async function decodeParquet(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
  { signal, progress }: WorkOptions,
): Promise<Shard> {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  let metadata: FileMetaData;
  try {
    metadata = parquetMetadata(buffer);
  } catch (error) {
    throw damaged(file, 'its footer', error);
  }
  const { image, label, classes } = columnsOf(metadata, file);
  const total = Number(metadata.num_rows);
  if (!(total > 0 && total < 1e7)) throw damaged(file, 'its footer', `${total} rows`);
  const rows = new Rows(total, file);
  for (const group of metadata.row_groups) {
    await breathe(signal);
    const rowStart = rows.count;
    const rowEnd = rowStart + Number(group.num_rows);
    const read = { file: buffer, metadata, rowStart, rowEnd, columns: [image, label], compressors, utf8: false };
    const found = await parquetReadObjects(read).catch((error: unknown) => {
      throw damaged(file, `rows ${rowStart} to ${rowEnd - 1}`, error);
    });
    for (const row of found) {
      rows.add({ image: row[image] as unknown, label: row[label] as unknown });
      await breathe(signal);
      progress?.(rows.count / total, `Decoding image ${rows.count} of ${total}`);
    }
  }
  return rows.finish(classes);
}
