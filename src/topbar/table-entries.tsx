/** Tables to take away as CSV: those the studio holds, unrounded, and every other one that is shown now, as it reads. */
import { experimentsAsCsv } from '../experiments/csv';
import { experimentTree } from '../experiments/tree';
import { runsAsCsv } from '../runs/csv';
import { studio, useStudio } from '../studio/store';
import { layersAsCsv } from '../tree/csv';
import { downloadCsv, tableAsCsv } from '../ui/csv';
import { MenuEntry } from '../ui/menu';

export function TableEntries() {
  const hasNetwork = useStudio(({ network }) => network !== null);
  const hasRuns = useStudio(({ runs }) => runs.length > 0);
  const hasExperiments = useStudio(({ runs }) => runs.some(({ origin }) => origin === 'here'));
  // Other tables come and go with their tabs: what is there when the menu opens can be taken.
  const shown = [...document.querySelectorAll<HTMLTableElement>('table[aria-label]')];
  return (
    <>
      <TableEntry title="Layers and what is kept" name="espalier-layers" disabled={!hasNetwork} read={readLayers} />
      <TableEntry
        title="Runs"
        name="espalier-runs"
        disabled={!hasRuns}
        read={() => runsAsCsv(studio.getState().runs)}
      />
      <TableEntry
        title="Experiments"
        name="espalier-experiments"
        disabled={!hasExperiments}
        read={() => experimentsAsCsv(experimentTree(studio.getState().runs.filter(({ origin }) => origin === 'here')))}
      />
      {shown.map((table) => {
        const title = table.ariaLabel ?? '';
        const name = `espalier-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
        return <TableEntry key={title} title={title} name={name} read={() => tableAsCsv(table)} />;
      })}
    </>
  );
}

interface TableEntryProps {
  readonly title: string;
  /** Of the file, without its ending. */
  readonly name: string;
  readonly disabled?: boolean;
  readonly read: () => string;
}

function TableEntry({ title, name, disabled = false, read }: TableEntryProps) {
  return (
    <MenuEntry
      id={`${name} csv`}
      title={title}
      figure=".csv"
      disabled={disabled}
      onAction={() => downloadCsv(name, read())}
    />
  );
}

function readLayers(): string {
  return layersAsCsv(studio.getState()) ?? '';
}
