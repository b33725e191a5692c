/** The images that flip between the reference and another network, largest change of the margin first. */
import { useEffect, useRef, useState } from 'react';
import type { CommandResult } from '../../workers/protocol';
import { studioClient, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { Failure } from '../ui/failure';
import { failureOf } from '../studio/context';
import { ChoiceMenu } from '../ui/menu';
import type { Contestant } from './contestants';
import { flipsOf, type Flip, type FlipKind } from './flips';
import type { Measured } from './use-comparison';
import styles from './compare.module.css';

interface ImagesTabProps {
  readonly contestants: readonly Contestant[];
  readonly measured: Measured | null;
  readonly reference: Contestant;
}

/** Shown at once; more on request. */
const PAGE = 24;

type Shown = FlipKind | 'all';

export function ImagesTab({ contestants, measured, reference }: ImagesTabProps) {
  const others = contestants.filter(({ key }) => key !== reference.key && measured?.at.has(key) === true);
  const [wished, setWished] = useState<string | null>(null);
  const [kind, setKind] = useState<Shown>('all');
  const [count, setCount] = useState(PAGE);
  const other = others.find(({ key }) => key === wished) ?? others[0];
  const [from, to] = [measured?.at.get(reference.key), measured?.at.get(other?.key ?? '')];
  const flips = measured === null || from === undefined || to === undefined ? [] : flipsOf(measured.answers, from, to);
  if (measured === null || other === undefined) {
    return <p className={styles.note}>Two networks that are open or stored, and data, show here which images flip.</p>;
  }
  const of = (wanted: Shown): readonly Flip[] =>
    wanted === 'all' ? flips : flips.filter((flip) => flip.kind === wanted);
  const shown = of(kind);
  return (
    <>
      <div className={styles.controls}>
        <ChoiceMenu
          label="Network"
          choices={others.map(({ key, title, note }) => ({ id: key, title, detail: note }))}
          value={other.key}
          onChoose={setWished}
        />
        <ChoiceMenu
          label="Images shown"
          choices={[
            { id: 'all', title: `all ${of('all').length} that flip` },
            { id: 'lost', title: `${of('lost').length} lost`, detail: `Only ${reference.title} is right.` },
            { id: 'gained', title: `${of('gained').length} gained`, detail: `Only ${other.title} is right.` },
            { id: 'moved', title: `${of('moved').length} moved`, detail: 'Wrong before and after, differently.' },
          ]}
          value={kind}
          onChoose={(next) => {
            setKind(next);
            setCount(PAGE);
          }}
        />
        <span className={styles.caption}>largest change of the margin first</span>
      </div>

      {shown.length === 0 ? (
        <p className={styles.note}>None: both give every image the same answer.</p>
      ) : (
        <Gallery flips={shown.slice(0, count)} split={measured.answers.split} names={[reference.title, other.title]} />
      )}
      {shown.length > count ? (
        <Button kind="word" onClick={() => setCount(count + PAGE)}>
          Show {Math.min(PAGE, shown.length - count)} more of {shown.length - count}
        </Button>
      ) : null}
    </>
  );
}

interface GalleryProps {
  readonly flips: readonly Flip[];
  readonly split: Measured['answers']['split'];
  readonly names: readonly [string, string];
}

type Thumbnails = CommandResult<'imagesAt'>;

function Gallery({ flips, split, names }: GalleryProps) {
  const dataset = useStudio((state) => state.dataset);
  const [thumbnails, setThumbnails] = useState<{ readonly of: string; readonly images: Thumbnails } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const wanted = flips.map(({ image }) => image).join(' ');
  const handle = dataset?.dataset ?? null;
  useEffect(() => {
    if (handle === null) return undefined;
    const abort = new AbortController();
    const indices = wanted.split(' ').map(Number);
    void studioClient()
      .call('imagesAt', { dataset: handle, split, indices }, { signal: abort.signal })
      .then((images) => setThumbnails({ of: wanted, images }))
      .catch((thrown: unknown) => setError(failureOf(thrown)));
    return () => abort.abort();
  }, [handle, split, wanted]);
  const classes = dataset?.classes ?? [];
  return (
    <>
      {error === null ? null : <Failure message={error} />}
      <ul className={styles.gallery}>
        {flips.map((flip, at) => (
          <li key={flip.image} data-kind={flip.kind}>
            <Thumbnail
              images={thumbnails?.of === wanted ? thumbnails.images : null}
              at={at}
              label={`Image ${flip.image}, ${classes[flip.label] ?? flip.label}`}
            />
            <div>
              <b>{classes[flip.label] ?? flip.label}</b> <small>no. {flip.image}</small>
              <Answer
                name={names[0]}
                answer={classes[flip.before]}
                margin={flip.marginBefore}
                isRight={flip.before === flip.label}
              />
              <Answer
                name={names[1]}
                answer={classes[flip.after]}
                margin={flip.marginAfter}
                isRight={flip.after === flip.label}
              />
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

interface AnswerProps {
  readonly name: string;
  readonly answer: string | undefined;
  readonly margin: number;
  readonly isRight: boolean;
}

function Answer({ name, answer, margin, isRight }: AnswerProps) {
  return (
    <p data-right={isRight}>
      <span className="visually-hidden">
        {name} {isRight ? 'rightly' : 'wrongly'} says{' '}
      </span>
      <span title={name}>
        {isRight ? '✓' : '✗'} {answer}
      </span>{' '}
      <small title="Probability of the true class less that of the likeliest other one">
        {margin < 0 ? '\u2212' : '+'}
        {Math.abs(margin).toFixed(2)}
      </small>
    </p>
  );
}

interface ThumbnailProps {
  /** Null until they are here. */
  readonly images: Thumbnails | null;
  readonly at: number;
  readonly label: string;
}

function Thumbnail({ images, at, label }: ThumbnailProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d') ?? null;
    if (canvas.current === null || context === null || images === null) return;
    const [height, width] = images.shape;
    canvas.current.width = width;
    canvas.current.height = height;
    const picture = context.createImageData(width, height);
    const first = at * width * height * 3;
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      picture.data.set(images.pixels.subarray(first + 3 * pixel, first + 3 * pixel + 3), 4 * pixel);
      picture.data[4 * pixel + 3] = 255;
    }
    context.putImageData(picture, 0, 0);
  }, [images, at]);
  return <canvas ref={canvas} width={1} height={1} role="img" aria-label={label} />;
}
