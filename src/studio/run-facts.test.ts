import { describe, expect, it } from 'vitest';
import { parseRecipe } from '../../workers/session/recipe';
import { isAbout, methodOf, standsFor, targetOf, trainingAfterCut } from './run-facts';
import { SAMPLE_DATA, SAMPLE_NETWORK, sampleRun } from './run-sample';

const network = { source: SAMPLE_NETWORK };

describe('recipe facts', () => {
  it('names the scoring method, and a training method before it', () => {
    expect(methodOf(sampleRun({ method: 'fpgm' }).recipe)).toBe('fpgm');
    const dagger = parseRecipe({
      version: 1,
      name: 'dagger',
      network: SAMPLE_NETWORK,
      data: SAMPLE_DATA,
      stages: [
        { stage: 'fine-tune', epochs: 5, method: 'dagger' },
        { stage: 'score', method: 'l1' },
        { stage: 'prune', budget: 0.7 },
        { stage: 'fine-tune', epochs: 3 },
      ],
    });
    expect(methodOf(dagger)).toBe('dagger');
    expect(targetOf(dagger)).toBe(0.7);
    expect(trainingAfterCut(dagger).map(({ epochs }) => epochs)).toEqual([3]);
  });

  it('takes the last of two cuts as the target and knows when there is none', () => {
    const recipe = parseRecipe({
      version: 1,
      name: 'two cuts',
      network: SAMPLE_NETWORK,
      data: SAMPLE_DATA,
      stages: [{ stage: 'prune', budget: 0.7 }, { stage: 'truncate', budget: 0.4 }, { stage: 'evaluate' }],
    });
    expect(targetOf(recipe)).toBe(0.4);
    expect(methodOf(recipe)).toBe('svd');
    expect(targetOf({ ...recipe, stages: [{ stage: 'evaluate', split: 'test' }] })).toBeNull();
  });
});

describe('standsFor', () => {
  it('prefers the latest kind, whatever the order', () => {
    const run = sampleRun({ cut: 0.6, recalibrated: 0.8, final: 0.94 });
    expect(standsFor({ ...run, candidates: [...run.candidates].reverse() })?.kind).toBe('final');
    expect(standsFor(sampleRun({ cut: 0.6, recalibrated: 0.8 }))?.kind).toBe('recalibrated');
    expect(standsFor(sampleRun({}))).toBeNull();
  });
});

describe('isAbout', () => {
  it('asks for the same weights and the same data', () => {
    const run = sampleRun();
    expect(isAbout(run, network, { source: { source: 'shapes10', train: 2000 } })).toBe(true);
    expect(isAbout(run, network, { source: { source: 'cifar10' } })).toBe(false);
    expect(isAbout(run, network, null)).toBe(true);
    expect(isAbout(run, { source: { source: 'zoo', architecture: 'resnet20' } }, null)).toBe(false);
  });

  it('takes an opened candidate as a network of its own', () => {
    expect(isAbout(sampleRun(), { source: { source: 'candidate', run: 'run-1', candidate: 'final' } }, null)).toBe(
      false,
    );
  });

  it('knows a file by what it holds, not by its name', () => {
    const sha256 = 'a1'.repeat(32);
    const open = (name: string, content: string) => ({ source: { source: 'file', name, sha256: content } }) as const;
    const run = sampleRun({ network: { source: 'file', name: 'mine.onnx', sha256 } });
    expect(isAbout(run, open('mine.onnx', sha256), null)).toBe(true);
    expect(isAbout(run, open('renamed.onnx', sha256), null)).toBe(true);
    expect(isAbout(run, open('mine.onnx', 'b2'.repeat(32)), null)).toBe(false);
    expect(isAbout({ ...run, origin: 'reference' }, open('mine.onnx', 'b2'.repeat(32)), null)).toBe(false);
    expect(isAbout(sampleRun(), open('resnet20-shapes10', sha256), null)).toBe(false);
  });

  it('goes by the name of a file where an older record of this browser knows no more, never for what ships', () => {
    const older = sampleRun({ network: { source: 'file', name: 'rignet.safetensors' } });
    const open = { source: { source: 'file', name: 'rignet.safetensors', sha256: 'a1'.repeat(32) } } as const;
    expect(isAbout(older, open, null)).toBe(true);
    expect(isAbout(older, { source: { ...open.source, name: 'other.safetensors' } }, null)).toBe(false);
    expect(isAbout({ ...older, origin: 'reference' }, open, null)).toBe(false);
    expect(isAbout({ ...older, origin: 'replay' }, open, null)).toBe(false);
  });

  it('does not mind the order of keys', () => {
    const zoo = { architecture: 'resnet8', source: 'zoo', shortcut: 'projection' } as const;
    const same = { source: 'zoo', shortcut: 'projection', architecture: 'resnet8' } as const;
    expect(isAbout(sampleRun({ network: zoo }), { source: same }, null)).toBe(true);
  });
});
