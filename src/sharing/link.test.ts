import { describe, expect, it } from 'vitest';
import { readLink, writeLink } from './link';
import { parseSetup, type Setup } from './setup';
import { parseDocument } from './versions';
import * as v from 'valibot';

/** As deflated and encoded by another program, one of every version there was. */
const links = {
  1: '#s=XY-xbsMwDER_xSDQzTYsNEPgbyg6dA06yDIbC5YlgaQdFIb_vRQyJOlG8O4djzvMPo7QA3K2wSM1jLJmqGFDYp8i9KYGQuczQr-_bKNddAdfyJ8ozbmuPkwVEy2VpOrUVW8aElFuieZCclrJFT9PPmccVfXlMCGr69zwZDOy6eCoYbRi_zEPkcVekaG_7PexyC4RauCCMqUSGow6H3qmNRZ9WMcrCvRde3qW9T39fSAr-IL9-IiN3FHMyU169f3ZgJsNa6G0VQ5ek0GQBY5v7bl5vJUngv1FKiULZNohJDeb1qW4acnjDw',
} as const;

const setup = (budget: number): Setup =>
  parseSetup(
    {
      kind: 'espalier-setup',
      version: 1,
      recipe: {
        version: 1,
        name: 'ResNet-8, L1 norm to 40 %',
        seed: 7,
        network: { source: 'shipped', id: 'resnet8-shapes10' },
        data: { source: 'shapes10' },
        stages: [
          { stage: 'score', method: 'l1', settings: {} },
          { stage: 'prune', budget, protect: ['stem'], byHand: { stem: { cut: [1, 2], keep: [] } } },
          { stage: 'fine-tune', epochs: 3, learningRate: 0.02 },
        ],
      },
      view: { layer: 'stem', tab: 'ranks' },
    },
    'The setup',
  );

describe('links', () => {
  it.each(Object.entries(links))('of version %s still open', async (_, link) => {
    const { recipe, view } = await readLink(link);
    expect(recipe.network).toEqual({ source: 'shipped', id: 'resnet8-shapes10' });
    expect(recipe.stages).toMatchObject([
      { stage: 'score', method: 'l1', settings: {} },
      { stage: 'prune', budget: 0.4, floor: 0.1, allocation: 'global' },
      { stage: 'recalibrate', images: 1024 },
      { stage: 'fine-tune', epochs: 3, batchSize: 64 },
      { stage: 'evaluate', split: 'test' },
    ]);
    expect([recipe.seed, view.layer]).toEqual([1, 'stage1.block1.conv1']);
  });

  it('hold everything they were made of, and no default', async () => {
    const link = await writeLink(setup(0.35));
    expect(await readLink(link)).toEqual(setup(0.35));
    expect(link).toMatch(/^#s=[\w-]+$/);
    expect(link.length).toBeLessThan(500);
  });

  it('say that they are damaged rather than open something else', async () => {
    const link = await writeLink(setup(0.5));
    for (const broken of [link.slice(0, -9), '#s=', '#s=%%%', `${link.slice(0, 20)}A${link.slice(21)}`]) {
      await expect(readLink(broken)).rejects.toThrow(/The link is (damaged|not JSON|wrong)/);
    }
  });

  it('are not unfolded without end', async () => {
    const bomb = new Blob([new Uint8Array(8_000_000)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const packed = Buffer.from(await new Response(bomb).arrayBuffer()).toString('base64url');
    await expect(readLink(`#s=${packed}`)).rejects.toThrow('The link is damaged');
  });
});

describe('setups', () => {
  it('are also plain recipes', () => {
    const { recipe } = setup(0.5);
    expect(parseSetup(recipe, 'The file').recipe).toEqual(recipe);
  });

  it('wait for the file a recipe was written for', () => {
    const network = { source: 'file', name: 'mine.onnx' } as const;
    const sha256 = 'a1'.repeat(32);
    expect(parseSetup({ ...setup(0.5).recipe, network: { ...network, sha256 } }, 'The file').hash).toBe(sha256);
    expect(parseSetup({ ...setup(0.5).recipe, network }, 'The file').hash).toBeUndefined();
  });

  it('name the wrong place', () => {
    const wrong: unknown = { ...setup(0.5), view: { tab: 'colours' } };
    expect(() => parseSetup(wrong, '"a.json"')).toThrow(/"a.json" is wrong at "view.tab"/);
    expect(() => parseSetup({ version: 1, stages: [] }, '"b.json"')).toThrow(/"b.json" is wrong at/);
    expect(() => parseSetup({ ...setup(0.5), version: 2 }, 'The link')).toThrow(/newer than this studio reads/);
  });
});

describe('parseDocument', () => {
  const schema = v.strictObject({ version: v.literal(3), words: v.array(v.string()) });
  const upgrades = [
    (older: unknown) => ({ version: 2, word: (older as { text: string }).text }),
    (older: unknown) => ({ version: 3, words: [(older as { word: string }).word] }),
  ];

  it('raises an older document step by step', () => {
    const raised = { version: 3, words: ['a'] };
    expect(parseDocument(schema, upgrades, { version: 1, text: 'a' }, 'It')).toEqual(raised);
    expect(parseDocument(schema, upgrades, { version: 2, word: 'a' }, 'It')).toEqual(raised);
    expect(parseDocument(schema, upgrades, raised, 'It')).toEqual(raised);
    expect(() => parseDocument(schema, upgrades, { version: 4 }, 'It')).toThrow('newer');
    expect(() => parseDocument(schema, upgrades, {}, 'It')).toThrow('does not say its version');
  });
});
