/** Values that occur in many messages. */
import * as v from 'valibot';

export const text = v.string();
export const handle = v.pipe(v.string(), v.minLength(1), v.maxLength(300));
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
export const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
export const seed = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));
export const files = v.array(v.instance(File));
export const floats = v.custom<Float32Array>((value) => value instanceof Float32Array, 'expected a Float32Array');
export const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array');
export const normalisation = v.strictObject({
  mean: v.array(v.pipe(v.number(), v.finite())),
  std: v.array(v.pipe(v.number(), v.finite())),
});

export const removed = v.record(v.string(), v.array(count));
export const scheme = v.picklist(['channel', 'spatial']);
export const metric = v.picklist(['accuracy', 'mIoU']);
