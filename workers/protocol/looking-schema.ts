/** Checks on messages about single images, `looking.ts`: every picture has the size it says. */
import * as v from 'valibot';
import type { ParamSchemas, ResultSchemas } from '../rpc';
import type { LookingCommands } from './looking';
import { SplitSchema } from '../session/recipe';
import { bytes, count, floats, handle, positive, share } from './shapes-schema';

const size = v.strictTuple([positive, positive]);

const gate = v.pipe(
  v.strictObject({ stage: positive, size, map: floats, channels: floats }),
  v.check(({ size: [height, width], map }) => map.length === height * width, 'a gate map must have the size it says'),
);

const looksSchema = v.pipe(
  v.strictObject({
    image: bytes,
    size,
    truth: v.nullable(bytes),
    label: v.nullable(count),
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

const evidenceSchema = v.pipe(
  v.strictObject({
    grid: size,
    passes: v.array(
      v.strictObject({
        answer: count,
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

const look = {
  network: handle,
  dataset: handle,
  split: SplitSchema,
  image: count,
  passes: v.nullable(v.pipe(positive, v.maxValue(16))),
};

export const lookingParams = {
  looks: v.strictObject(look),
  evidence: v.strictObject({ ...look, row: count, column: count }),
} satisfies ParamSchemas<LookingCommands>;

export const lookingResults = {
  looks: looksSchema,
  evidence: evidenceSchema,
} satisfies ResultSchemas<LookingCommands>;
