import { encode } from 'fast-png';
import { expect, it } from 'vitest';
import { ignoredPixel } from './dataset';
import { readVoc } from './voc';

it("reads an image with the browser's decoder, and its mask without", async () => {
  // Four pixels of different colour over four others; the mask numbers them.
  const colours = Array.from({ length: 24 }, (_, at) => 10 * at);
  const image = encode({ width: 4, height: 2, data: Uint8Array.from(colours), channels: 3, depth: 8 });
  const mask = encode({ width: 4, height: 2, data: Uint8Array.of(0, 1, 0, 1, 1, 255, 0, 0), channels: 1, depth: 8 });
  const files = [
    new File([new Uint8Array(image)], 's/images/a.png'),
    new File([new Uint8Array(mask)], 's/masks/a.png'),
    new File(['a'], 's/train.txt'),
  ];
  const { pools } = await readVoc(files, { name: 's', size: [2, 4] });
  expect([...pools.train.images]).toEqual(colours);
  expect([...(pools.train.masks ?? [])]).toEqual([0, 1, 0, 1, 1, ignoredPixel, 0, 0]);
});
