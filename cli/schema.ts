/** `espalier schema`: the recipe's JSON schema, from the one declaration that also checks recipes. */
import { toJsonSchema } from '@valibot/to-json-schema';
import { RecipeSchema } from '../workers/session/recipe';
import { readParameters } from './usage';

/** The schema as text, ending in a line break. */
export function recipeSchemaText(): string {
  const schema = {
    title: 'Espalier recipe',
    ...toJsonSchema(RecipeSchema, { typeMode: 'input', errorMode: 'ignore' }),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

export async function schema(parameters: readonly string[]): Promise<void> {
  readParameters(parameters, {});
  process.stdout.write(recipeSchemaText());
  return Promise.resolve();
}
