/** Runs panel: every run of the open network, yours on top; collapses to one line on low screens. */
import { useMemo, useState } from 'react';
import { isAbout } from '../studio/run-facts';
import { actions, studio, useStudio } from '../studio/store';
import type { RunSummary } from '../../workers/protocol';
import { Button } from '../ui/button';
import { downloadCsv } from '../ui/csv';
import { runsAsCsv } from './csv';
import { runRows } from './rows';
import { RunsTable } from './runs-table';
import styles from './runs.module.css';

export function Runs() {
  const runs = useStudio((state) => state.runs);
  const network = useStudio((state) => state.network?.view ?? null);
  const dataset = useStudio((state) => state.dataset);
  const [isOpen, setIsOpen] = useState(false);

  // Reference runs of other networks say nothing here; one's own work is never hidden.
  const shown = useMemo(
    () => runs.filter((run) => run.origin === 'here' || network === null || isAbout(run, network, dataset)),
    [runs, network, dataset],
  );
  const rows = useMemo(() => runRows(shown), [shown]);

  return (
    <section className={styles.runs} aria-label="Runs" data-open={isOpen}>
      <div className={styles.heading}>
        <h2>Runs</h2>
        <span className={styles.note}>{noteOf(shown)}</span>
        <span className={styles.actions}>
          <ExperimentsButton />
          <CompareButton />
          <Button
            kind="word"
            disabled={shown.length === 0}
            onClick={() => downloadCsv('espalier-runs', runsAsCsv(shown))}
          >
            Download CSV
          </Button>
          <Button kind="word" disabled={shown.length === 0} onClick={() => void actions.exportReport(chosenOf(shown))}>
            Report
          </Button>
          <Button kind="word" className={styles.toggle} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? 'Hide table' : 'Show table'}
          </Button>
        </span>
      </div>
      <RunsTable rows={rows} network={network} dataset={dataset} />
    </section>
  );
}

/** The same runs as a tree: what was made from what. */
function ExperimentsButton() {
  const isOpen = useStudio(({ view }) => view.side === 'experiments');
  return (
    <Button
      kind="word"
      aria-pressed={isOpen}
      onClick={() => actions.show({ side: isOpen ? 'chart' : 'experiments', outlined: null })}
    >
      Experiments
    </Button>
  );
}

/** Puts the ticked networks beside the original, in place of chart and inspector. */
function CompareButton() {
  const count = useStudio(({ view }) => view.ticked.length);
  const isOpen = useStudio(({ view }) => view.side === 'compare');
  return (
    <Button
      kind="word"
      disabled={count === 0}
      aria-pressed={isOpen}
      onClick={() => actions.show({ side: isOpen ? 'chart' : 'compare', outlined: null })}
    >
      {count === 0 ? 'Compare' : `Compare ${count} ticked`}
    </Button>
  );
}

/** The ticked runs; all of them when none is. */
function chosenOf(shown: readonly RunSummary[]): readonly RunSummary[] {
  const { ticked } = studio.getState().view;
  const chosen = shown.filter(({ run }) => ticked.some((one) => one.run === run));
  return chosen.length > 0 ? chosen : shown;
}

/** "12 reference runs ship with this network; yours appear on top". */
function noteOf(runs: readonly RunSummary[]): string {
  const own = runs.filter(({ origin }) => origin === 'here').length;
  const reference = runs.length - own;
  const shipped = `${reference} reference ${reference === 1 ? 'run ships' : 'runs ship'} with this network`;
  if (own === 0) return reference === 0 ? '' : `${shipped}; yours appear on top`;
  const yours = `${own} ${own === 1 ? 'run' : 'runs'} of yours`;
  return reference === 0 ? yours : `${yours}; ${shipped}`;
}
