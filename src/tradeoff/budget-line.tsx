/**
 * The budget line: the handle that is dragged, the shade over what costs too much, and the readout at its foot.
 *
 * React places the elements once; a store subscription writes positions and words straight into them, so that a drag
 * costs no render. Lies under the chart's marks, so that points near the line can still be hovered.
 */
import { useEffect, useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import { shallow } from 'zustand/vanilla/shallow';
import type { StudioState } from '../studio/state';
import { isLocked } from '../lessons/locks';
import { actions, studio, useStudio } from '../studio/store';
import { markPath, methodStyle } from '../ui/method-style';
import { smallestBudget } from '../studio/decisions';
import computing from '../ui/computing.module.css';
import { budgetAfterKey, budgetView, type BudgetView } from './budget-view';
import type { ChartFrame } from './frame';
import { budgetAt } from './scales';
import styles from './tradeoff.module.css';

interface BudgetLineProps {
  readonly frame: ChartFrame;
  readonly method: string;
  /** Where nothing is cut, there is no budget to drag. */
  readonly hidden?: boolean;
  /** The chart itself, between the line and its readout. */
  readonly children: ReactNode;
}

/** How far right the handle must be to leave the axis title alone, in pixels. */
const TITLE_ROOM = 160;

/** A press this near to the line, in pixels, drags it even where a point lies on it. */
const GRIP = 12;
/** A press that moves less is a click. */
const PULL = 3;

const watched = ({ rules, plan, preview, dataset, ladder }: StudioState) => ({ rules, plan, preview, dataset, ladder });

export function BudgetLine({ frame, method, hidden, children }: BudgetLineProps) {
  const layer = useRef<HTMLDivElement>(null);
  const slider = useRef<HTMLDivElement>(null);
  const dragging = useRef(false);
  /** Where a press near the line went down on a point: moving makes it a drag, letting go a click. */
  const armed = useRef<number | null>(null);
  const isHeld = useStudio((state) => isLocked(state, 'budget'));
  const { area, cost } = frame;
  const limits = [smallestBudget, 1] as const;
  const onAxis = [Math.max(smallestBudget, cost.low / 100), 1] as const;

  useEffect(() => {
    const root = layer.current;
    if (root === null) return undefined;
    const paint = (state: ReturnType<typeof watched>): void => paintLine(root, budgetView(state, frame));
    paint(watched(studio.getState()));
    return studio.subscribe(watched, paint, { equalityFn: shallow });
  }, [frame]);

  const budgetUnder = (event: PointerEvent): number => {
    const left = layer.current?.getBoundingClientRect().left ?? 0;
    return budgetAt(event.clientX - left, cost, area, onAxis);
  };

  const end = (event: PointerEvent): void => {
    if (!dragging.current) return;
    dragging.current = false;
    actions.releaseBudget(budgetUnder(event));
  };

  const arm = (event: PointerEvent): void => {
    const handle = slider.current;
    if (event.button !== 0 || handle === null || handle.contains(event.target as Node)) return;
    const { left, width } = handle.getBoundingClientRect();
    if (Math.abs(event.clientX - left - width / 2) <= GRIP) armed.current = event.clientX;
  };

  const pull = (event: PointerEvent): void => {
    if (armed.current === null || Math.abs(event.clientX - armed.current) < PULL) return;
    armed.current = null;
    // From here on the handle gets the pointer, so the point is not clicked.
    slider.current?.setPointerCapture(event.pointerId);
    dragging.current = true;
    actions.dragBudget(budgetUnder(event));
  };

  const cancel = (): void => {
    dragging.current = false;
    actions.cancelDrag();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') return cancel();
    const asked = budgetAfterKey(studio.getState().rules.budget, event.key, event.shiftKey, limits);
    if (asked === null) return undefined;
    event.preventDefault();
    return actions.dragBudget(asked);
  };

  // A held key drags; letting go of it is the release that starts the check.
  const onKeyUp = (event: KeyboardEvent): void => {
    const { budget } = studio.getState().rules;
    if (budgetAfterKey(budget, event.key, event.shiftKey, limits) !== null) actions.releaseBudget(budget);
  };

  const glyph = methodStyle(method);
  return (
    <div
      ref={layer}
      className={styles.layers}
      data-plain={hidden === true ? true : undefined}
      onPointerDownCapture={arm}
      onPointerMove={pull}
      onPointerUp={() => (armed.current = null)}
      onPointerLeave={() => (armed.current = null)}
    >
      <div className={styles.shade} data-part="shade" style={{ top: area.top, height: area.bottom - area.top }} />
      <div
        ref={slider}
        className={styles.handle}
        data-part="handle"
        role="slider"
        aria-disabled={isHeld}
        tabIndex={0}
        aria-label="Compute budget"
        aria-valuemin={limits[0] * 100}
        aria-valuemax={100}
        aria-valuenow={50}
        style={{ height: area.bottom }}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          dragging.current = true;
        }}
        onPointerMove={(event) => {
          if (dragging.current) actions.dragBudget(budgetUnder(event));
        }}
        onPointerUp={end}
        onPointerCancel={cancel}
        onKeyDown={onKeyDown}
        onKeyUp={onKeyUp}
      >
        <span className={styles.line} />
        <span className={styles.flag}>
          <i />
          <span data-part="budget" />
          <i />
        </span>
      </div>
      {children}
      <svg className={styles.markers} width={frame.size.width} height={frame.size.height} aria-hidden="true">
        <path
          data-part="estimate"
          className={styles.estimate}
          d={markPath(glyph.shape, 7.2)}
          style={{ stroke: `var(${glyph.hue})` }}
        />
        <path
          data-part="cut"
          className={styles.cut}
          d={markPath(glyph.shape, 5.6)}
          style={{ color: `var(${glyph.hue})` }}
        />
        <path data-part="below" className={styles.below} d="M-4 -6l4 6l4 -6" />
        <path data-part="above" className={styles.above} d="M-3.5 -7l3.5 -4.5l3.5 4.5" />
      </svg>
      <div className={styles.readout} data-part="readout" style={{ bottom: frame.size.height - area.bottom + 3 }} />
    </div>
  );
}

/** Writes a view into the elements, found by their `data-part`. */
function paintLine(root: HTMLElement, view: BudgetView): void {
  const part = (name: string) => root.querySelector<HTMLElement | SVGElement>(`[data-part="${name}"]`);
  const move = (name: string, place: { readonly x: number; readonly y: number } | null): void => {
    const element = part(name);
    if (element === null) return;
    element.style.display = place === null ? 'none' : '';
    if (place !== null) element.style.transform = `translate(${place.x}px, ${place.y}px)`;
  };

  const shade = part('shade');
  if (shade !== null) shade.style.left = `${view.x}px`;
  const handle = part('handle');
  if (handle !== null) {
    handle.style.transform = `translateX(${view.x}px)`;
    handle.setAttribute('aria-valuenow', String(view.valueNow));
    handle.setAttribute('aria-valuetext', view.valueText);
  }
  // The handle stands over the axis title at small budgets.
  part('title')?.toggleAttribute('hidden', view.x < TITLE_ROOM);
  const budget = part('budget');
  if (budget !== null) budget.textContent = view.handle;
  move('estimate', view.estimate);
  move('cut', view.cut);
  part('cut')?.setAttribute('data-measured', String(view.cut?.isMeasured ?? false));
  const below = part('below');
  const foot = Number.parseFloat(handle?.style.height ?? '0');
  if (below !== null) move('below', view.isBelow ? { x: view.x, y: foot } : null);
  move('above', view.isAbove ? view.cut : null);
  const readout = part('readout');
  if (readout !== null) writeReadout(readout, view);
  for (const label of root.querySelectorAll<SVGTextElement>('text[data-x]')) {
    label.toggleAttribute('data-over', Number(label.dataset.x) > view.x);
  }
}

function writeReadout(readout: HTMLElement | SVGElement, view: BudgetView): void {
  readout.style.transform = view.toRight ? `translateX(${view.x + 8}px)` : `translateX(calc(${view.x - 8}px - 100%))`;
  readout.toggleAttribute('data-over', view.toRight);
  readout.toggleAttribute('data-checking', view.isChecking);
  readout.classList.toggle(computing.line ?? '', view.isChecking);
  const lines = view.readings.map(({ value, note }) => {
    const line = document.createElement('span');
    const strong = document.createElement('b');
    strong.textContent = value;
    line.append(strong, value === '' ? note : ` ${note}`);
    return line;
  });
  readout.replaceChildren(...lines);
}
