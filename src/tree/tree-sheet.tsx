/** Canvas, grid and tooltip of the tree, and what pointer and keys do on them. */
import { useRef, useState, type FocusEvent, type KeyboardEvent, type MouseEvent } from 'react';
import { actions, studio } from '../studio/store';
import { lineOfRow } from './layout';
import type { ActiveCell } from './moment';
import { channelAt, gestureOf, placeAt, type Gesture } from './navigation';
import type { Stage } from './scene';
import { TreeGrid } from './tree-grid';
import { TreeTooltip, type PointedCell } from './tree-tooltip';
import styles from './tree.module.css';
import { usePainter } from './use-painter';

interface TreeSheetProps {
  readonly stage: Stage;
  readonly onStage: (stage: number) => void;
}

export function TreeSheet({ stage, onStage }: TreeSheetProps) {
  const { model, layout } = stage;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [active, setActive] = useState<ActiveCell | null>(null);
  const [pointed, setPointed] = useState<PointedCell | null>(null);
  usePainter(canvas, stage, active);

  const point = (row: number | null, position: number | null): void => {
    const layer = row === null ? undefined : model.rows[row]?.layer;
    if (row === null || position === null || layer === undefined) {
      if (pointed === null) return;
      setPointed(null);
      actions.show({ hovered: null });
    } else if (pointed?.row !== row || pointed.position !== position) {
      setPointed({ row, position });
      // A direction is no filter: nothing elsewhere lights up with it.
      const isFilter = model.rows[row]?.directions === undefined;
      actions.show({ hovered: isFilter ? { layer, channel: channelAt(stage, row, position) } : null });
    }
  };

  const placeUnder = (event: MouseEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return placeAt(stage, event.clientX - box.left, event.clientY - box.top);
  };

  const press = (event: MouseEvent): void => {
    const place = placeUnder(event);
    if (place === null) return;
    if (place.stage !== null) return onStage(place.stage);
    const layer = place.row === null ? undefined : model.rows[place.row]?.layer;
    if (place.row === null || layer === undefined) return;
    actions.show({ layer });
    if (place.position !== null) actions.toggleFilter(layer, channelAt(stage, place.row, place.position));
  };

  const carryOut = (gesture: Gesture): void => {
    switch (gesture.kind) {
      case 'move': {
        const line = layout.lines[gesture.to.line];
        setActive(gesture.to);
        point(line?.kind === 'layer' ? line.row : null, gesture.to.position);
        const scroller = canvas.current?.closest(`.${styles.body}`);
        return scroller === null || scroller === undefined ? undefined : reveal(scroller, stage, gesture.to.line);
      }
      case 'fold':
        return onStage(gesture.stage);
      case 'inspect':
        return actions.show({ layer: gesture.layer });
      case 'toggle':
        return actions.toggleFilter(gesture.layer, gesture.channel);
      case 'protect':
        return actions.protectLayer(gesture.layer, !studio.getState().rules.protect.includes(gesture.layer));
    }
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const gesture = gestureOf(stage, active ?? startOf(stage), event.key);
    if (gesture === null) return;
    event.preventDefault();
    event.stopPropagation();
    carryOut(gesture);
  };

  const onFocus = (event: FocusEvent): void => {
    // A press focuses the grid too, but only keys move within it.
    if (event.currentTarget.matches(':focus-visible')) setActive((before) => before ?? startOf(stage));
  };

  return (
    <div className={styles.sheet} style={{ width: layout.width, height: layout.height }}>
      <canvas ref={canvas} aria-hidden="true" />
      <TreeGrid
        stage={stage}
        active={active}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
        onBlur={() => {
          setActive(null);
          point(null, null);
        }}
        onPointerMove={(event) => {
          const place = placeUnder(event);
          point(place?.row ?? null, place?.position ?? null);
        }}
        onPointerLeave={() => point(null, null)}
        onClick={press}
      />
      {pointed === null ? null : <TreeTooltip stage={stage} cell={pointed} />}
    </div>
  );
}

/** Where the keyboard begins: the inspected layer. */
function startOf({ model, layout }: Stage): ActiveCell {
  const { layer } = studio.getState().view;
  const row = model.rows.findIndex((own) => own.layer === layer);
  return { line: row < 0 ? 0 : Math.max(0, lineOfRow(layout, row)), position: null };
}

function reveal(scroller: Element, { layout }: Stage, line: number): void {
  const top = line * layout.pitch;
  const bottom = top + layout.pitch;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
}
