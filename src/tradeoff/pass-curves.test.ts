import { describe, expect, it } from 'vitest';
import { graphFromText } from '../../workers/network/text';
import { gatedGraph } from '../../workers/network/zoo/gating';
import type { Candidate, NetworkView, RunSummary } from '../../workers/protocol';
import { sampleRun } from '../studio/run-sample';
import { curvesOfOthers } from './pass-curves';

const rods = { source: 'cuerods' } as const;
const rignet = { source: 'gated', backbone: 'shallow', passes: 3, routing: 'top' } as const;
const open = {
  view: { source: rignet, graph: gatedGraph(rignet) } as unknown as NetworkView,
  macs: 5_849_088,
};

/** A run on cue rods whose last network is `change`. */
function run(id: string, network: RunSummary['recipe']['network'], change: Partial<Candidate>): RunSummary {
  const made = sampleRun({ run: id, method: 'l1', budget: 0.6, final: 0.8, network, data: rods });
  return { ...made, candidates: made.candidates.map((own) => (own.kind === 'final' ? { ...own, ...change } : own)) };
}

/** Trained and nothing else. */
function trained(id: string, network: RunSummary['recipe']['network'], change: Partial<Candidate>): RunSummary {
  const made = run(id, network, change);
  const stages = made.recipe.stages.slice(-1).map((stage) => ({ ...stage, stage: 'pretrain' }) as typeof stage);
  return { ...made, recipe: { ...made.recipe, stages } };
}

const deep = trained('deep', { source: 'gated', backbone: 'deep' }, { macs: 4_399_104, accuracy: 0.87 });
const cut = run(
  'cut',
  { source: 'file', name: 'rignet.safetensors' },
  {
    macs: 3_450_880,
    accuracy: 0.85,
    passes: [
      { macs: 1_137_664, accuracy: 0.63 },
      { macs: 3_450_880, accuracy: 0.85 },
    ],
  },
);

describe('other networks beside one that looks again', () => {
  it('are points or curves at the share of what the open one costs, named by what they are', () => {
    const [control, smaller] = curvesOfOthers([deep, cut], open, { source: rods }, 'validation');
    expect(control).toMatchObject({ run: 'deep', method: null, title: 'deep, 1 look' });
    expect(control?.points).toEqual([{ x: (4_399_104 / 5_849_088) * 100, y: 87 }]);
    expect(smaller).toMatchObject({ run: 'cut', method: 'l1', title: 'L1\u00a060' });
    expect(smaller?.points.map(({ y }) => y)).toEqual([63, 85]);
    expect(smaller?.points[1]?.x).toBeCloseTo(59, 1);
  });

  it('have the mark of what they look by, where their recipe names no method', () => {
    const dignet = trained('dig', { ...rignet, routing: 'cascade' }, { accuracy: 0.9 });
    expect(curvesOfOthers([dignet], open, { source: rods }, 'validation')).toMatchObject([
      { method: 'dignet', title: 'shallow, 3 looks' },
    ]);
  });

  it('are left out on other data, of another split, while they run, of the open network itself, and beside plain ones', () => {
    const own = trained('own', rignet, { accuracy: 0.9 });
    const elsewhere = { ...deep, recipe: { ...deep.recipe, data: { source: 'shapes10' as const } } };
    const running = { ...deep, state: 'running' as const };
    const unmeasured = trained('blank', { source: 'gated', backbone: 'deep' }, { accuracy: null });
    expect(curvesOfOthers([own, elsewhere, running, unmeasured], open, { source: rods }, 'validation')).toEqual([]);
    expect(curvesOfOthers([deep, cut], open, { source: rods }, 'test')).toEqual([]);
    expect(curvesOfOthers([deep, cut], open, null, 'validation')).toEqual([]);
    const plain = graphFromText('input 32x32x3 / conv 4 1x1');
    const beside = { ...open, view: { ...open.view, graph: plain } };
    expect(curvesOfOthers([deep, cut], beside, { source: rods }, 'validation')).toEqual([]);
  });
});
