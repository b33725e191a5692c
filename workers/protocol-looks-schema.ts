/** Checks on what the commands `looks` and `evidence` answer: every picture has the size it says. */
import * as v from 'valibot';

const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const size = v.strictTuple([positive, positive]);
const floats = v.custom<Float32Array>((value) => value instanceof Float32Array, 'expected a Float32Array');
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array');
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const gate = v.pipe(
  v.strictObject({ stage: positive, size, map: floats, channels: floats }),
  v.check(({ size: [height, width], map }) => map.length === height * width, 'a gate map must have the size it says'),
);

export const looksSchema = v.pipe(
  v.strictObject({
    image: bytes,
    size,
    truth: v.nullable(bytes),
    label: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))),
    passes: v.pipe(
      v.array(
        v.strictObject({
          prediction: v.nullable(bytes),
          probabilities: v.nullable(floats),
          accuracy: v.nullable(share),
          gates: v.array(gate),
        }),
      ),
      v.minLength(1),
    ),
  }),
  v.check(({ image, size: [height, width], truth, passes }) => {
    const pixels = height * width;
    const pictures = [truth, ...passes.map(({ prediction }) => prediction)];
    return image.length === 3 * pixels && pictures.every((picture) => picture === null || picture.length === pixels);
  }, 'image, truth and predictions must have the size of the image'),
);

export const evidenceSchema = v.pipe(
  v.strictObject({
    grid: size,
    passes: v.array(
      v.strictObject({
        answer: v.pipe(v.number(), v.integer(), v.minValue(0)),
        probabilities: floats,
        drop: floats,
        gates: v.array(v.strictObject({ stage: positive, values: floats })),
      }),
    ),
  }),
  v.check(
    ({ grid: [rows, columns], passes }) => passes.every(({ drop }) => drop.length === rows * columns),
    'every look needs one number for each place of the grid',
  ),
);
