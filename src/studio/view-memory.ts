/** What the browser remembers between visits: theme and view. Nothing else; runs are the worker's to keep. */
import type { FilterOrder, RowLength, Theme } from './state';

export interface RememberedView {
  readonly theme?: Theme;
  readonly rowLength?: RowLength;
  readonly order?: FilterOrder;
}

const key = 'espalier.view';
const themes: readonly string[] = ['light', 'dark'] satisfies readonly Theme[];
const lengths: readonly string[] = ['multiply-adds', 'weights', 'filters'] satisfies readonly RowLength[];
const orders: readonly string[] = ['strongest first', 'as stored'] satisfies readonly FilterOrder[];

/** Anything unreadable counts as nothing remembered. */
export function recallView(storage: Pick<Storage, 'getItem'> | undefined = browserStorage()): RememberedView {
  try {
    const value: unknown = JSON.parse(storage?.getItem(key) ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    const found = new Map<string, unknown>(Object.entries(value));
    const pick = <T>(name: string, allowed: readonly string[]): T | undefined => {
      const entry = found.get(name);
      return typeof entry === 'string' && allowed.includes(entry) ? (entry as T) : undefined;
    };
    const theme = pick<Theme>('theme', themes);
    const rowLength = pick<RowLength>('rowLength', lengths);
    const order = pick<FilterOrder>('order', orders);
    return {
      ...(theme === undefined ? {} : { theme }),
      ...(rowLength === undefined ? {} : { rowLength }),
      ...(order === undefined ? {} : { order }),
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
