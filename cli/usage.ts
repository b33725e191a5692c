/** Reading the command line's words. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A command called wrongly; the usage line is added where it is shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type Options = NonNullable<ParseArgsConfig['options']>;

/** Values of text options are strings, of flags booleans; absent ones are absent. Throws `UsageError`. */
export function readParameters(
  parameters: readonly string[],
  options: Options,
): { readonly positional: readonly string[]; readonly values: Readonly<Record<string, string | boolean | undefined>> } {
  try {
    const { values, positionals } = parseArgs({ args: [...parameters], options, allowPositionals: true, strict: true });
    return { positional: positionals, values: values as Record<string, string | boolean | undefined> };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The only positional parameter. Throws `UsageError` when there is none or more than one. */
export function onlyOne(positional: readonly string[], what: string): string {
  const [first, ...others] = positional;
  if (first === undefined) throw new UsageError(`${what} is missing.`);
  if (others.length > 0) throw new UsageError(`One ${what} at a time; "${others.join(' ')}" is too much.`);
  return first;
}

/** A text option; undefined when absent. */
export function textOption(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A whole number, at least `minimum`. Throws `UsageError`. */
export function numberOption(name: string, value: string | boolean | undefined, minimum: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  const number = Number(value);
  if (value.trim() === '' || !Number.isSafeInteger(number) || number < minimum) {
    throw new UsageError(`--${name} must be a whole number, at least ${minimum}, not "${value}".`);
  }
  return number;
}

/** One of `choices`. Throws `UsageError`. */
export function choiceOption<C extends string>(
  name: string,
  value: string | boolean | undefined,
  choices: readonly C[],
): C | undefined {
  if (typeof value !== 'string') return undefined;
  const chosen = choices.find((choice) => choice === value);
  if (chosen === undefined) throw new UsageError(`--${name} must be ${choices.join(', ')}, not "${value}".`);
  return chosen;
}
