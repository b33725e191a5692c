/** The strip while a run trains: where it stands, its loss and accuracy, its speed and what is left. */
import { useMemo } from 'react';
import type { Progress, RunSummary } from '../../workers/protocol';
import { metricOf } from '../studio/metric';
import { methodOf, originalOf } from '../studio/run-facts';
import type { LiveRun } from '../studio/state';
import { useStudio } from '../studio/store';
import {
  formatAccuracy,
  formatCount,
  formatInteger,
  formatPercent,
  formatRate,
  formatSetting,
  formatTimeLeft,
  NBSP,
} from '../ui/format';
import { MethodMark } from '../ui/method-mark';
import { Sparkline } from '../ui/sparkline';
import { trainingCurves, type TrainingCurves } from './curves';
import { nameOf } from '../runs/rows';
import { CutProof } from './cut-proof';
import { MethodFacts } from './knobs';
import { Transport } from './transport';
import styles from './strip.module.css';

interface LiveStripProps {
  readonly run: RunSummary;
  readonly live: LiveRun | null;
}

const NO_POINTS: LiveRun['points'] = [];

export function LiveStrip({ run, live }: LiveStripProps) {
  const points = live?.points ?? NO_POINTS;
  const progress = live?.progress ?? null;
  const original = originalOf(run)?.accuracy ?? null;
  const curves = useMemo(
    () => trainingCurves(run.recipe, points, progress, original === null ? null : original * 100),
    [run.recipe, points, progress, original],
  );
  const state = progress === null ? run.state : `${progress.note}, ${run.state}`;
  return (
    <section className={`${styles.strip} ${styles.live}`} aria-label="Training">
      <div className={styles.lead}>
        <div className={styles.state}>
          <b>
            <MethodMark method={methodOf(run.recipe)} /> {run.origin === 'replay' ? 'Replay: ' : ''}
            {nameOf(run)}
          </b>
          <span>{state}</span>
          <CutProof difference={live?.proof ?? null} />
        </div>
        <Transport run={run.run} state={run.state} />
      </div>
      <LossPlot curves={curves} />
      <AccuracyPlot curves={curves} original={original} />
      <MethodFacts run={run} live={live} />
      <Facts live={live} curves={curves} />
    </section>
  );
}

function LossPlot({ curves }: { readonly curves: TrainingCurves | null }) {
  const series = useMemo(
    () =>
      curves === null
        ? []
        : ([
            { points: curves.loss.raw, tone: 'ink3', weight: 1, opacity: 0.45 },
            { points: curves.loss.smooth, tone: 'ink', endDot: true },
          ] as const),
    [curves],
  );
  const last = curves?.lastLoss ?? null;
  return (
    <div className={styles.plot}>
      <p>training loss {last === null ? <i>not yet measured</i> : <b>{last.toFixed(last < 10 ? 3 : 1)}</b>}</p>
      <div className={styles.host}>
        {curves === null ? null : (
          <Sparkline
            label={`Training loss, now ${last?.toFixed(3) ?? 'unknown'}`}
            series={series}
            xEnd={curves.steps}
            xTicks={epochTexts(curves)}
            yAxis={curves.loss.axis}
          />
        )}
      </div>
    </div>
  );
}

interface AccuracyPlotProps {
  readonly curves: TrainingCurves | null;
  readonly original: number | null;
}

function AccuracyPlot({ curves, original }: AccuracyPlotProps) {
  const series = useMemo(
    () => (curves === null ? [] : ([{ points: curves.accuracy.points, tone: 'ink', endDot: true }] as const)),
    [curves],
  );
  const last = curves?.lastAccuracy ?? null;
  const metric = useStudio((state) => metricOf(state.dataset));
  return (
    <div className={styles.plot}>
      <p>
        validation {metric} {last === null ? <i>measured after each epoch</i> : <b>{formatAccuracy(last / 100)}</b>}
        {original === null ? null : <span>dotted: original {formatAccuracy(original)}</span>}
      </p>
      <div className={styles.host}>
        {curves === null ? null : (
          <Sparkline
            label={`Validation ${metric}, now ${last === null ? 'not yet measured' : formatAccuracy(last / 100)}`}
            series={series}
            xEnd={curves.steps}
            xTicks={epochTexts(curves)}
            yAxis={curves.accuracy.axis}
            reference={original === null ? null : original * 100}
          />
        )}
      </div>
    </div>
  );
}

function Facts({ live, curves }: { readonly live: LiveRun | null; readonly curves: TrainingCurves | null }) {
  const progress = live?.progress ?? null;
  const rate = progress?.imagesPerSecond ?? null;
  const macs = progress?.multiplyAddsPerSecond ?? null;
  const left = progress?.secondsLeft ?? null;
  const facts: readonly (readonly [string, string | null])[] = [
    progress === null || trains(progress)
      ? ['step', progress === null ? null : `${formatInteger(progress.done)} / ${formatInteger(progress.total)}`]
      : ['stage', formatPercent(progress.done / progress.total)],
    ['speed', rate === null ? null : formatRate(rate, 'images')],
    ['multiply-adds', macs === null ? null : `${formatCount(macs)}/s`],
    ['time left', left === null ? null : formatTimeLeft(left)],
    [
      'learning rate',
      curves?.learningRate === undefined || curves.learningRate === null ? null : formatSetting(curves.learningRate),
    ],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? NBSP}</dd>
        </div>
      ))}
    </dl>
  );
}

function epochTexts(curves: TrainingCurves) {
  return curves.epochTicks.map(({ at, epoch }) => ({ at, text: epoch === 0 ? 'epoch 0' : String(epoch) }));
}

/** Other stages report parts of a whole, not steps. */
function trains({ stageName }: Progress): boolean {
  return stageName === 'pretrain' || stageName === 'fine-tune';
}
