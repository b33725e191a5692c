/** The tour: a card beside each place in turn, with that place outlined. The page stays usable throughout; Esc ends it. */
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { Button } from '../ui/button';
import { placeBeside, type Frame } from './placing';
import { stops, type Stop } from './stops';
import styles from './welcome.module.css';

interface TourProps {
  readonly onEnd: () => void;
  /** Ends it and takes the offer away for good. */
  readonly onNever: () => void;
}

export function Tour({ onEnd, onNever }: TourProps) {
  const [at, setAt] = useState(0);
  const stop = stops[at];
  const frame = usePlace(stop?.place ?? 'tree');
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') onEnd();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [onEnd]);
  if (stop === undefined) return null;
  const isLast = at === stops.length - 1;
  return createPortal(
    <>
      {frame === null ? null : <div className={styles.outline} style={frame} aria-hidden="true" />}
      <section
        className={styles.card}
        style={placeBeside(frame, { width: innerWidth, height: innerHeight })}
        aria-label="Tour"
      >
        <Heading key={stop.place} stop={stop} at={at} />
        <p>{stop.text}</p>
        <div className={styles.choices}>
          <Button disabled={at === 0} onClick={() => setAt(at - 1)}>
            Back
          </Button>
          <Button kind="primary" onClick={() => (isLast ? onNever() : setAt(at + 1))}>
            {isLast ? 'Finish' : 'Next'}
          </Button>
          <Button kind="word" className={styles.end} onClick={onEnd}>
            End the tour
          </Button>
        </div>
      </section>
    </>,
    document.body,
  );
}

/** Takes the focus at every stop, so that keyboard and screen reader follow. */
function Heading({ stop, at }: { readonly stop: Stop; readonly at: number }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <h2 ref={heading} tabIndex={-1}>
      <span>
        {at + 1} of {stops.length}
      </span>
      {stop.title}
    </h2>
  );
}

/** Where the place is on the page now; null where it is not shown. */
function usePlace(place: Stop['place']): Frame | null {
  const [frame, setFrame] = useState<Frame | null>(null);
  useLayoutEffect(() => {
    const element = document.querySelector(`[data-place="${place}"]`);
    element?.scrollIntoView({ block: 'nearest' });
    const read = (): void => {
      const box = element?.getBoundingClientRect();
      setFrame(box === undefined ? null : { left: box.left, top: box.top, width: box.width, height: box.height });
    };
    const sizes = new ResizeObserver(read);
    if (element !== null) sizes.observe(element);
    addEventListener('scroll', read, { passive: true });
    return () => {
      sizes.disconnect();
      removeEventListener('scroll', read);
    };
  }, [place]);
  return frame;
}
