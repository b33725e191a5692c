/** What is known of the filter under the pointer: kernel, importance, rank, what keeping it costs, its copies. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { tiedFilters } from '../studio/hand-choices';
import { studio, useStudio } from '../studio/store';
import { energyKept } from '../../workers/network/rank-plan';
import { formatCount, formatPercent } from '../ui/format';
import { costOfKeeping, keptBy } from './kept';
import { kernelsOf, paintKernel, type Kernels } from './kernel-thumbnail';
import { cellPitch, cellTop } from './layout';
import { channelAt } from './navigation';
import type { Stage } from './scene';
import type { Directions, TreeRow } from './tree-model';
import styles from './tree.module.css';

export interface PointedCell {
  readonly row: number;
  readonly position: number;
}

/** Long enough that crossing a row asks for nothing. */
const restMs = 120;

export function TreeTooltip({ stage, cell }: { readonly stage: Stage; readonly cell: PointedCell }) {
  const { model, layout, importance } = stage;
  const row = model.rows[cell.row];
  const plan = useStudio((state) => state.plan);
  const groups = useStudio((state) => state.network?.groups ?? null);
  const rules = useStudio((state) => state.rules);
  const channel = channelAt(stage, cell.row, cell.position);
  const kept = useMemo(() => keptBy(model, plan), [model, plan]);
  if (row === undefined || groups === null) return null;

  if (row.directions !== undefined) {
    return (
      <div className={styles.tooltip} style={placeOf(stage, cell)} role="tooltip">
        <DirectionFacts row={row} directions={row.directions} at={channel} rank={kept.rows[cell.row]?.kept ?? 0} />
      </div>
    );
  }
  const isCut = kept.rows[cell.row]?.cut[channel] === 1;
  const relative = importance?.[cell.row]?.relative?.[channel];
  const rank = importance?.[cell.row]?.rank[channel];
  const copies = tiedFilters(groups, row.layer, channel).filter((tied) => tied.layer !== row.layer);
  const cost = row.locked === null ? costOfKeeping(model, kept, cell.row, channel) : null;
  const byHand = rules.byHand[row.layer];
  const decided = byHand?.cut.includes(channel) === true || byHand?.keep.includes(channel) === true;
  return (
    <div className={styles.tooltip} style={placeOf(stage, cell)} role="tooltip">
      <KernelThumbnail layer={row.layer} channel={channel} />
      <div>
        <b>
          {row.label}, filter {channel}
        </b>
        , {isCut ? 'cut' : 'kept'}
        {decided ? ' by hand' : ''}
        <br />
        {relative === undefined || rank === undefined ? null : (
          <>
            importance {relative.toPrecision(2)} × layer mean, rank {rank + 1} of {row.filters}
            <br />
          </>
        )}
        {cost === null
          ? null
          : `${isCut ? 'keeping it would cost' : 'keeping it costs'} ${formatCount(cost)} multiply-adds`}
      </div>
      {copies.length === 0 ? null : (
        <p>
          Tied with {copies.length} other {copies.length === 1 ? 'layer' : 'layers'}: cut or kept together.
        </p>
      )}
      {row.locked === null ? null : <p>{row.locked}</p>}
    </div>
  );

  function placeOf({ layout: { columns, width } }: Stage, { position }: PointedCell) {
    const pitch = row === undefined ? 0 : cellPitch(layout, row);
    const line = layout.lines.findIndex((shown) => shown.kind === 'layer' && shown.row === cell.row);
    const x = columns.left + position * pitch;
    const top = cellTop(layout, line);
    const above = top > layout.height - 110 && top > 120;
    return {
      left: Math.min(x, width - 300),
      ...(above ? { bottom: layout.height - top + 6 } : { top: top + layout.cellHeight + 12 }),
    };
  }
}

interface DirectionFactsProps {
  readonly row: TreeRow;
  readonly directions: Directions;
  readonly at: number;
  readonly rank: number;
}

function DirectionFacts({ row, directions, at, rank }: DirectionFactsProps) {
  const { values, macs } = directions;
  const upToHere = energyKept(values)[at + 1] ?? 1;
  return (
    <div>
      <b>
        {row.label}, direction {at + 1} of {values.length}
      </b>
      , {at < rank ? 'kept' : 'cut'}
      <br />
      singular value {((values[at] ?? 0) / (values[0] || 1)).toPrecision(2)} of the largest;{' '}
      {formatPercent(upToHere, 1)} of the energy up to here
      <br />
      every direction costs {formatCount(macs)} multiply-adds
    </div>
  );
}

function KernelThumbnail({ layer, channel }: { readonly layer: string; readonly channel: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [kernels, setKernels] = useState<Kernels | null>(null);
  useEffect(() => {
    const { network } = studio.getState();
    if (network === null) return undefined;
    let current = true;
    const timer = setTimeout(() => {
      void kernelsOf(network.view.network, layer).then((found) => {
        if (current) setKernels(found);
      });
    }, restMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [layer]);
  useEffect(() => {
    if (canvas.current !== null && kernels !== null) paintKernel(canvas.current, kernels, channel);
  }, [kernels, channel]);
  return <canvas ref={canvas} width={1} height={1} aria-hidden="true" />;
}
