/** A number in a sentence that is dragged sideways, and a slider for everyone who does not drag. */
import { useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import styles from './scrub.module.css';

interface ScrubProps {
  readonly label: string;
  /** What is heard: the number with its unit and what it brings. */
  readonly valueText: string;
  readonly value: number;
  /** The value as it is now: keys may come faster than renders. */
  readonly read: () => number;
  readonly min: number;
  readonly max: number;
  /** Change of the value per pixel. */
  readonly perPixel: number;
  /** `value` after a key, or null when the key means nothing here. */
  readonly afterKey: (value: number, key: string, shift: boolean) => number | null;
  readonly onDrag: (value: number) => void;
  readonly onRelease: (value: number) => void;
  readonly onCancel: () => void;
  /** A lesson holds it still. */
  readonly isHeld?: boolean;
  readonly children: ReactNode;
}

export function Scrub(props: ScrubProps) {
  const { label, valueText, value, read, min, max, perPixel, afterKey, onDrag, onRelease, onCancel, isHeld, children } =
    props;
  const origin = useRef<{ readonly x: number; readonly value: number } | null>(null);

  const valueUnder = (event: PointerEvent): number | null => {
    const start = origin.current;
    return start === null ? null : Math.min(max, Math.max(min, start.value + (event.clientX - start.x) * perPixel));
  };

  const cancel = (): void => {
    origin.current = null;
    onCancel();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') return cancel();
    const asked = afterKey(read(), event.key, event.shiftKey);
    if (asked === null) return;
    event.preventDefault();
    onDrag(asked);
  };

  return (
    <span
      className={styles.scrub}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-disabled={isHeld}
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={value}
      aria-valuetext={valueText}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        origin.current = { x: event.clientX, value: read() };
      }}
      onPointerMove={(event) => {
        const asked = valueUnder(event);
        if (asked !== null) onDrag(asked);
      }}
      onPointerUp={(event) => {
        const asked = valueUnder(event);
        origin.current = null;
        if (asked !== null) onRelease(asked);
      }}
      onPointerCancel={cancel}
      onKeyDown={onKeyDown}
      onKeyUp={(event) => {
        // A held key drags; letting go of it is the release.
        if (afterKey(read(), event.key, event.shiftKey) !== null) onRelease(read());
      }}
    >
      {children}
    </span>
  );
}
