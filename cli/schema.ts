/** `espalier schema`: the JSON schema of recipes, or of lessons, from the one declaration that also checks them. */
import { toJsonSchema } from '@valibot/to-json-schema';
import { LessonSchema } from '../src/lessons/lesson-file';
import { RecipeSchema } from '../workers/session/recipe';
import { onlyOne, readParameters, UsageError } from './usage';

const options = { typeMode: 'input', errorMode: 'ignore' } as const;

/** The schema as text, ending in a line break. */
export function recipeSchemaText(): string {
  return text('Espalier recipe', toJsonSchema(RecipeSchema, options));
}

export function lessonSchemaText(): string {
  return text('Espalier lesson', toJsonSchema(LessonSchema, options));
}

function text(title: string, schema: object): string {
  return `${JSON.stringify({ title, ...schema }, null, 2)}\n`;
}

export async function schema(parameters: readonly string[]): Promise<void> {
  const { positional } = readParameters(parameters, {});
  const kind = positional.length === 0 ? 'recipe' : onlyOne(positional, 'recipe|lesson');
  if (kind !== 'recipe' && kind !== 'lesson') throw new UsageError(`There is no schema "${kind}": recipe or lesson.`);
  process.stdout.write(kind === 'recipe' ? recipeSchemaText() : lessonSchemaText());
  return Promise.resolve();
}
