/** Broken Keras and TF.js files: each ends with a text that says what is wrong, where, and what to do. */
import library from 'h5wasm';
import { describe, expect, it } from 'vitest';
import { networkFromText } from '../network/text';
import { zipFiles } from './bundle';
import type { WrittenFile } from './format';
import { FormatError } from './format-error';
import { openNetworkFiles, writeNetworkFiles } from './index';

const text = (value: string) => new TextEncoder().encode(value);

async function errorOf(files: readonly WrittenFile[]): Promise<unknown> {
  const opened = openNetworkFiles(files.map(({ name, bytes }) => new File([bytes], name)));
  return opened.catch((reason: unknown) => reason);
}

async function expectRefused(files: readonly WrittenFile[], message: string): Promise<void> {
  const error = await errorOf(files);
  expect(error).toBeInstanceOf(FormatError);
  expect(error).toHaveProperty('message', message);
}

/** An HDF5 file with text attributes at its root. */
async function hdf5(attributes: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const { FS } = await library.ready;
  const file = new library.File('/broken.h5', 'w');
  for (const [name, value] of Object.entries(attributes)) file.create_attribute(name, value);
  file.close();
  const bytes = new Uint8Array(FS.readFile('/broken.h5'));
  FS.unlink('/broken.h5');
  return bytes;
}

describe('HDF5', () => {
  const rows: readonly (readonly [string, () => Promise<Uint8Array<ArrayBuffer>>, string])[] = [
    [
      'the first half',
      async () => (await hdf5({ model_config: '{}' })).slice(0, 60),
      'The HDF5 file cannot be read; the file is damaged or cut short. Get it again.',
    ],
    [
      'no Keras model',
      () => hdf5({ title: 'measurements' }),
      'This HDF5 file holds no Keras model: it has neither "model_config" nor "layer_names".',
    ],
    [
      'weights alone',
      () => hdf5({ layer_names: 'conv2d' }),
      'The file holds weights without the architecture. Save the whole model with model.save(...), or drop the JSON of model.to_json() with it.',
    ],
  ];
  it.each(rows)('%s', async (_name, bytes, message) => {
    await expectRefused([{ name: 'net.h5', bytes: await bytes() }], `net.h5: ${message}`);
  });

  it('a configuration that is no JSON', async () => {
    const error = await errorOf([{ name: 'net.h5', bytes: await hdf5({ model_config: '{"class_name": ' }) }]);
    expect(error).toBeInstanceOf(FormatError);
    expect(error).toHaveProperty('message', expect.stringMatching(/^net\.h5: .*JSON/));
  });
});

describe('.keras', () => {
  const config = { name: 'config.json', bytes: text('{"class_name": "Functional", "config": {"layers": []}}') };
  const metadata = { name: 'metadata.json', bytes: text('{"keras_version": "3.5.0"}') };
  const rows: readonly (readonly [string, readonly WrittenFile[], string])[] = [
    ['no weights', [config, metadata], 'The archive has no model.weights.h5.'],
    [
      'weights that are no HDF5',
      [config, metadata, { name: 'model.weights.h5', bytes: text('weights') }],
      'It does not start with the signature of HDF5.',
    ],
    [
      'another archive',
      [{ name: 'holiday.txt', bytes: text('sun') }],
      'The archive holds holiday.txt; it is no Espalier project, no Keras model (.keras) and no PyTorch checkpoint. Unpack it and open what is inside.',
    ],
  ];
  it.each(rows)('%s', async (_name, entries, message) => {
    await expectRefused([{ name: 'net.keras', bytes: await zipFiles(entries) }], `net.keras: ${message}`);
  });

  it('a flipped byte inside', async () => {
    const bytes = await zipFiles([config, metadata, { name: 'model.weights.h5', bytes: await hdf5({}) }]);
    // Packed bytes of the first entry begin behind its header of 30 bytes and its name.
    const at = 30 + config.name.length + 8;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    const error = await errorOf([{ name: 'net.keras', bytes }]);
    expect(error).toBeInstanceOf(FormatError);
    expect(error).toHaveProperty('message', expect.stringMatching(/^net\.keras: The archive cannot be unpacked \(/));
  });
});

describe('TF.js', () => {
  // Weights: kernel 1x1x3x2 = 6 numbers, 24 bytes.
  const network = networkFromText('input 4x4x3 / conv 2 1x1', 1);

  async function written(change: (json: string) => string): Promise<readonly WrittenFile[]> {
    const [model, shard] = await writeNetworkFiles(network, 'tfjs-layers', 'net');
    if (model === undefined || shard === undefined) throw new Error('Two files were expected.');
    return [{ ...model, bytes: text(change(new TextDecoder().decode(model.bytes))) }, shard];
  }

  it('opens when it is whole', async () => {
    const files = await written((json) => json);
    await expect(openNetworkFiles(files.map(({ name, bytes }) => new File([bytes], name)))).resolves.toBeDefined();
  });

  it('without its shard', async () => {
    const [model] = await written((json) => json);
    if (model === undefined) throw new Error('A model was expected.');
    const message =
      'net.model.json: Its weights lie in a file beside it, and net.weights.bin is missing; open model.json and its shards together.';
    await expectRefused([model], message);
  });

  it('a shard cut short', async () => {
    const [model, shard] = await written((json) => json);
    if (model === undefined || shard === undefined) throw new Error('Two files were expected.');
    const error = await errorOf([model, { ...shard, bytes: shard.bytes.slice(0, 20) }]);
    expect(error).toBeInstanceOf(FormatError);
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(
        /^net\.model\.json: The shards net\.weights\.bin end at byte 20, but weight ".+\/kernel" needs 24\. Get them again\.$/,
      ),
    );
  });

  it('a type that is not read', async () => {
    const files = await written((json) => json.replaceAll('"dtype":"float32"}', '"dtype":"complex64"}'));
    const error = await errorOf(files);
    expect(error).toBeInstanceOf(FormatError);
    expect(error).toHaveProperty('message', expect.stringContaining('is of type complex64, which is not read.'));
  });
});
