/** What a layer's configuration says, with the defaults of Keras where it says nothing. */
import type { Pair } from '../../network/graph';
import { NotUnderstood } from '../network-draft';
import { type Fields, isFields } from './config';

function bad(key: string, value: unknown): NotUnderstood {
  return new NotUnderstood(
    `Its "${key}" is ${JSON.stringify(value)?.slice(0, 60) ?? 'missing'}, which cannot be read.`,
  );
}

export function numberField(config: Fields, key: string, otherwise: number): number {
  const value = config[key] ?? otherwise;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw bad(key, value);
  return value;
}

export function flagField(config: Fields, key: string, otherwise: boolean): boolean {
  const value = config[key] ?? otherwise;
  if (typeof value !== 'boolean') throw bad(key, value);
  return value;
}

export function textField(config: Fields, key: string, otherwise: string): string {
  const value = config[key] ?? otherwise;
  if (typeof value !== 'string') throw bad(key, value);
  return value;
}

/** One number for both axes, or one for each. */
export function pairField(config: Fields, key: string, otherwise: Pair): Pair {
  const value = config[key] ?? otherwise;
  if (typeof value === 'number') return [value, value];
  if (!Array.isArray(value) || value.length !== 2 || !value.every((item) => typeof item === 'number')) {
    throw bad(key, value);
  }
  return [value[0] ?? 1, value[1] ?? 1];
}

/** A list of whole numbers; a single number counts as a list of one. */
export function listField(config: Fields, key: string): readonly number[] {
  const value = config[key];
  if (typeof value === 'number') return [value];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'number')) throw bad(key, value);
  return value;
}

/** `[[top, bottom], [left, right]]`, `[both, both]` or one number. */
export function bordersField(config: Fields, key: string): readonly [number, number, number, number] {
  const value = config[key] ?? 1;
  if (typeof value === 'number') return [value, value, value, value];
  if (!Array.isArray(value) || value.length !== 2) throw bad(key, value);
  const [rows, columns] = value.map((item: unknown) => (typeof item === 'number' ? [item, item] : item));
  const all: unknown[] = [...(Array.isArray(rows) ? rows : []), ...(Array.isArray(columns) ? columns : [])];
  const [top, bottom, left, right] = all;
  if (all.length !== 4 || !all.every((item) => typeof item === 'number')) throw bad(key, value);
  return [Number(top), Number(bottom), Number(left), Number(right)];
}

/** Padding words; `causal` and others are not for images. */
export function paddingField(config: Fields): 'same' | 'valid' {
  const value = textField(config, 'padding', 'valid').toLowerCase();
  if (value !== 'same' && value !== 'valid') throw bad('padding', value);
  return value;
}

/** Channels must stand last, as they do here. */
export function requireChannelsLast(config: Fields): void {
  if (config['data_format'] === 'channels_first') {
    throw new NotUnderstood('It puts channels first; save the model with data_format "channels_last".');
  }
}

/** The name of an activation, whichever way the file writes it; `linear` where there is none. */
export function activationName(value: unknown): string {
  if (value === undefined || value === null) return 'linear';
  if (typeof value === 'string') return value;
  if (isFields(value)) {
    const { class_name: className, config } = value;
    if (typeof config === 'string') return config;
    if (className === 'Activation' && isFields(config)) return activationName(config['activation']);
    if (typeof className === 'string') return className;
  }
  throw bad('activation', value);
}
