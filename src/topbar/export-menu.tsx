/** Files to take away: every network is reopened and compared before it is handed over. */
import type { RunSummary } from '../../workers/protocol';
import { report } from '../studio/context';
import type { StudioState } from '../studio/state';
import { actions, studio, studioClient, useStudio } from '../studio/store';
import { standsFor } from '../studio/run-facts';
import { formatCount } from '../ui/format';
import { loaded } from '../ui/loading';
import { Menu, MenuEntry, MenuGroup } from '../ui/menu';
import { TableEntries } from './table-entries';

type Save = (place: Element, name: string) => Promise<void>;

/** Loaded with the first picture. */
const pictures = () => loaded('What takes pictures', () => import('../ui/pictures'));
const asDrawn =
  (format: 'svg' | 'png'): Save =>
  async (place, name) =>
    (await pictures()).savePicture(format)(place, name);
const asLines: Save = async (place, name) => (await pictures()).saveCanvasAsVector(place, name);
const asPixels: Save = async (place, name) => (await pictures()).saveCanvas(place, name);

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
    <Menu label="Export" kind="link" placement="bottom end" button="Export" wide>
      {run === null || cut === null ? null : (
        <MenuGroup title={`${run.name}, ${formatCount(cut.macs)} multiply-adds`}>
          <NetworkEntries run={run.run} />
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
        <NetworkEntries disabled={view === null} />
        <ExportEntry title="Project" figure=".espalier" format="project" disabled={view === null} />
      </MenuGroup>
      <MenuGroup title="Pictures of what is shown" aside>
        <PictureEntry title="Trade-off chart" figure=".svg" place="tradeoff" save={asDrawn('svg')} />
        <PictureEntry title="Trade-off chart" figure=".png" place="tradeoff" save={asDrawn('png')} />
        <PictureEntry title="Tree" figure=".svg" place="tree" save={asLines} />
        <PictureEntry title="Tree" figure=".png" place="tree" save={asPixels} />
        <PictureEntry title="Plots of the layer" figure=".svg" place="inspector" save={asLines} />
        <PictureEntry title="Plots of the layer" figure=".png" place="inspector" save={asPixels} />
      </MenuGroup>
      <MenuGroup title="Tables" aside>
        <TableEntries />
      </MenuGroup>
    </Menu>
  );
}

/** The formats a network can leave in. */
function NetworkEntries({ run, disabled = false }: Pick<ExportEntryProps, 'run' | 'disabled'>) {
  const target = { ...(run === undefined ? {} : { run }), disabled };
  return (
    <>
      <ExportEntry title="Everything as one zip" figure=".zip" format="everything" {...target} />
      <ExportEntry
        title={run === undefined ? 'Network' : 'Cut network'}
        figure=".safetensors"
        format="safetensors"
        {...target}
      />
      <ExportEntry title="ONNX" figure=".onnx" format="onnx" {...target} />
      <ExportEntry title="TF.js LayersModel" figure=".zip" format="tfjs-layers" {...target} />
      <ExportEntry title="PyTorch source and weights" figure=".zip" format="pytorch" {...target} />
      <ExportEntry title="Keras source and weights" figure=".zip" format="keras" {...target} />
    </>
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

interface PictureEntryProps {
  readonly title: string;
  readonly figure: string;
  /** Part of the page the picture is in: `data-place` in `app.tsx`. */
  readonly place: string;
  readonly save: Save;
}

function PictureEntry({ title, figure, place, save }: PictureEntryProps) {
  const take = (): void => {
    const shown = document.querySelector(`[data-place="${place}"]`);
    const saved =
      shown === null
        ? Promise.reject(new Error(`${title}: show it first, it is not on the page now.`))
        : save(shown, `espalier-${place}`);
    saved.catch((thrown: unknown) => report({ store: studio, client: studioClient }, thrown));
  };
  return <MenuEntry id={`${place} ${figure}`} title={title} figure={figure} onAction={take} />;
}
