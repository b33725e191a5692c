/** All a painter needs to know: structure, geometry, colours, and what of them may change from frame to frame. */
import type { Graph, LayerId } from '../../workers/network/graph';
import type { Palette } from '../ui/palette';
import type { RowImportance } from './importance';
import type { KeptTree } from './kept';
import type { TreeLayout } from './layout';
import type { TreeModel } from './tree-model';

/** Changes with the network, the size, the theme or the scores: everything is painted again. */
export interface Stage {
  readonly graph: Graph;
  readonly model: TreeModel;
  readonly layout: TreeLayout;
  readonly palette: Palette;
  /** Null before scores: cells are drawn without colour. */
  readonly importance: readonly RowImportance[] | null;
}

/** The cut of one of the networks that are compared. */
export interface ComparedCut {
  /** By coupling class: 1 = cut. */
  readonly gone: Uint8Array;
  readonly colour: string;
}

/** Changes with gestures: only what differs is painted again. */
export interface Moment {
  readonly kept: KeptTree;
  readonly selected: LayerId | null;
  readonly protected: readonly LayerId[];
  /** Coupling classes decided by hand. */
  readonly byHand: ReadonlySet<number>;
  /** Coupling class under the pointer: all its copies light up. */
  readonly lit: number | null;
  /** Classes another candidate cut, by class; null without one. */
  readonly outlined: Uint8Array | null;
  /** The cuts compared, over the whole network; null without a comparison. */
  readonly compared: readonly ComparedCut[] | null;
  /** Row and position of the keyboard's cell, while the grid has focus. */
  readonly active: { readonly line: number; readonly position: number | null } | null;
}

export const font = (pixels: number, weight: 400 | 600 = 400): string =>
  `${weight} ${pixels}px -apple-system, BlinkMacSystemFont, "Segoe UI", Inter, Roboto, "Helvetica Neue", Arial, sans-serif`;
