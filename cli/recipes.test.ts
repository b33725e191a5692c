import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { methods } from '../workers/methods';
import { parseRecipe, RecipeError } from '../workers/session/recipe';
import { recipeSchemaText } from './schema';

const folder = new URL('../recipes/', import.meta.url).pathname;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.json') && !name.endsWith('schema.json'),
);

describe('the recipes of this repository', () => {
  it.each(files)('%s is a recipe', (name) => {
    const json: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    expect(parseRecipe(json)).toMatchObject({ version: 1 });
  });

  it('hold a quick one for every method', () => {
    const quick = files
      .filter((name) => name.startsWith('quick/'))
      .map((name) => name.slice('quick/'.length, -'.json'.length));
    // Gating is a kind of network, not a stage: one recipe shows RIGNet, and DIGNet is one word away.
    const shown = methods.map(({ id }) => (id === 'rignet' || id === 'dignet' ? 'gating' : id));
    expect(quick.toSorted()).toEqual([...new Set(shown)].toSorted());
  });

  it('have the schema that also checks them: renew it with "npm run -s espalier -- schema > recipes/recipe.schema.json"', () => {
    expect(readFileSync(join(folder, 'recipe.schema.json'), 'utf8')).toBe(recipeSchemaText());
  });
});

it('names the wrong place of a nonsense recipe', () => {
  const recipe: unknown = {
    version: 1,
    name: 'n',
    network: { source: 'shipped', id: 'x' },
    data: { source: 'shapes10' },
    stages: [
      { stage: 'score', method: 'l1' },
      { stage: 'prune', budget: 7 },
    ],
  };
  const parse = (): unknown => parseRecipe(recipe);
  expect(parse).toThrow(RecipeError);
  expect(parse).toThrow('"stages.1.budget"');
});
