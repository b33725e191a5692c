import { describe, expect, it } from 'vitest';
import { sortFiles } from './files';

const file = (name: string): File => new File(['x'], name);
const names = (files: readonly File[]): string[] => files.map(({ name }) => name);

describe('sortFiles', () => {
  it('takes a network with the JSON beside it', () => {
    const sorted = sortFiles([file('r20.json'), file('r20.safetensors')]);
    expect(names(sorted.network)).toEqual(['r20.safetensors', 'r20.json']);
    expect(sorted.data).toBeNull();
    expect(sorted.unknown).toEqual([]);
  });

  it('takes the CIFAR-10 archive, whole or in parts', () => {
    expect(sortFiles([file('cifar-10-binary.tar.gz')]).data?.source).toEqual({ source: 'cifar10' });
    const parts = sortFiles([file('data_batch_1.bin'), file('test_batch.bin'), file('batches.meta.txt')]);
    expect(names(parts.data?.files ?? [])).toEqual(['data_batch_1.bin', 'test_batch.bin', 'batches.meta.txt']);
  });

  it('takes a zip or a folder of images, named after itself', () => {
    expect(sortFiles([file('flowers.zip')]).data?.source).toEqual({ source: 'folder', name: 'flowers' });
    const folder = sortFiles([file('pets/cat/1.png'), file('pets/dog/1.JPG'), file('pets/readme.md')]);
    expect(folder.data?.source).toEqual({ source: 'folder', name: 'pets' });
    expect(names(folder.data?.files ?? [])).toEqual(['pets/cat/1.png', 'pets/dog/1.JPG']);
    expect(names(folder.unknown)).toEqual(['pets/readme.md']);
  });

  it('keeps lists and class names with images that have masks', () => {
    const names = ['v/images/a.jpg', 'v/masks/a.png', 'v/train.txt', 'v/classes.json'];
    const { data, unknown, documents } = sortFiles(names.map(file));
    expect(data?.files.map(({ name }) => name)).toEqual(names);
    expect([unknown, documents]).toEqual([[], []]);
  });

  it('takes a TF.js model with its shards, whatever their names, and leaves CIFAR-10 its parts', () => {
    const sorted = sortFiles([file('m/group1-shard1of1.bin'), file('m/model.json')]);
    expect(names(sorted.network)).toEqual(['m/model.json', 'm/group1-shard1of1.bin']);
    expect([sorted.data, sorted.documents]).toEqual([null, []]);
    expect(names(sortFiles([file('net.json'), file('selfie.bin')]).network)).toEqual(['net.json', 'selfie.bin']);
    const both = sortFiles([file('net.h5'), file('data_batch_1.bin'), file('batches.meta.txt')]);
    expect(names(both.network)).toEqual(['net.h5']);
    expect(both.data?.source).toEqual({ source: 'cifar10' });
    expect(names(sortFiles([file('model.json')]).network)).toEqual(['model.json']);
  });

  it('opens network and data of one drop', () => {
    const sorted = sortFiles([file('net.espalier'), file('data.zip')]);
    expect(names(sorted.network)).toEqual(['net.espalier']);
    expect(sorted.data?.source.source).toBe('folder');
  });

  it('passes files of other tools on to be refused with advice', () => {
    expect(names(sortFiles([file('net.onnx')]).network)).toEqual(['net.onnx']);
  });

  it('takes JSON without a network or images for a document, and leaves anything else unknown', () => {
    const sorted = sortFiles([file('recipe.json'), file('notes.txt')]);
    expect(names(sorted.documents)).toEqual(['recipe.json']);
    expect(names(sorted.unknown)).toEqual(['notes.txt']);
    expect(names(sortFiles([file('pets/cat/1.png'), file('pets/labels.json')]).documents)).toEqual([]);
  });
});
