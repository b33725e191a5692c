/**
 * A lesson: data, not code. Steps of predict, do, see and explain, each of which asks for something: a state of the
 * studio that is checked, or an answer. `docs/lessons.md` says how to write one; the published JSON schema
 * (`public/lessons/lesson.schema.json`) is made from these declarations.
 */
import * as v from 'valibot';
import {
  CutRulesSchema,
  DataSourceSchema,
  NetworkSourceSchema,
  SettingsSchema,
  TrainingChangeSchema,
} from '../../workers/protocol-schema';
import { ViewSchema } from '../sharing/setup';
import { parseDocument, type Upgrades } from '../sharing/versions';
import { conditionSchema } from './conditions';
import { controls, panels } from './vocabulary';

const name = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'expected small letters, digits and hyphens'));
/** Running text; `**bold**`, and `{value}` for what the studio measures now. */
const prose = v.pipe(v.string(), v.minLength(1), v.maxLength(2000));
const line = v.pipe(v.string(), v.minLength(1), v.maxLength(300));
const layer = v.pipe(v.string(), v.minLength(1), v.maxLength(200));

const BlockSchema = v.union([
  prose,
  v.strictObject({
    /** TeX, typeset as MathML. */
    formula: v.pipe(v.string(), v.minLength(1), v.maxLength(500)),
    /** What each sign means. */
    where: v.optional(v.array(v.strictTuple([line, line])), []),
  }),
  /** Layers of the open network as kernels that slide over their positions. */
  v.strictObject({ positions: v.pipe(v.array(layer), v.minLength(1), v.maxLength(3)) }),
  /** Filters cut and compute saved so far, stage by stage. */
  v.strictObject({ table: v.literal('stages') }),
  /** Filters that are cut together with those of the layer, and why. */
  v.strictObject({ tied: layer }),
  /** Runs of this network: what they kept and how they ended. */
  v.strictObject({ runs: v.pipe(v.array(v.string()), v.minLength(1)) }),
]);

const QuestionSchema = v.variant('kind', [
  v.strictObject({
    id: name,
    kind: v.literal('choice'),
    ask: line,
    options: v.pipe(v.array(line), v.minLength(2), v.maxLength(8)),
  }),
  v.strictObject({
    id: name,
    kind: v.literal('number'),
    ask: line,
    unit: v.optional(line),
    min: v.number(),
    max: v.number(),
  }),
  v.strictObject({ id: name, kind: v.literal('text'), ask: line }),
]);

const trainingChange = v.omit(TrainingChangeSchema, ['method', 'settings']);

/** What a lesson sets in the studio: what is left out stays as it is. */
const ArrangementSchema = v.strictObject({
  network: v.optional(NetworkSourceSchema),
  data: v.optional(DataSourceSchema),
  method: v.optional(v.string()),
  settings: v.optional(SettingsSchema),
  rules: v.optional(v.partial(CutRulesSchema)),
  /** Ranks decided by hand, by layer. */
  ranks: v.optional(v.record(layer, v.pipe(v.number(), v.integer(), v.minValue(1)))),
  training: v.optional(trainingChange),
  fineTune: v.optional(trainingChange),
  view: v.optional(ViewSchema),
  /** Starts the run the recipe line shows. */
  run: v.optional(v.literal(true)),
  /** Plays a recorded run that ships with the studio. */
  replay: v.optional(name),
});

const StepSchema = v.pipe(
  v.strictObject({
    kind: v.picklist(['predict', 'do', 'see', 'explain']),
    title: line,
    body: v.optional(v.array(BlockSchema), []),
    /** What to do, in one sentence. */
    task: v.optional(prose),
    /** The state that fulfils the task. */
    target: v.optional(conditionSchema),
    question: v.optional(QuestionSchema),
    /** Set when the step begins. */
    arrange: v.optional(ArrangementSchema),
    /** What "Show me" does: it must lead to the target. */
    demo: v.optional(ArrangementSchema),
    /** Controls that work from this step on. */
    unlock: v.optional(v.array(v.picklist(controls)), []),
    /** Panels that are there from this step on. */
    show: v.optional(v.array(v.picklist(panels)), []),
  }),
  v.check(
    ({ target, question }) => target !== undefined || question !== undefined,
    'a step needs a "target" or a "question": nothing is done by reading alone',
  ),
  v.check(({ kind, question }) => kind !== 'predict' || question !== undefined, 'a prediction needs a "question"'),
  v.check(
    ({ target, task }) => (target === undefined) === (task === undefined),
    '"task" and "target" go together: one says what the other checks',
  ),
);

export const LessonSchema = v.pipe(
  v.strictObject({
    $schema: v.optional(v.string()),
    kind: v.literal('espalier-lesson'),
    version: v.literal(1),
    id: name,
    title: line,
    /** One sentence for the list of lessons. */
    summary: line,
    minutes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(240)),
    /** What is open when the lesson begins. */
    begin: ArrangementSchema,
    steps: v.pipe(v.array(StepSchema), v.minLength(1), v.maxLength(40)),
  }),
  v.check(({ steps }) => {
    const ids = steps.flatMap(({ question }) => (question === undefined ? [] : [question.id]));
    return new Set(ids).size === ids.length;
  }, 'two questions have the same "id"'),
);

export type Lesson = v.InferOutput<typeof LessonSchema>;
export type Step = Lesson['steps'][number];
export type Block = v.InferOutput<typeof BlockSchema>;
export type Question = v.InferOutput<typeof QuestionSchema>;
export type Arrangement = v.InferOutput<typeof ArrangementSchema>;

/** None yet: version 1 is the first. */
const upgrades: Upgrades = [];

/** Throws `DocumentError` naming the first wrong place: "steps.2.target.budget". */
export function parseLesson(json: unknown, what: string): Lesson {
  return parseDocument(LessonSchema, upgrades, json, what);
}

export function isLesson(json: unknown): boolean {
  return v.is(v.object({ kind: v.literal('espalier-lesson') }), json);
}
