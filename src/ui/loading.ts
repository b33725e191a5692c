/** Code that comes when it is first needed: what is said where it does not come. */

/** The file of a part of the page did not arrive. Its message names the part and what to do. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

/** By what needs them, addresses of style sheets that did not arrive: vite asks for each once, and then goes without it. */
const missing = new Map<string, Set<string>>();

/**
 * What `load` brings, an `import()` at heart; `what` names it at the head of a sentence. Called again, the browser asks for
 * the files again (HTML standard since 2026; browsers from before may keep the first answer until the page is reloaded).
 *
 * @throws LoadError where a file of it did not arrive.
 */
export async function loaded<T>(what: string, load: () => Promise<T>): Promise<T> {
  const sheets = missing.get(what) ?? new Set();
  missing.set(what, sheets);
  const onError = ({ target }: Event): void => {
    if (!(target instanceof HTMLLinkElement) || target.rel !== 'stylesheet') return;
    sheets.add(target.href);
    target.remove();
  };
  addEventListener('error', onError, true);
  try {
    for (const href of sheets) {
      await sheetAt(href);
      sheets.delete(href);
    }
    return await load();
  } catch (cause) {
    throw new LoadError(
      `${what} could not be loaded: the connection is gone, or a newer version of this page has taken its place. Try again; if that does not help, reload the page: stored runs stay.`,
      { cause },
    );
  } finally {
    removeEventListener('error', onError, true);
  }
}

/** Resolves once the style sheet is in the page. Rejects where it does not arrive. */
function sheetAt(href: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = href;
    link.addEventListener('load', resolve);
    link.addEventListener('error', () => reject(new Error(`${href} did not arrive.`)));
    document.head.append(link);
  });
}
