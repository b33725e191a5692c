/** Files to take away: every network is reopened and compared before it is handed over. */
import type { RunSummary } from '../../workers/protocol';
import type { StudioState } from '../studio/state';
import { actions, useStudio } from '../studio/store';
import { standsFor } from '../studio/run-facts';
import { formatCount } from '../ui/format';
import { Menu, MenuEntry, MenuGroup } from '../ui/menu';

/** The newest run of this browser whose network is there to take. */
const newestCut = ({ runs }: StudioState): RunSummary | null =>
  runs
    .filter((run) => run.origin === 'here' && standsFor(run)?.stored === true)
    .reduce<RunSummary | null>((newest, run) => (newest === null || run.started > newest.started ? run : newest), null);

export function ExportMenu() {
  const view = useStudio(({ network }) => network?.view ?? null);
  const run = useStudio(newestCut);
  const cut = run === null ? null : standsFor(run);
  return (
    <Menu label="Export" kind="link" placement="bottom end" button="Export">
      {run === null || cut === null ? null : (
        <MenuGroup title={`${run.name}, ${formatCount(cut.macs)} multiply-adds`}>
          <ExportEntry title="Cut network" figure=".safetensors" format="safetensors" run={run.run} />
          <ExportEntry title="Project with its runs" figure=".espalier" format="project" run={run.run} />
          <ExportEntry title="Recipe" figure=".json" format="recipe" run={run.run} />
          <ExportEntry title="Training curves" figure=".csv" format="metrics" run={run.run} />
          {run.state === 'finished' ? (
            <MenuEntry
              id={`${run.run} trace`}
              title="Trace to replay"
              figure=".trace"
              onAction={() => void actions.exportTrace(run.run)}
            />
          ) : null}
        </MenuGroup>
      )}
      <MenuGroup title={view === null ? 'No network is open' : `${view.meta.name} as it is open now`}>
        <ExportEntry title="Network" figure=".safetensors" format="safetensors" disabled={view === null} />
        <ExportEntry title="Project" figure=".espalier" format="project" disabled={view === null} />
      </MenuGroup>
    </Menu>
  );
}

interface ExportEntryProps {
  readonly title: string;
  readonly figure: string;
  readonly format: Parameters<typeof actions.exportNetwork>[0];
  readonly run?: string;
  readonly disabled?: boolean;
}

function ExportEntry({ title, figure, format, run, disabled = false }: ExportEntryProps) {
  return (
    <MenuEntry
      id={`${run ?? 'open'} ${format}`}
      title={title}
      figure={figure}
      disabled={disabled}
      onAction={() => void actions.exportNetwork(format, run)}
    />
  );
}
