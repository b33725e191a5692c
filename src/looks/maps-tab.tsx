/** The sheet of looks: for one image the answer and the gates of each stage at each look, and a chosen pixel's evidence. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { gateRange, unrolledPasses } from '../../workers/network/unrolled';
import type { ImageLooks } from '../../workers/protocol';
import { isTyping } from '../app/shortcuts';
import { builtLooks } from '../studio/looking';
import type { LooksState, StudioState } from '../studio/state';
import { actions, studio, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { Failure } from '../ui/failure';
import { formatAccuracy } from '../ui/format';
import { gateSpan } from '../ui/gate-span';
import { useSize } from '../ui/use-size';
import { Classes } from './classes';
import { Lanes } from './lanes';
import { numbered } from './numbered';
import { Picture } from './picture';
import { PixelEvidence } from './pixel-evidence';
import type { Content } from './pixels';
import styles from './looks.module.css';

/** Pixels beside the pictures: image and truth, row captions, gaps. */
const ASIDE = 148;
const CAPTION = 84;
const GAP = 8;
const HEAD = 36;
const LEAST = 48;
const PLAY_MS = 900;

/** The look that is shown as chosen: a person's, else the last the network was built for. */
export function shownLook({ view, network }: Pick<StudioState, 'view' | 'network'>): number {
  return view.look ?? builtLooks(network);
}

export function MapsTab() {
  const looks = useStudio((state) => state.looks);
  if (looks.state === 'failed') {
    const again = (): void => void actions.lookAt(looks.image);
    return (
      <Failure
        message={looks.error ?? 'The image could not be looked at.'}
        action={{ label: 'Try again', run: again }}
      />
    );
  }
  if (looks.seen === null) return <p className={styles.missing}>Looking at the first image …</p>;
  return <Sheet looks={looks} seen={looks.seen} />;
}

/** Of one look; `shown` null where it has none. */
interface RowPicture {
  readonly look: number;
  readonly shown: { readonly content: Content; readonly size: readonly [number, number] } | null;
}

interface Row {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly pictures: readonly RowPicture[];
}

function Sheet({ looks, seen }: { readonly looks: LooksState; readonly seen: ImageLooks }) {
  const network = useStudio((state) => state.network);
  const classes = useStudio(({ dataset }) => dataset?.classes);
  const look = useStudio(shownLook);
  const host = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(host);
  useSheetKeys(seen.passes.length);
  const graph = network?.view.graph;
  const ceiling = useMemo(() => {
    const gate = graph === undefined ? undefined : unrolledPasses(graph)?.[1]?.gates[0];
    return graph === undefined || gate === undefined ? 2 : gateRange(graph, gate.layer)[1];
  }, [graph]);
  const { rows, span } = useMemo(() => rowsOf(seen, looks.evidence, ceiling), [seen, looks.evidence, ceiling]);
  const across = (width - ASIDE - CAPTION) / seen.passes.length - GAP;
  const down = (height - HEAD) / Math.max(1, rows.length) - GAP;
  const side = Math.floor(Math.max(LEAST, Math.min(across, down)));
  const frame = { image: seen.size, pixel: looks.pixel, onPick: pick(looks.pixel) };
  const built = builtLooks(network);
  const figureAt = (at: number, own: number | null): string => {
    const whole = looks.measured?.[at - 1];
    if (whole !== undefined) return formatAccuracy(whole.mIoU ?? whole.accuracy);
    return own === null ? '' : `${formatAccuracy(own)} here`;
  };
  const columns = { gridTemplateColumns: `${CAPTION - GAP}px repeat(${seen.passes.length}, ${side}px)` };
  return (
    <div className={styles.tab}>
      <div ref={host} className={styles.sheet} data-computing={looks.state === 'looking'}>
        <div className={styles.aside}>
          <Picture
            {...frame}
            label="The image"
            caption="image"
            content={{ kind: 'image', values: seen.image }}
            size={seen.size}
            side={Math.min(side, 124)}
          />
          {seen.truth === null ? null : (
            <Picture
              {...frame}
              label="The truth"
              caption="truth"
              content={{ kind: 'classes', values: seen.truth }}
              size={seen.size}
              side={Math.min(side, 124)}
            />
          )}
          <Classes names={classes ?? []} />
          {graph === undefined ? null : <Lanes graph={graph} stages={stagesOf(seen)} />}
        </div>
        <div className={styles.columns} style={columns} role="radiogroup" aria-label="Look">
          <Play passes={seen.passes.length} />
          {numbered(seen.passes).map(({ look: at, of: { accuracy } }) => (
            <button
              key={at}
              type="button"
              role="radio"
              aria-checked={look === at}
              className={styles.look}
              title={at > built ? 'Not trained for: it repeats the last look it was trained for.' : undefined}
              onClick={() => actions.show({ look: at })}
            >
              <b>look {at}</b>
              <span>{figureAt(at, accuracy)}</span>
            </button>
          ))}
          {rows.map((row) => (
            <SheetRow key={row.id} row={row} side={side} look={look} frame={frame} />
          ))}
        </div>
      </div>
      {looks.pixel === null ? (
        <Legend span={span} />
      ) : (
        <PixelEvidence seen={seen} looks={looks} classes={classes ?? []} />
      )}
    </div>
  );
}

interface SheetRowProps {
  readonly row: Row;
  readonly side: number;
  readonly look: number;
  readonly frame: Pick<Parameters<typeof Picture>[0], 'image' | 'pixel' | 'onPick'>;
}

function SheetRow({ row, side, look, frame }: SheetRowProps) {
  return (
    <>
      <div className={styles.rowTitle}>
        <b>{row.title}</b>
        <span>{row.note}</span>
      </div>
      {row.pictures.map(({ look: at, shown }) =>
        shown === null ? (
          <div key={at} className={styles.none} style={{ width: side, height: side }}>
            no gate yet
          </div>
        ) : (
          <Picture
            key={at}
            {...frame}
            {...shown}
            side={side}
            selected={look === at}
            label={`${row.title} at look ${at}`}
          />
        ),
      )}
    </>
  );
}

function rowsOf(
  seen: ImageLooks,
  evidence: LooksState['evidence'],
  ceiling: number,
): { readonly rows: readonly Row[]; readonly span: readonly [number, number] | null } {
  const gates = seen.passes.flatMap((pass) => pass.gates);
  const span =
    gates.length === 0
      ? null
      : gateSpan(
          gates.map(({ map }) => map),
          ceiling === 1 ? 0.5 : 1,
        );
  const stages = [...new Set(gates.map(({ stage }) => stage))].toSorted((a, b) => a - b);
  const rows: Row[] = [];
  const add = (id: string, title: string, note: string, shown: (at: number) => RowPicture['shown']): void => {
    rows.push({
      id,
      title,
      note,
      pictures: numbered(seen.passes).map(({ look }) => ({ look, shown: shown(look - 1) })),
    });
  };
  if (seen.truth !== null) {
    add('prediction', 'prediction', `${seen.size[0]} × ${seen.size[1]}`, (at) => {
      const values = seen.passes[at]?.prediction ?? null;
      return values === null ? null : { content: { kind: 'classes', values }, size: seen.size };
    });
  }
  for (const stage of stages) {
    const maps = seen.passes.map((pass) => pass.gates.find((gate) => gate.stage === stage));
    const size = maps.find((gate) => gate !== undefined)?.size ?? [0, 0];
    add(`gate ${stage}`, `gate, stage ${stage}`, `${size[0]} × ${size[1]}`, (at) => {
      const gate = maps[at];
      if (gate === undefined || span === null) return null;
      return { content: { kind: 'gates', values: gate.map, range: span }, size: gate.size };
    });
  }
  if (evidence !== null) {
    const most = Math.max(0.05, ...evidence.passes.flatMap(({ drop }) => [...drop]));
    add('evidence', 'evidence', 'what hiding costs', (at) => {
      const values = evidence.passes[at]?.drop;
      return values === undefined ? null : { content: { kind: 'evidence', values, most }, size: evidence.grid };
    });
  }
  return { rows, span };
}

function stagesOf({ passes }: ImageLooks): number {
  return Math.max(0, ...passes.flatMap(({ gates }) => gates.map(({ stage }) => stage)));
}

/** A second press on the pixel lets go of it. */
function pick(present: LooksState['pixel']) {
  return (pixel: NonNullable<LooksState['pixel']>): void => {
    const same = present?.row === pixel.row && present.column === pixel.column;
    void actions.pickPixel(same ? null : pixel);
  };
}

function Legend({ span }: { readonly span: readonly [number, number] | null }) {
  return (
    <p className={styles.legend}>
      {span === null ? null : (
        <>
          <span>closed, {span[0].toFixed(2)}</span>
          <i className={styles.ramp} />
          <span>{span[1].toFixed(2)}, open</span>
          <span className={styles.hint}>mean over the channels of a stage; 1 lets all pass as it is.</span>
        </>
      )}
      <span className={styles.hint}>Press a pixel to follow its evidence.</span>
    </p>
  );
}

/** Steps through the looks, round and round, while it is on. */
function Play({ passes }: { readonly passes: number }) {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => {
      const now = shownLook(studio.getState());
      actions.show({ look: (now % passes) + 1 });
    }, PLAY_MS);
    return () => clearInterval(timer);
  }, [playing, passes]);
  if (passes < 2) return <span />;
  return (
    <Button kind="word" aria-pressed={playing} onClick={() => setPlaying(!playing)}>
      {playing ? 'Stop' : 'Play'}
    </Button>
  );
}

/** Left and right move the image, figures choose the look, Escape lets go of the pixel. */
function useSheetKeys(passes: number): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target, key } = event;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(target)) return;
      if (
        target instanceof Element &&
        target.closest('[role="slider"], [role="grid"], [role="tab"], [role="menu"], [role="dialog"], [data-point]')
      )
        return;
      const { looks } = studio.getState();
      const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
      const look = Number(key);
      if (step !== undefined) void actions.lookAt(looks.image + step);
      else if (Number.isInteger(look) && look >= 1 && look <= passes) actions.show({ look });
      else if (key === 'Escape' && looks.pixel !== null) void actions.pickPixel(null);
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [passes]);
}
