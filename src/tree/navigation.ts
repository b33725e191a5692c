/** Keys and places in the tree as gestures: pure, so that pointer, keyboard and tests agree. */
import type { ChannelIndex, LayerId } from '../../workers/network/graph';
import { lineAt, positionAt } from './layout';
import type { ActiveCell } from './moment';
import type { Stage } from './scene';
import type { TreeRow } from './tree-model';

export type Gesture =
  | { readonly kind: 'move'; readonly to: ActiveCell }
  | { readonly kind: 'fold'; readonly stage: number }
  | { readonly kind: 'inspect'; readonly layer: LayerId }
  | { readonly kind: 'toggle'; readonly layer: LayerId; readonly channel: ChannelIndex }
  | { readonly kind: 'protect'; readonly layer: LayerId };

/** Left of this x a press on a row of an open stage folds the stage. */
const captionWidth = 84;

/** Channel drawn at a position of a row. */
export function channelAt({ importance }: Stage, row: number, position: number): ChannelIndex {
  return importance?.[row]?.order[position] ?? position;
}

/** What a key does at `active`; null for keys the tree leaves to others. */
export function gestureOf(stage: Stage, active: ActiveCell, key: string): Gesture | null {
  const { layout, model } = stage;
  const line = layout.lines[active.line];
  const row = line?.kind === 'layer' ? model.rows[line.row] : undefined;
  const lastLine = layout.lines.length - 1;
  const to = (at: number, position: number | null): Gesture => ({
    kind: 'move',
    to: { line: Math.min(lastLine, Math.max(0, at)), position },
  });
  switch (key) {
    case 'ArrowUp':
      return to(active.line - 1, clampTo(stage, active.line - 1, active.position));
    case 'ArrowDown':
      return to(active.line + 1, clampTo(stage, active.line + 1, active.position));
    case 'PageUp':
      return to(active.line - 8, null);
    case 'PageDown':
      return to(active.line + 8, null);
    case 'Home':
      return active.position === null ? to(0, null) : to(active.line, 0);
    case 'End':
      return active.position === null || row === undefined ? to(lastLine, null) : to(active.line, row.filters - 1);
    case 'Escape':
      return active.position === null ? null : to(active.line, null);
  }
  if (line?.kind === 'stage')
    return key === 'Enter' || key === 'ArrowRight' ? { kind: 'fold', stage: line.stage } : null;
  if (row === undefined || line === undefined) return null;
  switch (key) {
    case 'ArrowRight':
      return to(active.line, active.position === null ? 0 : Math.min(row.filters - 1, active.position + 1));
    case 'ArrowLeft':
      return leftwards(stage, active, row);
    case 'Enter':
      return { kind: 'inspect', layer: row.layer };
    case 'Delete':
    case 'Backspace':
      return active.position === null
        ? null
        : { kind: 'toggle', layer: row.layer, channel: channelAt(stage, line.row, active.position) };
    case 'p':
    case 'P':
      return { kind: 'protect', layer: row.layer };
    default:
      return null;
  }
}

/** Left of the first cell is the row itself; left of that, its stage folds. */
function leftwards({ layout }: Stage, { line, position }: ActiveCell, row: TreeRow): Gesture | null {
  if (position !== null) return { kind: 'move', to: { line, position: position === 0 ? null : position - 1 } };
  return layout.folds && row.stage !== null ? { kind: 'fold', stage: row.stage } : null;
}

function clampTo({ layout, model }: Stage, at: number, position: number | null): number | null {
  const line = layout.lines[at];
  const row = line?.kind === 'layer' ? model.rows[line.row] : undefined;
  return position === null || row === undefined ? null : Math.min(position, row.filters - 1);
}

export interface Place {
  readonly line: number;
  readonly row: number | null;
  /** Cell under the point; null beside the cells. */
  readonly position: number | null;
  /** Stage that a press here folds or unfolds. */
  readonly stage: number | null;
}

/** What lies at a point of the picture; null below the last row. */
export function placeAt({ layout, model }: Stage, x: number, y: number): Place | null {
  const line = lineAt(layout, y);
  const shown = line === null ? undefined : layout.lines[line];
  if (line === null || shown === undefined) return null;
  if (shown.kind === 'stage') return { line, row: null, position: null, stage: shown.stage };
  const row = model.rows[shown.row];
  if (row === undefined) return null;
  const folds = layout.folds && x < captionWidth ? row.stage : null;
  return { line, row: shown.row, position: positionAt(layout, row, x), stage: folds };
}
