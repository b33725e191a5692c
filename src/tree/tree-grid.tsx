/**
 * The rows of the picture as a grid for assistive technology and the keyboard. It lies unseen over the canvas; its words
 * follow the cut a few times a second, never per frame.
 */
import { useMemo, type ComponentProps, type ReactNode } from 'react';
import type { StudioState } from '../studio/state';
import { useStudio } from '../studio/store';
import { formatCount } from '../ui/format';
import { useResting } from '../studio/use-resting';
import { keptBy, type KeptTree } from './kept';
import type { ActiveCell } from './moment';
import type { Line } from './layout';
import type { Stage } from './scene';
import type { TreeRow } from './tree-model';
import styles from './tree.module.css';

type Handlers = Pick<
  ComponentProps<'div'>,
  'onKeyDown' | 'onFocus' | 'onBlur' | 'onPointerMove' | 'onPointerLeave' | 'onClick'
>;

interface TreeGridProps extends Handlers {
  readonly stage: Stage;
  readonly active: ActiveCell | null;
}

const planOf = ({ plan }: StudioState): StudioState['plan'] => plan;

/** Of the focused cell: what `aria-activedescendant` names. */
const activeId = 'tree-active';

export function TreeGrid({ stage, active, ...handlers }: TreeGridProps) {
  const { model, layout } = stage;
  const plan = useResting(planOf);
  const kept = useMemo(() => keptBy(model, plan), [model, plan]);
  const selected = useStudio(({ view }) => view.layer);
  return (
    <div
      className={styles.grid}
      role="grid"
      tabIndex={0}
      aria-label="Layers and their filters. Arrow keys move, Enter inspects, Delete cuts or brings back a filter, P protects a layer."
      aria-rowcount={layout.lines.length}
      aria-activedescendant={active === null ? undefined : activeId}
      {...handlers}
    >
      {layout.lines.map((line, index) => {
        const here = active?.line === index ? active : null;
        return (
          <div
            key={line.kind === 'layer' ? line.row : `stage ${line.stage}`}
            role="row"
            aria-rowindex={index + 1}
            aria-selected={line.kind === 'layer' && model.rows[line.row]?.layer === selected}
            id={here !== null && here.position === null ? activeId : undefined}
          >
            {cellsOf(stage, kept, line)}
            {here === null || here.position === null || line.kind === 'stage' ? null : (
              <span role="gridcell" id={activeId}>
                {filterText(stage, kept, line.row, here.position)}
              </span>
            )}
          </div>
        );
      })}
    </div>
  );
}

function cellsOf({ model }: Stage, kept: KeptTree, line: Line): ReactNode {
  if (line.kind === 'stage') {
    const stage = model.stages[line.stage];
    return (
      <span role="rowheader">
        {stage?.title}, {line.last - line.first + 1} layers, folded
      </span>
    );
  }
  const row = model.rows[line.row];
  const left = kept.rows[line.row];
  if (row === undefined || left === undefined) return null;
  return (
    <>
      <span role="rowheader">
        {row.label}, {row.description}
      </span>
      <span role="gridcell">{row.locked ?? keptText(row, left.kept)}</span>
      <span role="gridcell">
        {formatCount(left.macs)} of {formatCount(row.macs)} multiply-adds left
      </span>
    </>
  );
}

function keptText({ filters, directions }: TreeRow, kept: number): string {
  if (directions === undefined) return `${kept} of ${filters} filters kept`;
  return kept === filters ? `whole, ${filters} singular directions` : `rank ${kept} of ${filters}`;
}

function filterText({ model, importance }: Stage, kept: KeptTree, at: number, position: number): string {
  const channel = importance?.[at]?.order[position] ?? position;
  const rank = importance?.[at]?.rank[channel];
  const state = kept.rows[at]?.cut[channel] === 1 ? 'cut' : 'kept';
  if (model.rows[at]?.directions !== undefined) return `Singular direction ${channel + 1}, ${state}`;
  const place = rank === undefined ? '' : `, rank ${rank + 1} of ${model.rows[at]?.filters ?? 0}`;
  return `Filter ${channel}, ${state}${place}`;
}
