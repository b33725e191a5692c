/** Keeps the canvas in step with the studio: one paint a frame, from a subscription, without rendering React. */
import { useEffect, useRef, type RefObject } from 'react';
import { studio } from '../studio/store';
import { paintedBy } from '../ui/vector';
import { prefersStillness } from './fade';
import { momentReader, type ActiveCell, type MomentReader } from './moment';
import type { Stage } from './scene';
import { TreePainter } from './tree-painter';

interface Link {
  readonly painter: TreePainter;
  readonly read: MomentReader;
}

export function usePainter(
  canvas: RefObject<HTMLCanvasElement | null>,
  stage: Stage | null,
  active: ActiveCell | null,
): void {
  const link = useRef<Link | null>(null);
  const focus = useRef(active);

  useEffect(() => {
    const context = canvas.current?.getContext('2d') ?? null;
    if (canvas.current === null || context === null || stage === null) return undefined;
    const painter = new TreePainter(canvas.current, context);
    const read = momentReader(stage);
    link.current = { painter, read };
    painter.set(stage, read(studio.getState(), focus.current));
    paintedBy(canvas.current, (other) => {
      // Scales to device pixels of its own: here they are CSS pixels.
      new TreePainter(document.createElement('canvas'), other, 1).set(stage, read(studio.getState(), null));
    });
    let frame = 0;
    const paint = (now: number): void => {
      const state = studio.getState();
      // A cell under the hand follows it at once.
      const fadeAt = state.isDragging || prefersStillness() ? undefined : now;
      const fades = painter.update(read(state, focus.current), fadeAt);
      frame = fades ? requestAnimationFrame(paint) : 0;
    };
    const stop = studio.subscribe(() => {
      if (frame === 0) frame = requestAnimationFrame(paint);
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
      link.current = null;
    };
  }, [canvas, stage]);

  useEffect(() => {
    focus.current = active;
    link.current?.painter.update(link.current.read(studio.getState(), active));
  }, [active]);
}
