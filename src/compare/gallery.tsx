/** Small pictures of images with what is said of each; where wanted, one of them can be chosen. */
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { CommandResult, SplitName } from '../../workers/protocol';
import { failureOf } from '../studio/context';
import { studioClient, useStudio } from '../studio/store';
import { Failure } from '../ui/failure';
import type { FlipKind } from './flips';
import styles from './compare.module.css';

/** One image of the gallery, and what is said beside it. */
export interface GalleryItem {
  readonly image: number;
  readonly kind: FlipKind;
  /** Of the picture, for assistive technology. */
  readonly label: string;
  readonly said: ReactNode;
}

interface GalleryProps {
  readonly items: readonly GalleryItem[];
  readonly split: SplitName;
  /** The image that is shown from close by, and how another one is chosen; absent where none can be. */
  readonly chosen?: number;
  readonly onChoose?: (image: number) => void;
}

type Thumbnails = CommandResult<'imagesAt'>;

export function Gallery({ items, split, chosen, onChoose }: GalleryProps) {
  const dataset = useStudio((state) => state.dataset);
  const [thumbnails, setThumbnails] = useState<{ readonly of: string; readonly images: Thumbnails } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const wanted = items.map(({ image }) => image).join(' ');
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
  return (
    <>
      {error === null ? null : <Failure message={error} />}
      <ul className={styles.gallery}>
        {items.map(({ image, kind, label, said }, at) => {
          const thumbnail = (
            <Thumbnail images={thumbnails?.of === wanted ? thumbnails.images : null} at={at} label={label} />
          );
          return (
            <li key={image} data-kind={kind}>
              {onChoose === undefined ? (
                thumbnail
              ) : (
                <button
                  type="button"
                  aria-label={`${label}, pixel by pixel`}
                  aria-pressed={chosen === image}
                  onClick={() => onChoose(image)}
                >
                  {thumbnail}
                </button>
              )}
              <div>{said}</div>
            </li>
          );
        })}
      </ul>
    </>
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
