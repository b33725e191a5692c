/** What the browser remembers between visits: theme, view, whether the recovery ladder is measured. Nothing else; runs are the worker's to keep. */
import type { FilterOrder, RowLength, Theme } from './state';

export interface RememberedView {
  readonly theme?: Theme;
  readonly rowLength?: RowLength;
  readonly order?: FilterOrder;
  readonly ladder?: boolean;
}

const key = 'espalier.view';
const themes = ['light', 'dark'] as const satisfies readonly Theme[];
const lengths = ['multiply-adds', 'weights', 'filters'] as const satisfies readonly RowLength[];
const orders = ['strongest first', 'as stored'] as const satisfies readonly FilterOrder[];

/** The allowed value that `entry` is, if it is one. */
function oneOf<T extends string>(entry: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((value) => value === entry);
}

/** Anything unreadable counts as nothing remembered. */
export function recallView(storage: Pick<Storage, 'getItem'> | undefined = browserStorage()): RememberedView {
  try {
    const value: unknown = JSON.parse(storage?.getItem(key) ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    const found = new Map<string, unknown>(Object.entries(value));
    const theme = oneOf(found.get('theme'), themes);
    const rowLength = oneOf(found.get('rowLength'), lengths);
    const order = oneOf(found.get('order'), orders);
    const ladder = found.get('ladder');
    return {
      ...(theme === undefined ? {} : { theme }),
      ...(rowLength === undefined ? {} : { rowLength }),
      ...(order === undefined ? {} : { order }),
      ...(typeof ladder === 'boolean' ? { ladder } : {}),
    };
  } catch {
    return {};
  }
}

/** A full or denied storage costs the memory of the view, nothing more. */
export function rememberView(
  view: RememberedView,
  storage: Pick<Storage, 'setItem'> | undefined = browserStorage(),
): void {
  try {
    storage?.setItem(key, JSON.stringify(view));
  } catch {
    return;
  }
}

/** Reading the property throws where storage is denied. */
function browserStorage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

/** The theme of the system, until a person chooses another. */
export function systemTheme(): Theme {
  return typeof matchMedia === 'function' && matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}
