/** The browser's own file dialogue, asked for from a menu or a button. */

interface PickOptions {
  /** Endings, as `<input accept>` takes them; empty = any. */
  readonly accept?: string;
  /** A folder with all that is in it. */
  readonly directory?: boolean;
}

/** The chosen files; never resolves when the person closes the dialogue in a browser that does not say so. */
export function pickFiles({ accept = '', directory = false }: PickOptions = {}): Promise<readonly File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.accept = accept;
    input.webkitdirectory = directory;
    input.addEventListener('change', () => resolve([...(input.files ?? [])]), { once: true });
    input.addEventListener('cancel', () => resolve([]), { once: true });
    input.click();
  });
}
