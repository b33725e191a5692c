/** Trade-off panel: compute kept against accuracy, every measured network, and the budget line to drag. */
import { useCallback, useMemo, useRef, useState } from 'react';
import { Button as Pressable, FileTrigger } from 'react-aria-components';
import { keepsAll, presentMethod } from '../studio/methods';
import type { StudioState } from '../studio/state';
import { metricOf } from '../studio/metric';
import { isSameTick } from '../studio/run-facts';
import { actions, studio, useStudio } from '../studio/store';
import { Button, wordClass } from '../ui/button';
import { Failure } from '../ui/failure';
import { methodOrder } from '../ui/method-style';
import { Pane, PaneHeading } from '../ui/pane';
import { useSize } from '../ui/use-size';
import { BudgetLine } from './budget-line';
import { Chart } from './chart';
import { chartFrame } from './frame';
import { LadderMarks } from './ladder-marks';
import { MethodKeys, PUBLISHED } from './method-keys';
import { curveOfOpen, curvesOfOthers, curvesOfRuns } from './pass-curves';
import { PassMarks } from './pass-marks';
import { PointMarks } from './point-marks';
import { PointTip } from './point-tip';
import { tradePoints, type TradePoint } from './points';
import { publishedFor, type PublishedPoint } from './published';
import { PublishedMarks, PublishedTip } from './published-marks';
import { TrailMarks, trailPeak } from './trail-marks';
import styles from './tradeoff.module.css';

/** The axis follows the budget in tens of % below its usual end, so that a drag does not move it on every frame. */
const lowestBudget = ({ rules }: StudioState) => (rules.budget > 0.2 ? 100 : Math.ceil(rules.budget * 10) * 10);

const noCitations: readonly PublishedPoint[] = [];

export function TradeOff() {
  const network = useStudio((state) => state.network);
  const dataset = useStudio((state) => state.dataset);
  const runs = useStudio((state) => state.runs);
  const method = useStudio((state) => state.scoring.method);
  const isTraining = useStudio((state) => state.activeRun !== null);
  const isOpening = useStudio((state) => state.opening !== null);
  const allTicked = useStudio((state) => state.view.ticked);
  const ticked = useMemo(
    () => allTicked.flatMap(({ run, candidate }) => (candidate === null ? [run] : [])),
    [allTicked],
  );
  const lowest = useStudio(lowestBudget);
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const [shown, setShown] = useState<TradePoint | null>(null);
  const [cited, setCited] = useState<PublishedPoint | null>(null);
  const host = useRef<HTMLDivElement>(null);
  const size = useSize(host);

  const all = useMemo(
    () => (network === null ? null : tradePoints(runs, network.view, dataset, network.accuracy)),
    [network, dataset, runs],
  );
  const published = useMemo(
    () => (network === null ? [] : publishedFor(network.view.graph, dataset)),
    [network, dataset],
  );
  const split = all?.split ?? 'validation';
  const others = useMemo(
    () => (network === null ? [] : curvesOfOthers(runs, network, dataset, split)),
    [runs, network, dataset, split],
  );
  const methods = useMemo(() => {
    const present = [...(all?.points ?? []), ...others].flatMap((point) =>
      point.method === null ? [] : [point.method],
    );
    return [...new Set([...present, method])].sort((a, b) => methodOrder(a) - methodOrder(b));
  }, [all, others, method]);
  const peak = useStudio((state) => trailPeak(state, split));
  const measured = useStudio((state) => state.looks.measured);
  const own = useStudio((state) => (keepsAll(presentMethod(state)) ? state.scoring.method : null));
  const curves = useMemo(() => {
    const shown = (all?.points ?? []).filter((point) => !hidden.includes(point.method ?? ''));
    const open = network === null ? null : curveOfOpen(network, measured, own);
    const beside = others.filter((curve) => !hidden.includes(curve.method ?? ''));
    return [...beside, ...curvesOfRuns(shown), ...(open === null ? [] : [open])];
  }, [all, hidden, network, measured, own, others]);
  const rungs = useStudio((state) => state.ladder.points);
  const frame = useMemo(() => {
    if (all === null || size.width === 0 || size.height === 0) return null;
    const points = all.points.filter((point) => !hidden.includes(point.method ?? ''));
    return chartFrame({ ...all, points }, method, lowest, size, peak, curves, rungs);
  }, [all, method, lowest, size, hidden, peak, curves, rungs]);
  const citations = hidden.includes(PUBLISHED) ? noCitations : published;

  const show = useCallback((point: TradePoint | null) => {
    setShown(point);
    actions.show({ outlined: point === null ? null : { run: point.run, candidate: point.candidate.id } });
  }, []);
  const toggle = useCallback((toggled: string) => {
    setHidden((before) => (before.includes(toggled) ? before.filter((id) => id !== toggled) : [...before, toggled]));
  }, []);

  const marks = useMemo(
    () =>
      frame === null ? null : (
        <>
          <PublishedMarks frame={frame} points={citations} onShow={setCited} />
          <PassMarks frame={frame} curves={curves} />
          <PointMarks frame={frame} ticked={ticked} onShow={show} onOpen={openPoint} />
          <LadderMarks frame={frame} />
          <TrailMarks frame={frame} split={split} />
        </>
      ),
    [frame, curves, split, ticked, show, citations],
  );

  return (
    <Pane label="Trade-off">
      <PaneHeading title="Trade-off" note={noteOf(isTraining, all?.elsewhere ?? 0)} end={<LadderSwitch />} />
      <CheckFailure />
      {dataset === null && network !== null && !isOpening ? <NeedsData /> : null}
      <div ref={host} className={styles.panel}>
        {frame === null ? null : (
          <BudgetLine frame={frame} method={method} hidden={own !== null}>
            <span className={styles.axisTitle} data-part="title">
              {split} {metricOf(dataset)}, %
            </span>
            <span className={`${styles.axisTitle} ${styles.costTitle}`}>
              % of the {own === null ? 'original multiply-adds kept' : 'network\u2019s multiply-adds'}
            </span>
            <div className={styles.chart}>
              <Chart frame={frame}>{marks}</Chart>
            </div>
            {shown === null ? null : <PointTip frame={frame} point={shown} />}
            {cited === null ? null : <PublishedTip frame={frame} point={cited} />}
          </BudgetLine>
        )}
      </div>
      <MethodKeys methods={methods} hasPublished={published.length > 0} hidden={hidden} onToggle={toggle} />
    </Pane>
  );
}

/** A plain click opens a stored network; what cannot be opened can still be compared. */
function openPoint(point: TradePoint, compare: boolean): void {
  if (point.candidate.stored && !compare) {
    void actions.openCandidate(point.candidate);
    return;
  }
  if (point.method === null) return;
  const { ticked } = studio.getState().view;
  const tick = { run: point.run, candidate: null };
  actions.tick(tick, !ticked.some((other) => isSameTick(other, tick)));
}

function noteOf(isTraining: boolean, elsewhere: number): string {
  if (isTraining) return 'trail: the run that trains now';
  if (elsewhere === 0) return 'every measured run';
  return `${elsewhere} ${elsewhere === 1 ? 'run' : 'runs'} measured on another split not shown`;
}

/** What comes back without training, over all budgets: measured while nothing else is done. */
function LadderSwitch() {
  const { isOn, isBusy, points } = useStudio((state) => state.ladder);
  return (
    <>
      {isOn ? `${points.length} budgets${isBusy ? ', measuring …' : ''} ` : ''}
      <Button
        kind="word"
        aria-pressed={isOn}
        title="What each budget gives right after the cut, recalibrated and reconstructed; measured in the background"
        onClick={() => actions.showLadder(!isOn)}
      >
        Recovery ladder
      </Button>
    </>
  );
}

function CheckFailure() {
  const error = useStudio((state) => (state.preview.state === 'failed' ? state.preview.error : null));
  if (error === null) return null;
  return <Failure message={error} action={{ label: 'Check again', run: actions.tryAgain }} />;
}

function NeedsData() {
  return (
    <p className={styles.needs}>
      Accuracy needs data.{' '}
      <FileTrigger allowsMultiple onSelect={(files) => void actions.openFiles([...(files ?? [])])}>
        <Pressable className={wordClass}>Open files</Pressable>
      </FileTrigger>
    </p>
  );
}
