/** Comma-separated values (RFC 4180): lines end in CR LF, absent values are empty. */
import { download } from './download';

export type Cell = string | number | null | undefined;

/** One line of `rows` per line of text, fields quoted where they must be. */
export function csvText(rows: readonly (readonly Cell[])[]): string {
  return rows.map((cells) => `${cells.map(field).join(',')}\r\n`).join('');
}

/** Hands a table to the browser as `NAME.csv`. */
export function downloadCsv(name: string, text: string): void {
  download(`${name}.csv`, new Blob([text], { type: 'text/csv' }));
}

/**
 * A table of the page as it reads: a cell that spans columns is followed by empty ones, several lines of text in a cell
 * are joined by spaces, spaces before units are plain. What a cell rounds for the eye it may carry in full as `data-exact`:
 * that is what the file gets.
 */
export function tableAsCsv(table: HTMLTableElement): string {
  return csvText(
    [...table.rows].map((row) =>
      [...row.cells].flatMap((cell) => [
        cell.dataset.exact ?? textOf(cell),
        ...Array.from({ length: cell.colSpan - 1 }, () => ''),
      ]),
    ),
  );
}

function textOf(cell: HTMLTableCellElement): string {
  const pieces: string[] = [];
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() !== null) pieces.push(walker.currentNode.textContent ?? '');
  const isSplit = cell.querySelector('small') !== null;
  return pieces
    .join(isSplit ? ' ' : '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function field(value: Cell): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
