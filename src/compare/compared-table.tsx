/** A table of the comparison: one column a network, whose cut is ringed on the tree while the pointer is on it. */
import type { ReactNode } from 'react';
import { actions } from '../studio/store';
import { MethodMark } from '../ui/method-mark';
import type { ComparedValue } from './comparison';
import type { Contestant } from './contestants';
import styles from './compare.module.css';

interface ComparedTableProps {
  /** Of the table, for assistive technology. */
  readonly label: string;
  readonly contestants: readonly Contestant[];
  readonly sections: readonly ComparedSection[];
}

interface ComparedSection {
  readonly title: string;
  /** Of the figures in full, where it says something else of them. */
  readonly exactTitle?: string;
  readonly lines: readonly ComparedValue[];
}

export function ComparedTable({ label, contestants, sections }: ComparedTableProps) {
  return (
    <table className={styles.table} aria-label={label} onPointerLeave={() => outline(null)}>
      <thead>
        <tr>
          <th scope="col">
            <span className="visually-hidden">What</span>
          </th>
          {contestants.map((contestant, at) => (
            <th key={contestant.key} scope="col" onPointerEnter={() => outline(contestant)}>
              <ContestantName contestant={contestant} number={at} />
            </th>
          ))}
        </tr>
      </thead>
      {sections
        .filter(({ lines }) => lines.length > 0)
        .map(({ title, exactTitle, lines }) => (
          <tbody key={title}>
            <tr>
              <th scope="rowgroup" colSpan={contestants.length + 1} className={styles.section} data-exact={exactTitle}>
                {title}
              </th>
            </tr>
            {lines.map(({ name, values, differs, exact }) => (
              <tr key={name} data-differs={differs}>
                <th scope="row" data-exact={exact?.name}>
                  {name}
                </th>
                {contestants.map((contestant, at) => (
                  <td key={contestant.key} data-exact={exact?.values[at]} onPointerEnter={() => outline(contestant)}>
                    {values[at]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        ))}
    </table>
  );
}

interface NameProps {
  readonly contestant: Contestant;
  /** Its lane on the tree; 0 = the original, which has none. */
  readonly number: number;
}

/** Mark, lane and title of a network. */
export function ContestantName({ contestant: { method, title, note }, number }: NameProps): ReactNode {
  return (
    <>
      <MethodMark method={method} /> {number === 0 ? '' : `${number} `}
      {title}
      {note === '' ? null : <small>{note}</small>}
    </>
  );
}

function outline(contestant: Contestant | null): void {
  const candidate = contestant?.candidate ?? null;
  const run = contestant?.run ?? null;
  actions.show({ outlined: run === null || candidate === null ? null : { run: run.run, candidate: candidate.id } });
}
