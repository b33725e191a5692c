/** Ranks of the layer: its spectrum, the energy every rank keeps, one handle through both, and what the pair costs. */
import { useCallback, useRef, type KeyboardEvent, type PointerEvent } from 'react';
import { methodOf } from '../studio/run-facts';
import { actions, studio, useStudio } from '../studio/store';
import { Drawing, type Surface } from '../ui/drawing';
import { formatPercent } from '../ui/format';
import { methodTone } from '../ui/method-style';
import { useSize } from '../ui/use-size';
import type { Inspected } from './inspected';
import { RankControls } from './rank-controls';
import { PairCost } from './pair-cost';
import { paintRanks, rankAtX, rankFrame, xOfRank, yOfEnergy, type RankFrame } from './rank-plot';
import type { RankView } from './rank-view';
import { useRankView } from './use-rank-view';
import shared from './inspector.module.css';
import styles from './ranks.module.css';

export function RanksTab({ inspected }: { readonly inspected: Inspected }) {
  const found = useRankView(inspected.row.layer);
  if (found === null) {
    return <p className={shared.missing}>This layer stays whole: only convolutions with a window are split.</p>;
  }
  const { view, isLive } = found;
  return (
    <>
      <div className={styles.ranks}>
        <RankPlot inspected={inspected} view={view} isLive={isLive} />
        <PairCost inspected={inspected} view={view} />
      </div>
      {isLive ? (
        <p className={shared.controls}>The method that trains decides this rank.</p>
      ) : (
        <RankControls layer={inspected.row.layer} view={view} />
      )}
    </>
  );
}

interface RankPlotProps {
  readonly inspected: Inspected;
  readonly view: RankView;
  readonly isLive: boolean;
}

function RankPlot({ inspected: { row }, view, isLive }: RankPlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(host);
  const method = useStudio(({ runs, activeRun, scoring }) => {
    const run = isLive ? runs.find((other) => other.run === activeRun) : undefined;
    return run === undefined ? scoring.method : (methodOf(run.recipe) ?? scoring.method);
  });
  const draw = useCallback(
    (surface: Surface) => {
      const frame = rankFrame(surface.width, surface.height, view.values.length);
      paintRanks(surface, frame, view, methodTone(method), 'before training');
    },
    [view, method],
  );
  const frame = rankFrame(width, height, view.values.length);
  const kept = view.energy[view.rank] ?? 1;
  return (
    <div ref={host} className={shared.plot}>
      <Drawing
        label={`${view.values.length} singular values of ${row.label}; rank ${view.rank} keeps ${formatPercent(kept, 1)} of the energy`}
        draw={draw}
      />
      {width === 0 ? null : (
        <RankHandle key={row.layer} layer={row.layer} label={row.label} {...{ view, frame, isLive }} />
      )}
    </div>
  );
}

interface RankHandleProps {
  readonly layer: string;
  readonly label: string;
  readonly view: RankView;
  readonly frame: RankFrame;
  /** A method decides: the handle shows, and does not move. */
  readonly isLive: boolean;
}

/** How far right of the handle there must be room for its energy, in pixels. */
const ENERGY_ROOM = 60;

function RankHandle({ layer, label, view, frame, isLive }: RankHandleProps) {
  const dragging = useRef(false);
  const { rank, energy, values } = view;
  const x = xOfRank(frame, rank);
  const kept = energy[rank] ?? 1;
  const text = rank >= values.length ? 'whole' : `rank ${rank}`;
  const toLeft = x > frame.right - ENERGY_ROOM;

  const rankUnder = (event: PointerEvent): number => {
    const left = event.currentTarget.parentElement?.getBoundingClientRect().left ?? 0;
    return rankAtX(frame, event.clientX - left);
  };
  /** As it is now: keys may come faster than renders. */
  const present = (): number => studio.getState().plan?.truncation?.ranks[layer] ?? values.length;
  const afterKey = (event: KeyboardEvent): number | null => {
    const rank = present();
    const step = event.shiftKey ? 5 : 1;
    const asked = { ArrowRight: rank + step, ArrowUp: rank + step, ArrowLeft: rank - step, ArrowDown: rank - step }[
      event.key
    ];
    const end = { Home: 1, End: values.length }[event.key];
    const wanted = end ?? asked;
    return wanted === undefined ? null : Math.min(values.length, Math.max(1, wanted));
  };
  const cancel = (): void => {
    dragging.current = false;
    actions.cancelDrag();
  };

  const marks = (
    <>
      <span className={styles.rankLine} style={{ top: frame.top }} />
      <span className={styles.rankFlag}>
        {isLive ? null : <i />}
        {text}
        {isLive ? null : <i />}
      </span>
      <span className={styles.energyDot} style={{ top: yOfEnergy(frame, kept) }} />
      <b className={styles.energyText} data-left={toLeft} style={{ top: yOfEnergy(frame, kept) }}>
        {formatPercent(kept, 1)}
      </b>
    </>
  );
  const place = { transform: `translateX(${x}px)`, height: frame.bottom };
  if (isLive) {
    return (
      <div className={styles.rankHandle} style={place}>
        {marks}
      </div>
    );
  }
  return (
    <div
      className={styles.rankHandle}
      style={place}
      role="slider"
      tabIndex={0}
      aria-label={`Rank of ${label}`}
      aria-valuemin={1}
      aria-valuemax={values.length}
      aria-valuenow={rank}
      aria-valuetext={`${text}, ${formatPercent(kept, 1)} of the energy`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        dragging.current = true;
      }}
      onPointerMove={(event) => {
        if (dragging.current) actions.dragRank(layer, rankUnder(event));
      }}
      onPointerUp={(event) => {
        if (!dragging.current) return;
        dragging.current = false;
        actions.releaseRank(layer, rankUnder(event));
      }}
      onPointerCancel={cancel}
      onKeyDown={(event) => {
        if (event.key === 'Escape') return cancel();
        const asked = afterKey(event);
        if (asked === null) return undefined;
        event.preventDefault();
        return actions.dragRank(layer, asked);
      }}
      onKeyUp={(event) => {
        if (afterKey(event) !== null) actions.releaseRank(layer, present());
      }}
    >
      {marks}
    </div>
  );
}
