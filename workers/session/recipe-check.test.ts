import { describe, expect, it } from 'vitest';
import type { CutRules } from '../network/plan';
import { graphFromText } from '../network/text';
import { gatedGraph } from '../network/zoo/gating';
import { parseRecipe, type RecipeInput, type Stage } from './recipe';
import { checkLooks, checkRecipe } from './recipe-check';

const recipe = (stages: RecipeInput['stages']) =>
  parseRecipe({
    version: 1,
    name: 'x',
    network: { source: 'zoo', architecture: 'resnet8' },
    data: { source: 'shapes10' },
    stages,
  });

describe('recipes', () => {
  it.each<[string, RecipeInput['stages'], string]>([
    ['a cut without importances', [{ stage: 'prune', budget: 0.5 }], 'stages.0'],
    [
      'scores of filters that are gone',
      [
        { stage: 'score', method: 'l1' },
        { stage: 'prune', budget: 0.5 },
        { stage: 'prune', budget: 0.3 },
      ],
      'stages.2',
    ],
    [
      'a number without end (JSON reads 1e999 as that)',
      [{ stage: 'fine-tune', epochs: 1, warmUp: JSON.parse('1e999') as number }],
      'stages.0.warmUp',
    ],
    ['an unknown method', [{ stage: 'score', method: 'luck' }], 'stages.0.method'],
    [
      'a setting out of range',
      [{ stage: 'score', method: 'taylor', settings: { images: 1 } }],
      'stages.0.settings.images',
    ],
    ['an unknown setting', [{ stage: 'score', method: 'l1', settings: { depth: 1 } }], 'stages.0.settings.depth'],
    ['a method that scores, in training', [{ stage: 'fine-tune', epochs: 1, method: 'l1' }], 'stages.0.method'],
    ['a method that scores, for ranks', [{ stage: 'truncate', method: 'l1', budget: 0.5 }], 'stages.0.method'],
    ['settings of nothing', [{ stage: 'fine-tune', epochs: 1, settings: { a: 1 } }], 'stages.0'],
    [
      'a cut by a method that trains ranks',
      [
        { stage: 'fine-tune', epochs: 1, method: 'trp' },
        { stage: 'prune', budget: 0.5 },
      ],
      'stages.1',
    ],
    [
      'ranks by other settings than those trained for',
      [
        { stage: 'fine-tune', epochs: 1, method: 'trp', settings: { scheme: 'spatial' } },
        { stage: 'truncate', method: 'trp', settings: { scheme: 'channel' }, budget: 1 },
      ],
      'stages.1.settings.scheme',
    ],
    [
      'centripetal SGD under another optimiser',
      [
        { stage: 'fine-tune', epochs: 1, method: 'csgd', optimiser: 'adam' },
        { stage: 'prune', budget: 0.5 },
      ],
      'stages.0.optimiser',
    ],
    [
      'filters beside trained ranks',
      [{ stage: 'truncate', method: 'trp', budget: 0.5, filters: true }],
      'stages.0.filters',
    ],
    [
      'a teacher that does not exist yet',
      [{ stage: 'pretrain', epochs: 1, distillation: 0.5 }],
      'stages.0.distillation',
    ],
  ])('with %s are refused at the right place', (_, stages, path) => {
    expect(() => checkRecipe(recipe(stages))).toThrow(expect.objectContaining({ name: 'RecipeError', path }));
  });

  it('look more often than their network can: refused at the stage, before anything is trained', () => {
    const asked = recipe([{ stage: 'evaluate', passes: 2 }]);
    const looksOnce = gatedGraph({ backbone: 'shallow', passes: 1 });
    for (const [graph, text] of [
      [graphFromText('input 8x8x3 / globalPool / dense 3'), 'has no passes'],
      [looksOnce, 'built for one look'],
    ] as const) {
      expect(() => checkLooks(asked, graph)).toThrow(expect.objectContaining({ path: 'stages.0.passes' }));
      expect(() => checkLooks(asked, graph)).toThrow(text);
    }
    expect(() => checkLooks(recipe([{ stage: 'evaluate', passes: 1 }]), looksOnce)).not.toThrow();
    expect(() => checkLooks(asked, gatedGraph({ backbone: 'shallow', passes: 4 }))).not.toThrow();
  });

  it('that are sound pass', () => {
    const stages: RecipeInput['stages'] = [
      { stage: 'pretrain', epochs: 1 },
      { stage: 'score', method: 'taylor', settings: { images: 64 } },
      { stage: 'prune', budget: 0.5 },
      { stage: 'score', method: 'l1' },
      { stage: 'prune', budget: 0.4 },
      { stage: 'truncate', budget: 0.3 },
      { stage: 'recalibrate' },
      { stage: 'fine-tune', epochs: 0.5, distillation: 0.3 },
      { stage: 'evaluate', split: 'test' },
    ];
    expect(() => checkRecipe(recipe(stages))).not.toThrow();
  });

  it('may truncate by the method that trained, by another, and by it again without training', () => {
    const trained = { stage: 'fine-tune', epochs: 1, method: 'trp', settings: { scheme: 'spatial' } } as const;
    const settings = { scheme: 'spatial', period: 5 };
    for (const truncate of [
      { method: 'trp' },
      { method: 'trp', settings },
      { method: 'svd', settings: { scheme: 'channel' } },
    ]) {
      expect(() => checkRecipe(recipe([trained, { stage: 'truncate', budget: 0.5, ...truncate }]))).not.toThrow();
    }
    const later = { stage: 'truncate', method: 'trp', settings: { scheme: 'channel' }, budget: 1 } as const;
    expect(() => checkRecipe(recipe([trained, { stage: 'fine-tune', epochs: 1 }, later]))).not.toThrow();
  });

  it('prune by exactly the rules the planner knows', () => {
    type PruneRules = Omit<Extract<Stage, { stage: 'prune' }>, 'stage'>;
    const rules: PruneRules = {
      budget: 0.5,
      allocation: 'global',
      reduction: 'mean',
      floor: 0.1,
      roundTo: 1,
      protect: [],
      keep: {},
      byHand: {},
    };
    const same: CutRules = rules;
    const keys: Record<keyof CutRules, keyof PruneRules> = {
      budget: 'budget',
      allocation: 'allocation',
      reduction: 'reduction',
      floor: 'floor',
      roundTo: 'roundTo',
      protect: 'protect',
      keep: 'keep',
      byHand: 'byHand',
    };
    expect(Object.keys(same).toSorted()).toEqual(Object.keys(keys).toSorted());
  });
});
