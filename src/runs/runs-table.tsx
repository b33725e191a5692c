/** The table itself: one line per run, its actions at the end of the line the pointer or the keyboard is on. */
import { useState } from 'react';
import type { DatasetView, NetworkView } from '../../workers/protocol';
import { adoptRecipe, canAdopt } from '../studio/adopt';
import { isAbout, isOpen, isSameTick } from '../studio/run-facts';
import { actions, studio, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { formatAccuracy, formatChange, formatCount, formatPercent } from '../ui/format';
import { MethodMark } from '../ui/method-mark';
import { networkName } from '../studio/network-name';
import { nameOf, type RunRow } from './rows';
import styles from './runs.module.css';

interface RunsTableProps {
  readonly rows: readonly RunRow[];
  readonly network: NetworkView | null;
  readonly dataset: DatasetView | null;
}

export function RunsTable({ rows, network, dataset }: RunsTableProps) {
  const ticked = useStudio((state) => state.view.ticked);
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col" className={styles.tick}>
              <span className="visually-hidden">Compare</span>
            </th>
            <th scope="col">Method</th>
            <th scope="col">Target</th>
            <th scope="col">Compute kept</th>
            <th scope="col" className={styles.number}>
              Weights
            </th>
            <th scope="col" className={styles.number}>
              Accuracy
            </th>
            <th scope="col" className={styles.number}>
              Change
            </th>
            <th scope="col">Training</th>
            <th scope="col" className={styles.source}>
              Source
            </th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.length === 0 ? (
            <tr>
              <td colSpan={10} className={styles.empty}>
                Fine-tune a cut and it appears here
              </td>
            </tr>
          ) : (
            rows.map((row) => (
              <Line
                key={row.run}
                row={row}
                isTicked={ticked.some((other) => isSameTick(other, { run: row.run, candidate: null }))}
                needsData={dataset === null}
                isElsewhere={network !== null && !isAbout(row.summary, network, dataset)}
              />
            ))
          )}
        </tbody>
      </table>
    </div>
  );
}

interface LineProps {
  readonly row: RunRow;
  readonly isTicked: boolean;
  readonly needsData: boolean;
  /** Of another network or other data than those open. */
  readonly isElsewhere: boolean;
}

function Line({ row, isTicked, needsData, isElsewhere }: LineProps) {
  const { run, candidate, share } = row;
  const { accuracy, change, training } = useLatest(row);
  const name = nameOf(row.summary);
  const outline = (shown: boolean): void => {
    actions.show({ outlined: shown && candidate !== null ? { run, candidate } : null });
  };
  return (
    <tr data-ticked={isTicked} onPointerEnter={() => outline(true)} onPointerLeave={() => outline(false)}>
      <td className={styles.tick}>
        <input
          type="checkbox"
          className={styles.box}
          checked={isTicked}
          aria-label={`Compare ${name}`}
          onChange={(event) => actions.tick({ run, candidate: null }, event.target.checked)}
        />
      </td>
      <td>
        <MethodMark method={row.method} /> <span className={styles.title}>{row.title}</span>
      </td>
      <td>{row.target}</td>
      <td>
        {share === null ? (
          ''
        ) : (
          <>
            <span className={styles.share}>{formatPercent(share, 1)}</span>
            <span className={styles.bar}>
              <i style={{ width: `${Math.min(100, share * 100)}%` }} />
            </span>
          </>
        )}
      </td>
      <td className={styles.number}>{row.parameters === null ? '' : formatCount(row.parameters)}</td>
      <td className={styles.number} title={row.measuredOn ?? undefined}>
        {accuracy === null ? (
          <span className={styles.dim}>{needsData ? 'needs data' : '\u2013'}</span>
        ) : (
          <b>{formatAccuracy(accuracy, row.metric)}</b>
        )}
      </td>
      <td className={`${styles.number} ${styles.dim}`}>{change === null ? '' : formatChange(change)}</td>
      <td>{training}</td>
      <td className={`${styles.source} ${styles.dim}`} title={row.summary.error?.message}>
        {isElsewhere ? `${row.source}, ${networkName(row.summary.recipe.network)}` : row.source}
      </td>
      <td className={styles.number}>
        <LineActions row={row} name={name} isElsewhere={isElsewhere} />
      </td>
    </tr>
  );
}

/** What the row says now: of a run in progress the latest check and where it is, else what stands in the row. */
function useLatest(row: RunRow): Pick<RunRow, 'accuracy' | 'change' | 'training'> {
  const live = useStudio((state) => (isOpen(row.summary) ? state.live[row.run] : undefined));
  const checked = live?.points.findLast(({ split, accuracy }) => split === 'validation' && accuracy !== null)?.accuracy;
  const training = live?.progress?.note ?? row.training;
  if (checked === undefined || checked === null) return { ...row, training };
  const original = row.accuracy === null || row.change === null ? null : row.accuracy - row.change;
  return { accuracy: checked, change: original === null ? null : checked - original, training };
}

function LineActions({
  row,
  name,
  isElsewhere,
}: {
  readonly row: RunRow;
  readonly name: string;
  readonly isElsewhere: boolean;
}) {
  const [isDeleting, setIsDeleting] = useState(false);
  const { run, summary, candidate } = row;
  const stored = summary.candidates.find(({ id }) => id === candidate);
  if (isDeleting) {
    return (
      <span className={styles.lineActions} data-shown="">
        <Button kind="word" aria-label={`Delete ${name} for good`} onClick={() => void actions.deleteRun(run)}>
          Delete for good
        </Button>
        <Button kind="word" onClick={() => setIsDeleting(false)}>
          Keep
        </Button>
      </span>
    );
  }
  return (
    <span className={styles.lineActions} data-shown={row.canResume ? '' : undefined}>
      {row.canResume ? (
        <Button kind="word" aria-label={`Resume ${name}`} onClick={() => void actions.controlRun(run, 'resume')}>
          Resume
        </Button>
      ) : null}
      {row.canOpen && stored !== undefined ? (
        <Button kind="word" aria-label={`Open ${name}`} onClick={() => void actions.openCandidate(stored)}>
          Open
        </Button>
      ) : null}
      {canAdopt(summary.recipe) && !isElsewhere ? (
        <Button
          kind="word"
          aria-label={`Duplicate the settings of ${name}`}
          onClick={() => adoptRecipe(summary.recipe, actions, studio.getState())}
        >
          Duplicate
        </Button>
      ) : null}
      {row.canOpen ? (
        <Button
          kind="word"
          aria-label={`Export ${name}`}
          onClick={() => void actions.exportNetwork('safetensors', run)}
        >
          Export
        </Button>
      ) : null}
      {row.canDelete ? (
        <Button kind="word" aria-label={`Delete ${name}`} onClick={() => setIsDeleting(true)}>
          Delete
        </Button>
      ) : null}
    </span>
  );
}
