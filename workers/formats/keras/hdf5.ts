/** HDF5 files, read with libhdf5 (compiled to WebAssembly, loaded when the first such file is opened). */
import type { Dataset, File as Hdf5File, Group } from 'h5wasm';
import type { Tensor } from '../../network/graph';
import { FormatError } from '../format-error';

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
let count = 0;

export interface OpenHdf5 {
  /** A text attribute of a group; undefined when there is none. */
  readonly attribute: (path: string, name: string) => string | undefined;
  /** A list of texts, as Keras keeps names; chunks of long lists are joined. */
  readonly list: (path: string, name: string) => readonly string[];
  /** Paths of all data sets below a group. */
  readonly datasets: (path: string) => readonly string[];
  /** Names directly below a group. */
  readonly children: (path: string) => readonly string[];
  /** Numbers as float32. Throws `FormatError`. */
  readonly tensor: (path: string) => Tensor;
  /** How numbers are stored: "<f", "<e", "<d". */
  readonly type: (path: string) => string;
  readonly close: () => void;
}

/** Opens HDF5 bytes. Throws `FormatError`: its signature is missing, or libhdf5 cannot make sense of it. */
export async function openHdf5(bytes: Uint8Array, file: string): Promise<OpenHdf5> {
  // libhdf5 only says "error - name not defined!": what can be said is said here.
  if (!signature.every((byte, at) => bytes[at] === byte)) {
    throw new FormatError('not-this-format', 'It does not start with the signature of HDF5.', file, 'byte 0');
  }
  const { default: library } = await import('h5wasm');
  const module = await library.ready;
  const { FS } = module;
  // Otherwise libhdf5 prints its troubles to the console.
  module.activate_throwing_error_handler();
  const path = `/import-${count++}.h5`;
  FS.writeFile(path, bytes);
  const damaged = (what: string, place: string) =>
    new FormatError('corrupt', `${what} cannot be read; the file is damaged or cut short. Get it again.`, file, place);
  let opened: Hdf5File;
  try {
    opened = new library.File(path, 'r');
    if (opened.file_id < 0n) throw new Error('not opened');
  } catch {
    FS.unlink(path);
    throw damaged('The HDF5 file', 'byte 8');
  }
  /** Whatever libhdf5 throws becomes one clear error. */
  const guarded = <T>(what: string, place: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (error instanceof FormatError) throw error;
      throw damaged(what, place);
    }
  };
  const groupAt = (at: string): Group | undefined => {
    const found = guarded(`"${at}"`, at, () => (at === '' ? opened : opened.get(at)));
    return found instanceof library.Group ? found : undefined;
  };
  const datasetAt = (at: string): Dataset => {
    const found = guarded(`"${at}"`, at, () => opened.get(at));
    if (found instanceof library.Dataset) return found;
    throw new FormatError('malformed', `There is no data set "${at}".`, file, at);
  };
  const attributeValue = (at: string, name: string): unknown =>
    guarded(`Attribute "${name}"`, at || name, () => groupAt(at)?.attrs[name]?.value);
  const texts = (value: unknown): readonly string[] => {
    if (typeof value === 'string') return [value];
    return Array.isArray(value) ? value.map((item: unknown) => (typeof item === 'string' ? item : '')) : [];
  };
  return {
    attribute: (at, name) => texts(attributeValue(at, name))[0],
    list: (at, name) => {
      const whole = attributeValue(at, name);
      if (whole !== undefined) return texts(whole);
      const chunks: string[] = [];
      for (let chunk = 0; ; chunk++) {
        const value = attributeValue(at, `${name}${chunk}`);
        if (value === undefined) return chunks;
        chunks.push(...texts(value));
      }
    },
    children: (at) => guarded(`Group "${at}"`, at, () => groupAt(at)?.keys() ?? []),
    datasets: (at) => guarded(`Group "${at}"`, at, () => groupAt(at)?.paths() ?? []).map((one) => one),
    type: (at) => {
      const { dtype } = datasetAt(at);
      return typeof dtype === 'string' ? dtype : 'compound';
    },
    tensor: (at) => {
      const dataset = datasetAt(at);
      return guarded(`The numbers of "${at}"`, at, () => {
        const shape = dataset.shape ?? [];
        const value: unknown = shape.length === 0 ? [dataset.value] : dataset.value;
        if (!ArrayBuffer.isView(value) && !Array.isArray(value)) throw damaged(`"${at}"`, at);
        const values = Float32Array.from(value as ArrayLike<number>, Number);
        return { shape, values };
      });
    },
    close: () => {
      opened.close();
      FS.unlink(path);
    },
  };
}
