/** One image of a segmentation set side by side: the truth, what each of two networks makes of it, and where they differ. */
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import type { ImageLooks, NetworkId, SplitName } from '../../workers/protocol';
import { Classes } from '../looks/classes';
import { Picture } from '../looks/picture';
import type { Content } from '../looks/pixels';
import { failureOf } from '../studio/context';
import { studioClient, useStudio } from '../studio/store';
import { Failure } from '../ui/failure';
import { formatAccuracy, formatInteger } from '../ui/format';
import { pixelDifference } from './pixel-difference';
import styles from './compare.module.css';

/** Longer side of a picture, in CSS pixels. */
const SIDE = 124;

interface ImagePixelsProps {
  /** Position in the split. */
  readonly image: number;
  readonly split: SplitName;
  /** The reference, and the network held against it. */
  readonly networks: readonly [NetworkId, NetworkId];
  readonly names: readonly [string, string];
}

type Seen = readonly [ImageLooks, ImageLooks];

export function ImagePixels({ image, split, networks: [first, second], names }: ImagePixelsProps) {
  const dataset = useStudio((state) => state.dataset?.dataset ?? null);
  const classes = useStudio((state) => state.dataset?.classes);
  const [attempt, setAttempt] = useState(0);
  const [found, setFound] = useState<{ readonly of: string; readonly seen?: Seen; readonly error?: string } | null>(
    null,
  );
  const question = `${first} ${second} ${dataset} ${split} ${image} ${attempt}`;
  useEffect(() => {
    if (dataset === null) return undefined;
    const abort = new AbortController();
    const look = (network: NetworkId): Promise<ImageLooks> =>
      studioClient().call('looks', { network, dataset, split, image, passes: null }, { signal: abort.signal });
    Promise.all([look(first), look(second)])
      .then((seen) => setFound({ of: question, seen }))
      .catch((thrown: unknown) => {
        const error = failureOf(thrown);
        if (error !== null) setFound({ of: question, error });
      });
    return () => abort.abort();
  }, [first, second, dataset, split, image, question]);

  const present = found?.of === question ? found : null;
  if (present?.error !== undefined) {
    return (
      <Failure message={present.error} action={{ label: 'Try again', run: () => setAttempt((times) => times + 1) }} />
    );
  }
  return (
    <section className={styles.pixels} aria-label={`Image ${image} pixel by pixel`}>
      {present?.seen === undefined ? (
        <p className={styles.note} role="status">
          Both networks look at image {image} …
        </p>
      ) : (
        <Pictures image={image} seen={present.seen} names={names} classes={classes ?? []} />
      )}
    </section>
  );
}

interface PicturesProps {
  readonly image: number;
  readonly seen: Seen;
  readonly names: readonly [string, string];
  readonly classes: readonly string[];
}

function Pictures({ image, seen, names, classes }: PicturesProps) {
  const [before, after] = seen;
  const { truth, size } = before;
  // A network that looks several times is held to its last look, as everywhere in the comparison.
  const [first, second] = [before.passes.at(-1), after.passes.at(-1)];
  const [one, other] = [first?.prediction ?? null, second?.prediction ?? null];
  const difference = useMemo(
    () => (truth === null || one === null || other === null ? null : pixelDifference(truth, one, other)),
    [truth, one, other],
  );
  if (difference === null || truth === null || one === null || other === null) return null;
  const { counts } = difference;
  const differing = counts.lost + counts.gained + counts.moved;
  const words = `${formatInteger(differing)} of ${formatInteger(truth.length)} pixels told differently: only ${names[0]} is right in ${formatInteger(counts.lost)}, only ${names[1]} in ${formatInteger(counts.gained)}, neither in ${formatInteger(counts.moved)}`;
  return (
    <>
      <div className={styles.pictures}>
        <Shown title={`no. ${image}`} label="The image" content={{ kind: 'image', values: before.image }} size={size} />
        <Shown title="truth" label="The truth" content={{ kind: 'classes', values: truth }} size={size} />
        <Shown
          title={names[0]}
          figure={first?.accuracy ?? null}
          label={`What ${names[0]} makes of it`}
          content={{ kind: 'classes', values: one }}
          size={size}
        />
        <Shown
          title={names[1]}
          figure={second?.accuracy ?? null}
          label={`What ${names[1]} makes of it`}
          content={{ kind: 'classes', values: other }}
          size={size}
        />
        <Shown
          title="where they differ"
          label={words}
          content={{ kind: 'difference', values: difference.map }}
          size={size}
        />
      </div>
      <p className={styles.note} role="status">
        {words}.
      </p>
      <ul className={styles.key} aria-label="Colours of the difference">
        <li data-kind="lost">only {names[0]} right</li>
        <li data-kind="gained">only {names[1]} right</li>
        <li data-kind="moved">neither</li>
      </ul>
      <Classes names={classes} />
    </>
  );
}

interface ShownProps {
  readonly title: string;
  /** Share of the labelled pixels told right; absent for what is no answer. */
  readonly figure?: number | null;
  readonly label: string;
  readonly content: Content;
  readonly size: readonly [number, number];
}

function Shown({ title, figure = null, label, content, size }: ShownProps): ReactNode {
  return (
    <figure>
      <Picture label={label} content={content} size={size} side={SIDE} image={size} />
      <figcaption>
        <span title={title}>{title}</span>
        {figure === null ? null : <small>{formatAccuracy(figure)} right</small>}
      </figcaption>
    </figure>
  );
}
