/** Checks a method's settings against its declaration: the same ranges the form and the documentation show. */
import type { SettingDeclaration, SettingsDeclaration, SettingValues } from './method';

/** A setting is unknown, of the wrong kind or out of range. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(
    message: string,
    readonly setting: string,
  ) {
    super(message);
  }
}

/** `values` with defaults filled in. Throws `SettingsError` for the first that does not fit the declaration. */
export function checkSettings(declaration: SettingsDeclaration, values: SettingValues): SettingValues {
  for (const name of Object.keys(values)) {
    if (Object.hasOwn(declaration, name)) continue;
    const known = Object.keys(declaration);
    const remedy = known.length === 0 ? 'It has none.' : `It has: ${known.join(', ')}.`;
    throw new SettingsError(`The method has no setting "${name}". ${remedy}`, name);
  }
  const entries = Object.entries(declaration).map(([name, setting]) => {
    const value = Object.hasOwn(values, name) ? values[name] : setting.default;
    checkValue(name, setting, value);
    return [name, value ?? setting.default] as const;
  });
  return Object.fromEntries(entries);
}

/** The number called `name` among checked settings. Throws `SettingsError` when there is none. */
export function numberSetting(settings: SettingValues, name: string): number {
  const value = settings[name];
  if (typeof value === 'number') return value;
  throw new SettingsError(`The setting "${name}" must be a number, not ${JSON.stringify(value)}.`, name);
}

function checkValue(name: string, setting: SettingDeclaration, value: unknown): void {
  const wrong = problem(setting, value);
  if (wrong !== undefined) {
    throw new SettingsError(`The setting "${name}" must be ${wrong}, not ${JSON.stringify(value)}.`, name);
  }
}

/** What the value should have been; undefined when it is right. */
function problem(setting: SettingDeclaration, value: unknown): string | undefined {
  switch (setting.kind) {
    case 'number': {
      const { min, max, step } = setting;
      // Sliders move by `step`; typed values may lie between, but a count stays a count.
      const whole = Number.isInteger(step) && Number.isInteger(min);
      const right = typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
      return right ? undefined : `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`;
    }
    case 'choice': {
      const options = setting.options.map((option) => option.value);
      return options.some((option) => option === value) ? undefined : `one of ${options.join(', ')}`;
    }
    case 'switch':
      return typeof value === 'boolean' ? undefined : 'true or false';
  }
}
