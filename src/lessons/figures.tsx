/** Pictures and tables of a lesson, drawn from the open network and its present plan. */
import { useMemo } from 'react';
import type { LayerId } from '../../workers/network/graph';
import { inferShapes } from '../../workers/network/shapes';
import type { NetworkView } from '../../workers/protocol';
import { isAbout, methodOf, standsFor, targetOf } from '../studio/run-facts';
import { useStudio } from '../studio/store';
import { keptBy } from '../tree/kept';
import { treeModel, type TreeModel } from '../tree/tree-model';
import { formatAccuracy, formatCount, formatInteger, formatPercent } from '../ui/format';
import { methodStyle } from '../ui/method-style';
import styles from './rail.module.css';

const side = 80;

/** Kernels that slide: how many positions, how many weights at each. */
export function Positions({ layers }: { readonly layers: readonly LayerId[] }) {
  const view = useStudio(({ network }) => network?.view ?? null);
  const model = useModel();
  if (view === null || model === null) return null;
  return (
    <div className={styles.positions}>
      {layers.map((id) => (
        <Sliding key={id} view={view} model={model} id={id} />
      ))}
    </div>
  );
}

function Sliding({ view, model, id }: { readonly view: NetworkView; readonly model: TreeModel; readonly id: LayerId }) {
  const layer = view.graph.layers.find((other) => other.id === id);
  const row = model.rows.find((other) => other.layer === id);
  const shapes = useMemo(() => inferShapes(view.graph), [view]);
  const [height, width] = shapes.get(id) ?? [];
  if (layer?.op !== 'conv' || row === undefined || height === undefined || width === undefined) return null;
  const [kernelHeight, kernelWidth] = layer.kernelSize;
  const inputs = shapes.get(layer.inputs[0] ?? '')?.at(-1) ?? 1;
  const weights = (kernelHeight * kernelWidth * inputs) / layer.groups;
  const cell = side / width;
  const at = Math.floor(width / 4) * cell;
  const positions = height * width;
  return (
    <figure>
      <svg width={side + 1} height={side + 1} viewBox={`0 0 ${side + 1} ${side + 1}`} aria-hidden="true">
        {Array.from({ length: width + 1 }, (_, line) => (
          <path
            key={line}
            d={`M${line * cell + 0.5} .5V${side + 0.5}M.5 ${line * cell + 0.5}H${side + 0.5}`}
            className={styles.grid}
          />
        ))}
        <rect x={at} y={at} width={kernelWidth * cell} height={kernelHeight * cell} className={styles.kernel} />
        <path
          d={`M${at + (kernelWidth + 0.5) * cell} ${at + (kernelHeight / 2) * cell}h14m-4 -4l4 4l-4 4`}
          className={styles.arrow}
        />
      </svg>
      <figcaption>
        <b>{row.label}</b> {formatInteger(positions)} positions × {formatInteger(weights)} weights ={' '}
        <b>{formatCount(positions * weights)}</b> for one filter
      </figcaption>
    </figure>
  );
}

/** What the present plan cuts and saves, stage by stage. */
export function StageTable() {
  const model = useModel();
  const plan = useStudio((state) => state.plan);
  if (model === null) return null;
  const { rows } = keptBy(model, plan);
  const lines = [...model.stages.entries()].map(([index, { title }]) => {
    const mine = model.rows.flatMap((row, at) => (row.stage === index ? [{ row, kept: rows[at] }] : []));
    const sum = (read: (line: (typeof mine)[number]) => number) => mine.reduce((total, line) => total + read(line), 0);
    return {
      title,
      filters: sum(({ row }) => row.filters),
      cut: sum(({ row, kept }) => row.filters - (kept?.kept ?? row.filters)),
      macs: sum(({ row }) => row.macs),
      saved: sum(({ row, kept }) => row.macs - (kept?.macs ?? row.macs)),
    };
  });
  return (
    <table className={styles.table} aria-label="Cut and saved by stage">
      <thead>
        <tr>
          <th scope="col">So far</th>
          <th scope="col">filters cut</th>
          <th scope="col">compute saved</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ title, cut, filters, saved, macs }) => (
          <tr key={title}>
            <th scope="row">{title}</th>
            <td>
              {cut} of {filters}
            </td>
            <td data-exact={`${saved} of ${macs}`}>
              <b>{formatCount(saved)}</b> of {formatCount(macs)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What must be cut together with the filters of `layer`, and why. */
export function Tied({ layer }: { readonly layer: LayerId }) {
  const groups = useStudio(({ network }) => network?.groups ?? null);
  const model = useModel();
  if (groups === null || model === null) return null;
  const mine = groups.filter(({ members }) => members.some((member) => member.layer === layer));
  const labelOf = (id: LayerId): string => model.rows.find((row) => row.layer === id)?.label ?? id;
  return (
    <ul className={styles.tied}>
      {mine.map(({ id, members, reason, size }) => (
        <li key={id}>
          <b>{members.map((member) => labelOf(member.layer)).join(', ')}</b>: {size} filters each, cut together.{' '}
          {reason}
        </li>
      ))}
    </ul>
  );
}

/** Runs by these methods on the open network, those of this browser first. */
export function RunFigures({ methods }: { readonly methods: readonly string[] }) {
  const runs = useStudio((state) => state.runs);
  const network = useStudio((state) => state.network?.view ?? null);
  const dataset = useStudio((state) => state.dataset);
  const shown = runs
    .filter((run) => network !== null && isAbout(run, network, dataset) && methods.includes(methodOf(run.recipe) ?? ''))
    .toSorted((one, other) => other.started - one.started)
    .slice(0, 8);
  if (shown.length === 0) return <p className={styles.none}>No run yet: it appears here once it has begun.</p>;
  return (
    <table className={styles.table} aria-label="Runs of this lesson">
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col" data-exact="kept, share of 1">
            kept
          </th>
          <th scope="col" data-exact="at the cut, share of 1">
            at the cut
          </th>
          <th scope="col" data-exact="at the end, share of 1">
            at the end
          </th>
        </tr>
      </thead>
      <tbody>
        {shown.map((run) => {
          const last = standsFor(run);
          const target = targetOf(run.recipe);
          const cut = run.candidates.find(({ kind }) => kind === 'cut')?.accuracy ?? null;
          return (
            <tr key={run.run}>
              <th scope="row">
                {methodStyle(methodOf(run.recipe)).short}
                {target === null ? '' : ` to ${formatPercent(target)}`}
              </th>
              <td data-exact={last?.share}>{last === null ? '' : formatPercent(last.share, 1)}</td>
              <td data-exact={cut ?? ''}>{cut === null ? '' : formatAccuracy(cut)}</td>
              <td data-exact={last?.accuracy ?? run.state}>
                <b>{last === null || last.accuracy === null ? run.state : formatAccuracy(last.accuracy)}</b>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function useModel(): TreeModel | null {
  const view = useStudio(({ network }) => network?.view ?? null);
  const costs = useStudio(({ network }) => network?.costs ?? null);
  return useMemo(() => (view === null || costs === null ? null : treeModel({ view, costs })), [view, costs]);
}
