/** The images that change between the reference and another network, largest change first. */
import { useState } from 'react';
import { useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { formatAccuracy, formatChange } from '../ui/format';
import { ChoiceMenu } from '../ui/menu';
import type { Contestant } from './contestants';
import { flipsOf, pixelChangesOf, type Flip, type FlipKind, type PixelChange } from './flips';
import { Gallery, type GalleryItem } from './gallery';
import { ImagePixels } from './image-pixels';
import type { ComparisonState, Measured } from './use-comparison';
import styles from './compare.module.css';

interface ImagesTabProps {
  readonly contestants: readonly Contestant[];
  readonly measured: Measured | null;
  readonly reference: Contestant;
  readonly views: ComparisonState['views'];
}

/** Shown at once; more on request. */
const PAGE = 24;

type Shown = FlipKind | 'all';

/** What the tab is about: images that flip, or, where pixels have classes, images that got better or worse. */
interface Changes {
  readonly items: readonly GalleryItem[];
  readonly verb: string;
  readonly order: string;
  readonly details: Partial<Readonly<Record<FlipKind, string>>>;
  readonly none: string;
}

export function ImagesTab({ contestants, measured, reference, views }: ImagesTabProps) {
  const others = contestants.filter(({ key }) => key !== reference.key && measured?.at.has(key) === true);
  const [wished, setWished] = useState<string | null>(null);
  const [kind, setKind] = useState<Shown>('all');
  const [count, setCount] = useState(PAGE);
  const [wishedImage, setWishedImage] = useState<number | null>(null);
  const classes = useStudio(({ dataset }) => dataset?.classes);
  const other = others.find(({ key }) => key === wished) ?? others[0];
  const [from, to] = [measured?.at.get(reference.key), measured?.at.get(other?.key ?? '')];
  if (measured === null || other === undefined || from === undefined || to === undefined) {
    return (
      <p className={styles.note}>Two networks that are open or stored, and data, show here which images change.</p>
    );
  }
  const names = [reference.title, other.title] as const;
  const { answers } = measured;
  const { items, verb, order, details, none } =
    answers.task === 'segmentation'
      ? changedPixels(pixelChangesOf(answers, from, to), names)
      : flippedImages(flipsOf(answers, from, to), names, classes ?? []);
  const of = (wanted: Shown): readonly GalleryItem[] =>
    wanted === 'all' ? items : items.filter((item) => item.kind === wanted);
  const shown = of(kind);
  const [first, second] = [views.get(reference.key)?.network, views.get(other.key)?.network];
  // Where pixels have classes, one image is looked at from close by: the chosen one, else the first.
  const near =
    answers.task === 'segmentation' ? (shown.find(({ image }) => image === wishedImage) ?? shown[0]) : undefined;
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
            { id: 'all' as const, title: `all ${items.length} that ${verb}` },
            ...(['lost', 'gained', 'moved'] as const).flatMap((id) => {
              const detail = details[id];
              return detail === undefined ? [] : [{ id, title: `${of(id).length} ${id}`, detail }];
            }),
          ]}
          value={kind}
          onChoose={(next) => {
            setKind(next);
            setCount(PAGE);
          }}
        />
        <span className={styles.caption}>{order}</span>
      </div>

      {near === undefined || first === undefined || second === undefined ? null : (
        <ImagePixels image={near.image} split={answers.split} networks={[first, second]} names={names} />
      )}
      {shown.length === 0 ? (
        <p className={styles.note}>{none}</p>
      ) : (
        <Gallery
          items={shown.slice(0, count)}
          split={answers.split}
          {...(near === undefined ? {} : { chosen: near.image, onChoose: setWishedImage })}
        />
      )}
      {shown.length > count ? (
        <Button kind="word" onClick={() => setCount(count + PAGE)}>
          Show {Math.min(PAGE, shown.length - count)} more of {shown.length - count}
        </Button>
      ) : null}
    </>
  );
}

function flippedImages(
  flips: readonly Flip[],
  [before, after]: readonly [string, string],
  classes: readonly string[],
): Changes {
  return {
    verb: 'flip',
    order: 'largest change of the margin first',
    none: 'None: both give every image the same answer.',
    details: {
      lost: `Only ${before} is right.`,
      gained: `Only ${after} is right.`,
      moved: 'Wrong before and after, differently.',
    },
    items: flips.map((flip) => ({
      image: flip.image,
      kind: flip.kind,
      label: `Image ${flip.image}, ${classes[flip.label] ?? flip.label}`,
      said: (
        <>
          <b>{classes[flip.label] ?? flip.label}</b> <small>no. {flip.image}</small>
          <Answer
            name={before}
            answer={classes[flip.before]}
            margin={flip.marginBefore}
            isRight={flip.before === flip.label}
          />
          <Answer
            name={after}
            answer={classes[flip.after]}
            margin={flip.marginAfter}
            isRight={flip.after === flip.label}
          />
        </>
      ),
    })),
  };
}

function changedPixels(changes: readonly PixelChange[], [before, after]: readonly [string, string]): Changes {
  return {
    verb: 'change',
    order: `pixels told right, ${before} \u2192 ${after}; largest change first`,
    none: 'None: both tell as many pixels right in every image.',
    details: { lost: `${after} tells fewer pixels right.`, gained: `${after} tells more pixels right.` },
    items: changes.map(({ image, kind, ...shares }) => ({
      image,
      kind,
      label: `Image ${image}`,
      said: (
        <>
          <b>{formatChange(shares.after - shares.before)}</b> <small>no. {image}</small>
          <p>
            {(100 * shares.before).toFixed(1)} {'\u2192'} {formatAccuracy(shares.after)}
          </p>
        </>
      ),
    })),
  };
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
