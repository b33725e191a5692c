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
    const chosen = () => [...(input.files ?? [])].map((file) => namedByPath(file, file.webkitRelativePath));
    input.addEventListener('change', () => resolve(chosen()), { once: true });
    input.addEventListener('cancel', () => resolve([]), { once: true });
    input.click();
  });
}

/** The file under its path inside the chosen folder: data sets read classes from it. */
export function namedByPath(file: File, path: string): File {
  if (!path.includes('/')) return file;
  return new File([file], path, { type: file.type, lastModified: file.lastModified });
}
