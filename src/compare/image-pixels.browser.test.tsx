import { afterEach, describe, expect, it } from 'vitest';
import { userEvent } from 'vitest/browser';
import type { ComparedPixels, ImageLooks } from '../../workers/protocol';
import { fixtureLooks } from '../studio/fixture-looks';
import { mount, named, until, type Mounted } from '../studio/mounted';
import { useStudio } from '../studio/store';
import type { Contestant } from './contestants';
import { ImagesTab } from './images-tab';

/** Two rows of two pixels: of the truth 0 1 / 1 1, `a` tells three right, `b` two; they differ in two. */
const truth = Uint8Array.of(0, 1, 1, 1);
const answers: Readonly<Record<string, Uint8Array>> = { a: Uint8Array.of(0, 1, 1, 2), b: Uint8Array.of(0, 0, 1, 0) };

function lookOf(network: string): ImageLooks {
  const prediction = answers[network] ?? truth;
  const right = prediction.filter((answer, at) => answer === truth[at]).length;
  const pass = { prediction, probabilities: null, accuracy: right / 4, gates: [] };
  return { ...fixtureLooks, image: new Uint8Array(12), size: [2, 2], truth, passes: [pass] };
}

const compared: ComparedPixels = {
  task: 'segmentation',
  split: 'validation',
  images: 3,
  labelled: Uint32Array.of(4, 4, 4),
  answers: [
    { mIoU: 0.5, perClass: [], right: Uint32Array.of(3, 4, 2) },
    { mIoU: 0.4, perClass: [], right: Uint32Array.of(2, 1, 2) },
  ],
  pairs: [],
  testUses: 0,
};

const contestant = (key: string, title: string): Contestant => ({
  key,
  title,
  note: '',
  method: null,
  run: null,
  candidate: null,
  handle: null,
  removed: null,
});
const contestants = [contestant('one', 'Original'), contestant('two', 'L1 norm to 50 %')] as const;

function Tab() {
  const view = useStudio(({ network }) => network?.view ?? null);
  if (view === null) return null;
  const views = new Map([
    ['one', { ...view, network: 'a' }],
    ['two', { ...view, network: 'b' }],
  ]);
  const at = new Map([
    ['one', 0],
    ['two', 1],
  ]);
  const measured = { answers: compared, at, times: new Map() };
  return <ImagesTab contestants={contestants} measured={measured} reference={contestants[0]} views={views} />;
}

let page: Mounted | undefined;
afterEach(() => page?.unmount());
const plain = (element: Element | null) => (element?.textContent ?? '').replaceAll('\u00a0', ' ');
const near = () => page?.host.querySelector('section') ?? null;

describe('one image of a segmentation set', () => {
  it('shows the truth, both answers and where they differ, with the numbers; another image by keyboard', async () => {
    page = await mount(<Tab />, { width: 700, height: 600 }, { looks: lookOf });
    // The image that changes most comes first.
    await until(() => plain(near()).includes('no. 1'));
    expect(plain(near())).toContain(
      '2 of 4 pixels told differently: only Original is right in 1, only L1 norm to 50 % in 0, neither in 1.',
    );
    expect(plain(near())).toContain('75.0 % right');
    expect(plain(near())).toContain('50.0 % right');
    const pictures = [...(near()?.querySelectorAll('canvas') ?? [])].map(plain);
    expect(pictures.slice(0, 4)).toEqual([
      'The image',
      'The truth',
      'What Original makes of it',
      'What L1 norm to 50 % makes of it',
    ]);

    named(page.host, 'Image 0, pixel by pixel').focus();
    await userEvent.keyboard('{Enter}');
    await until(() => plain(near()).includes('no. 0'));
    const asked = page.client.received.filter(({ command }) => command === 'looks').map(({ params }) => params);
    expect(asked.slice(-2)).toMatchObject([
      { network: 'a', image: 0, split: 'validation' },
      { network: 'b', image: 0, split: 'validation' },
    ]);
    expect(named(page.host, 'Image 0, pixel by pixel').ariaPressed).toBe('true');
    // The one that does not change is not offered.
    expect(page.host.querySelectorAll('li button')).toHaveLength(2);
  });
});
