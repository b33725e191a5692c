/** Ticked runs side by side: what differs first, and each run's cut on the tree while its column is looked at. */
import { useMemo } from 'react';
import { Button as Pressable, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { treeRows } from '../../workers/network/rows';
import type { RunSummary } from '../../workers/protocol';
import { standsFor } from '../studio/run-facts';
import { actions, useStudio } from '../studio/store';
import { wordClass } from '../ui/button';
import { MethodMark } from '../ui/method-mark';
import { compareCuts, compareRuns, type ComparedValue } from './comparison';
import { nameOf, rowOf } from './rows';
import styles from './runs.module.css';

export function Compare({ runs }: { readonly runs: readonly RunSummary[] }) {
  const ticked = useStudio((state) => state.view.ticked);
  const chosen = ticked.flatMap((id) => runs.find(({ run }) => run === id) ?? []);
  const enough = chosen.length > 1;
  return (
    <DialogTrigger>
      <Pressable className={wordClass} isDisabled={!enough}>
        {enough ? `Compare ${chosen.length} ticked` : 'Compare'}
      </Pressable>
      <Popover placement="top end" className={styles.popover ?? ''}>
        <Dialog aria-label="Comparison of runs" className={styles.dialog ?? ''}>
          <Comparison runs={chosen} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Comparison({ runs }: { readonly runs: readonly RunSummary[] }) {
  const graph = useStudio((state) => state.network?.view.graph ?? null);
  const values = useMemo(() => compareRuns(runs), [runs]);
  const cuts = useMemo(() => {
    if (graph === null) return [];
    const labels = new Map(treeRows(graph).map(({ layer, label }) => [layer, label]));
    return compareCuts(runs, graph, (layer) => labels.get(layer) ?? layer);
  }, [runs, graph]);
  const outline = (run: RunSummary | null): void => {
    const candidate = run === null ? null : standsFor(run);
    actions.show({ outlined: run === null || candidate === null ? null : { run: run.run, candidate: candidate.id } });
  };
  return (
    <table className={styles.comparison} onPointerLeave={() => outline(null)}>
      <thead>
        <tr>
          <td>
            <span className="visually-hidden">Run</span>
          </td>
          {runs.map((run) => (
            <th key={run.run} scope="col" onPointerEnter={() => outline(run)}>
              <MethodMark method={rowOf(run).method} /> {nameOf(run)}
            </th>
          ))}
        </tr>
      </thead>
      <Lines lines={values} runs={runs} onPoint={outline} />
      {cuts.length === 0 ? null : (
        <>
          <tbody>
            <tr>
              <th scope="rowgroup" colSpan={runs.length + 1} className={styles.section}>
                Filters kept
              </th>
            </tr>
          </tbody>
          <Lines lines={cuts} runs={runs} onPoint={outline} />
        </>
      )}
    </table>
  );
}

interface LinesProps {
  readonly lines: readonly ComparedValue[];
  readonly runs: readonly RunSummary[];
  readonly onPoint: (run: RunSummary) => void;
}

function Lines({ lines, runs, onPoint }: LinesProps) {
  return (
    <tbody>
      {lines.map(({ name, values, differs }) => (
        <tr key={name} data-differs={differs}>
          <th scope="row">{name}</th>
          {runs.map((run, at) => (
            <td key={run.run} onPointerEnter={() => onPoint(run)}>
              {values[at]}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}
