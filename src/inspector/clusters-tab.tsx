/** Clusters of the layer while a method merges them: how far their members are apart, who they are, where they lie. */
import { useCallback, useMemo, useRef, useState } from 'react';
import { methodOf } from '../studio/run-facts';
import { useStudio } from '../studio/store';
import { Drawing, type Surface } from '../ui/drawing';
import { methodTone } from '../ui/method-style';
import { clustersOf, decades, distanceFloor, identicalBelow, membersText, type Cluster } from './clusters';
import type { Inspected } from './inspected';
import { shownRun, useLayerHistory, type LayerHistory } from './layer-history';
import { paintFrame, paintLines, paintNow, plotFrame, type LinesPlot } from './lines-plot';
import { filterAt, paintScatter, placesOf, type Place } from './scatter';
import shared from './inspector.module.css';
import styles from './clusters.module.css';

export function ClustersTab({ inspected: { row } }: { readonly inspected: Inspected }) {
  const history = useLayerHistory(row.layer, 'distance');
  const run = useStudio(shownRun);
  const tone = methodTone(run === null ? null : methodOf(run.recipe));
  const clusters = useMemo(() => (history === null ? [] : clustersOf(history)), [history]);
  /** Where filters were last drawn, for the pointer. */
  const places = useRef<readonly Place[]>([]);
  const [chosen, setChosen] = useState<number | null>(null);
  const shown = clusters.find(({ index }) => index === chosen) ?? clusters[0] ?? null;

  const drawDistances = useCallback(
    (surface: Surface) => {
      if (history !== null) paintDistances(surface, history, clusters, shown, surface.palette.colour[tone]);
    },
    [history, clusters, shown, tone],
  );
  const series = history?.samples.at(-1)?.series;
  const drawScatter = useCallback(
    (surface: Surface) => {
      places.current = series === undefined ? [] : placesOf(series, surface.width, surface.height);
      paintScatter(surface, places.current, clusters, shown, surface.palette.colour[tone]);
    },
    [series, clusters, shown, tone],
  );
  if (history === null || shown === null) return <p className={shared.missing}>No filters of this layer are merged.</p>;
  const merging = clusters.filter(({ filters }) => filters.length > 1);
  const isScattered = series?.['x'] !== undefined && series['y'] !== undefined;
  return (
    <div className={styles.clusters}>
      <div className={shared.plot}>
        <Drawing
          label={`Distance inside each of ${merging.length} clusters of ${row.label}; ${identicalText(merging)}`}
          draw={drawDistances}
        />
      </div>
      <div className={styles.side}>
        <p>
          {row.filters} filters in {clusters.length} clusters
        </p>
        {isScattered ? (
          <div className={styles.scatter}>
            <Drawing
              label="The layer's filters in two dimensions, members of a cluster joined"
              draw={drawScatter}
              onHover={(place) => {
                const found = place === null ? null : filterAt(places.current, place);
                const cluster = clusters.find(({ filters }) => found !== null && filters.includes(found));
                if (cluster !== undefined) setChosen(cluster.index);
              }}
            />
          </div>
        ) : null}
        <ul className={styles.members} aria-label="Clusters">
          {merging.map(({ index, filters }) => (
            <li key={index}>
              <button
                type="button"
                aria-pressed={index === shown.index}
                onClick={() => setChosen(index)}
                onPointerEnter={() => setChosen(index)}
              >
                {membersText(filters)}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function identicalText(merging: readonly Cluster[]): string {
  const identical = merging.filter(({ points }) => (points.at(-1)?.[1] ?? 1) <= identicalBelow).length;
  return `${identical} are identical`;
}

function paintDistances(
  surface: Surface,
  { samples, epochs }: LayerHistory,
  clusters: readonly Cluster[],
  shown: Cluster | null,
  colour: string,
): void {
  const { context, width, height, palette } = surface;
  const merging = clusters.filter(({ filters }) => filters.length > 1);
  const most = Math.max(distanceFloor, ...merging.flatMap(({ points }) => points.map(([, distance]) => distance)));
  const ticks = decades(most);
  const plot: LinesPlot = {
    epochs,
    low: distanceFloor,
    high: ticks.at(-1)?.at ?? 1,
    logarithmic: true,
    ticks,
    title: 'distance inside each cluster, log',
    right: 10,
    // The one looked at lies over the others.
    lines: merging
      .toSorted((a, b) => Number(a === shown) - Number(b === shown))
      .map((cluster) => ({
        points: cluster.points,
        colour,
        width: cluster === shown ? 2.2 : 1.2,
        opacity: cluster === shown ? 1 : 0.5,
        endDot: cluster === shown,
      })),
  };
  const frame = plotFrame(width, height, plot);
  const band = frame.yOf(identicalBelow);
  context.fillStyle = palette.colour.gsoft;
  context.fillRect(frame.left, band, frame.right - frame.left, frame.bottom - band);
  paintFrame(surface, frame, plot);
  context.fillStyle = palette.colour.green;
  context.fillRect(frame.left, band - 0.7, frame.right - frame.left, 1.4);
  const { font } = context;
  context.font = `600 ${font}`;
  context.textAlign = 'left';
  context.fillText('identical: cut without loss', frame.left + 8, Math.min(band + 14, frame.bottom - 3));
  context.font = font;
  const now = samples.at(-1)?.epoch ?? 0;
  if (now < epochs) paintNow(surface, frame, now);
  paintLines(surface, frame, plot);
}
