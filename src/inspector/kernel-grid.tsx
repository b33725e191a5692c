/** Kernels of the layer, strongest first; cut ones struck out. Pointing lights a filter up, pressing toggles it. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ChannelIndex } from '../../workers/network/graph';
import { actions, studio } from '../studio/store';
import { kernelsOf, type Kernels } from '../tree/kernel-thumbnail';
import { Drawing, type Surface } from '../ui/drawing';
import { useSize } from '../ui/use-size';
import { removedFrom, type Inspected } from './inspected';
import { hexBytes, tileAt, tileGrid, tilePixels, UNDERLINE, type TileGrid } from './kernel-tiles';
import styles from './inspector.module.css';

export function KernelGrid({ inspected }: { readonly inspected: Inspected }) {
  const { network, row, order, stops } = inspected;
  const host = useRef<HTMLDivElement>(null);
  const size = useSize(host);
  const kernels = useKernels(network, row.layer);
  const grid = useMemo(() => tileGrid(row.filters, size.width, size.height), [row.filters, size]);
  const atlas = useRef<{ readonly key: string; readonly canvas: HTMLCanvasElement } | null>(null);

  const draw = useCallback(
    (surface: Surface) => {
      if (kernels === null) return;
      const key = `${network} ${row.layer} ${surface.palette.colour.paper}`;
      if (atlas.current?.key !== key) atlas.current = { key, canvas: paintAtlas(kernels, surface.palette.colour) };
      const { view } = studio.getState();
      const lit = view.hovered?.layer === row.layer ? view.hovered.channel : null;
      const removed = removedFrom(studio.getState(), row.layer);
      paintTiles(surface, { grid, order, stops, atlas: atlas.current.canvas, kernels, removed, lit });
    },
    [kernels, network, row.layer, grid, order, stops],
  );
  const channelUnder = ({ x, y }: { readonly x: number; readonly y: number }): ChannelIndex | null => {
    const at = tileAt(grid, row.filters, x, y);
    return at === null ? null : (order[at] ?? null);
  };

  // What scrolls takes the keyboard, so that its end can be reached.
  const scrolls = grid.height > size.height;
  const scrolling = scrolls ? { tabIndex: 0, role: 'region', 'aria-label': `Kernels of ${row.label}` } : {};

  return (
    <div className={styles.kernels}>
      <p className={styles.caption}>{stops === null ? 'kernels, as stored' : 'kernels, strongest first'}</p>
      <div ref={host} className={styles.scroll} {...scrolling}>
        <Drawing
          label={`${row.filters} kernels of ${row.label}, strongest first`}
          draw={draw}
          watch={watchCut}
          height={Math.max(grid.height, size.height)}
          onHover={(position) => {
            const channel = position === null ? null : channelUnder(position);
            actions.show({ hovered: channel === null ? null : { layer: row.layer, channel } });
          }}
          onPress={(position) => {
            const channel = channelUnder(position);
            if (channel !== null && row.locked === null) actions.toggleFilter(row.layer, channel);
          }}
        />
      </div>
    </div>
  );
}

/** Repaints when the cut or the filter under the pointer changes. */
export function watchCut(redraw: () => void): () => void {
  const stops = [studio.subscribe(({ plan }) => plan, redraw), studio.subscribe(({ view }) => view.hovered, redraw)];
  return () => stops.forEach((stop) => stop());
}

/** Null until the worker has answered; the kernels of another layer never show. */
function useKernels(network: string, layer: string): Kernels | null {
  const [known, setKnown] = useState<{ readonly of: string; readonly kernels: Kernels | null } | null>(null);
  const of = `${network} ${layer}`;
  useEffect(() => {
    let isWanted = true;
    void kernelsOf(network, layer).then((kernels) => {
      if (isWanted) setKnown({ of: `${network} ${layer}`, kernels });
    });
    return () => {
      isWanted = false;
    };
  }, [network, layer]);
  return known?.of === of ? known.kernels : null;
}

/** All kernels one under the other, one pixel a tap: drawn enlarged from there. */
function paintAtlas(kernels: Kernels, colour: Surface['palette']['colour']): HTMLCanvasElement {
  const [height, width] = kernels.size;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height * kernels.filters;
  const context = canvas.getContext('2d');
  if (context === null) return canvas;
  const light = hexBytes(colour.line);
  const dark = hexBytes(colour.ink);
  for (let filter = 0; filter < kernels.filters; filter += 1) {
    const image = context.createImageData(width, height);
    image.data.set(tilePixels(kernels, filter, light, dark));
    context.putImageData(image, 0, filter * height);
  }
  return canvas;
}

interface TilesScene {
  readonly grid: TileGrid;
  readonly order: readonly ChannelIndex[];
  readonly stops: Uint8Array | null;
  readonly atlas: HTMLCanvasElement;
  readonly kernels: Kernels;
  readonly removed: ReadonlySet<ChannelIndex>;
  readonly lit: ChannelIndex | null;
}

function paintTiles({ context, palette: { colour, ramp } }: Surface, scene: TilesScene): void {
  const { grid, order, stops, atlas, kernels, removed, lit } = scene;
  const [height, width] = kernels.size;
  context.imageSmoothingEnabled = false;
  for (const [at, channel] of order.entries()) {
    const x = (at % grid.columns) * grid.pitchX;
    const y = Math.floor(at / grid.columns) * grid.pitchY;
    const isCut = removed.has(channel);
    context.globalAlpha = isCut ? 0.3 : 1;
    context.drawImage(atlas, 0, channel * height, width, height, x, y, grid.tile, grid.tile);
    context.globalAlpha = 1;
    if (isCut) {
      context.strokeStyle = colour.ink2;
      context.lineWidth = 1.1;
      context.beginPath();
      context.moveTo(x, y + grid.tile);
      context.lineTo(x + grid.tile, y);
      context.stroke();
    } else {
      context.fillStyle = ramp[stops?.[channel] ?? -1] ?? colour.line;
      context.fillRect(x, y + grid.tile + UNDERLINE.gap, grid.tile, UNDERLINE.height);
    }
    if (channel === lit) {
      context.strokeStyle = colour.green;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, grid.tile - 2, grid.tile - 2);
    }
  }
}
