/** What the pair in a layer's place costs, and its shape: one convolution becomes two. */
import { isWeighted, layerOf } from '../../workers/network/graph';
import { useStudio } from '../studio/store';
import { formatCount, formatPercent } from '../ui/format';
import type { Inspected } from './inspected';
import type { RankView } from './rank-view';
import styles from './ranks.module.css';

interface PairCostProps {
  readonly inspected: Inspected;
  readonly view: RankView;
}

export function PairCost({ inspected: { row }, view }: PairCostProps) {
  const { rank, values, perRank, energy } = view;
  const isWhole = rank >= values.length;
  const macs = isWhole ? row.macs : rank * perRank;
  const lost = Math.sqrt(Math.max(0, 1 - (energy[rank] ?? 1)));
  return (
    <div className={styles.pair}>
      <p>cost of this layer</p>
      <span className={styles.meter}>
        <i style={{ width: `${Math.min(100, (100 * macs) / row.macs)}%` }} />
      </span>
      <p>
        <b>{formatCount(macs)}</b> of {formatCount(row.macs)} multiply-adds
      </p>
      {isWhole ? <p>stays one convolution</p> : <PairPicture inspected={{ row }} view={view} />}
      {isWhole ? null : <p>weight error {formatPercent(lost)}</p>}
    </div>
  );
}

function PairPicture({
  inspected: { row },
  view: { scheme, rank, values },
}: {
  readonly inspected: Pick<Inspected, 'row'>;
  readonly view: RankView;
}) {
  const layer = useStudio(({ network }) => (network === null ? null : layerOf(network.view.graph, row.layer)));
  if (layer === null || !isWeighted(layer) || layer.op !== 'conv') return null;
  const [height, width] = layer.kernelSize;
  const [first, second] = scheme === 'channel' ? [`${height} × ${width}`, '1 × 1'] : [`${height} × 1`, `1 × ${width}`];
  return (
    <>
      <p>
        one {height} × {width} conv becomes two
      </p>
      <div className={styles.pairPicture}>
        <span>in</span>
        <i>{first}</i>
        <span className={styles.pairRank} style={{ height: 10 + (18 * rank) / values.length }}>
          {rank}
        </span>
        <i>{second}</i>
        <span>{layer.filters} ch</span>
      </div>
    </>
  );
}
