/** Files out of a drop, folders walked. Their path inside the folder is their name: data sets read classes from it. */

import { namedByPath } from '../ui/file-picker';

/** Folders deeper than this are not data. */
const deepest = 8;

/** Reads the transfer at once (it is gone after the event), walks folders later. */
export function droppedFiles(transfer: DataTransfer): Promise<readonly File[]> {
  const entries = [...transfer.items].flatMap((item) => {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null;
    return entry === null ? [] : [entry];
  });
  if (entries.length === 0) return Promise.resolve([...transfer.files]);
  return walk(entries, 0);
}

async function walk(entries: readonly FileSystemEntry[], depth: number): Promise<readonly File[]> {
  const found: File[] = [];
  for (const entry of entries) {
    if (isFile(entry)) found.push(await fileOf(entry));
    else if (isDirectory(entry) && depth < deepest) found.push(...(await walk(await childrenOf(entry), depth + 1)));
  }
  return found;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

async function fileOf(entry: FileSystemFileEntry): Promise<File> {
  const file = await new Promise<File>((resolve, reject) => {
    entry.file(resolve, reject);
  });
  return namedByPath(file, entry.fullPath.replace(/^\//, ''));
}

/** A directory reader gives its children in portions; an empty one is the last. */
async function childrenOf(entry: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = entry.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (portion.length === 0) return children;
    children.push(...portion);
  }
}
