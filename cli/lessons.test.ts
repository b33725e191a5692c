/** Every shipped lesson against the studio as it is: its controls, methods, layers, formulas and ways through. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import temml from 'temml';
import { describe, expect, it } from 'vitest';
import { parseLesson, type Arrangement, type Lesson } from '../src/lessons/lesson-file';
import { shippedLessons } from '../src/lessons/shipped';
import { lessonValues, pieces } from '../src/lessons/values';
import { gestureControls } from '../src/lessons/vocabulary';
import { methodById } from '../workers/methods';
import { checkSettings } from '../workers/methods/settings';
import { buildZooNetwork } from '../workers/network/zoo';
import { gatedGraph } from '../workers/network/zoo/gating';
import { lessonSchemaText } from './schema';

const folder = new URL('../public/lessons/', import.meta.url).pathname;
const read = (id: string): unknown => JSON.parse(readFileSync(join(folder, `${id}.json`), 'utf8'));
const lessons = shippedLessons.map((id) => [id, parseLesson(read(id), id)] as const);

/** Layers of the networks lessons begin with. */
const layersOf: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  (['resnet8', 'resnet20'] as const).map((architecture) => [
    `${architecture}-shapes10`,
    new Set(buildZooNetwork({ architecture, shortcut: 'projection', seed: 1 }).graph.layers.map(({ id }) => id)),
  ]),
);

function layersOfSource(source: Arrangement['network']): ReadonlySet<string> {
  if (source?.source === 'shipped') return layersOf[source.id] ?? new Set();
  if (source?.source !== 'gated') throw new Error('Another kind of network: teach this test about it.');
  const { source: _, ...options } = source;
  return new Set(gatedGraph(options).layers.map(({ id }) => id));
}

/** Every value under `key`, however deep, and the keys of records that go by layer. */
function found(json: unknown, key: string): unknown[] {
  if (Array.isArray(json)) return json.flatMap((entry) => found(entry, key));
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => (name === key ? [value] : found(value, key)));
}

const arrangements = ({ begin, steps }: Lesson): readonly Arrangement[] => [
  begin,
  ...steps.flatMap(({ arrange, demo }) => [arrange, demo].filter((change) => change !== undefined)),
];

const conditionsOf = (target: Lesson['steps'][number]['target']): readonly Readonly<Record<string, unknown>>[] =>
  target === undefined ? [] : 'all' in target ? target.all : [target];

describe('the shipped lessons', () => {
  it('are all listed, and nothing else is there', () => {
    const files = readdirSync(folder).filter((name) => name !== 'lesson.schema.json');
    expect(files.toSorted()).toEqual(shippedLessons.map((id) => `${id}.json`).toSorted());
  });

  it('have the schema that also checks them: renew it with "npm run -s espalier -- schema lesson > public/lessons/lesson.schema.json"', () => {
    expect(readFileSync(join(folder, 'lesson.schema.json'), 'utf8')).toBe(lessonSchemaText());
  });

  it.each(lessons)('%s speaks of layers its network has', (_, lesson) => {
    const known = layersOfSource(lesson.begin.network);
    const named = [
      ...found(lesson, 'layer').flatMap((value) => (typeof value === 'string' ? [value] : [])),
      ...found(lesson, 'positions').flat(),
      ...found(lesson, 'tied'),
      ...found(lesson, 'protected'),
      ...found(lesson, 'protect').flat(),
      ...['byHand', 'keep', 'ranks'].flatMap((key) =>
        found(lesson, key).flatMap((record) => (typeof record === 'object' ? Object.keys(record ?? {}) : [])),
      ),
    ].filter((value) => value !== 'protect' && value !== 'ranks' && value !== 'from' && value !== 'to');
    expect(named.length).toBeGreaterThan(0);
    for (const layer of named) if (layer !== 'layer') expect([...known]).toContain(layer);
  });

  it.each(lessons)('%s uses methods and settings there are', (_, lesson) => {
    for (const { method, settings } of arrangements(lesson)) {
      if (method !== undefined) checkSettings(methodById(method).settings, settings ?? {});
      else expect(settings).toBeUndefined();
    }
    for (const methods of found(lesson, 'runs')) {
      for (const id of Array.isArray(methods) ? (methods as string[]).filter((name) => name !== 'runs') : [])
        methodById(id);
    }
  });

  it.each(lessons)('%s writes formulas that can be set, and names values that are measured', (_, { steps }) => {
    for (const block of steps.flatMap(({ body }) => body)) {
      if (typeof block === 'string') {
        for (const { kind, text } of pieces(block))
          if (kind === 'value') expect(Object.keys(lessonValues)).toContain(text);
      } else if ('formula' in block) {
        for (const tex of [block.formula, ...block.where.map(([sign]) => sign)]) {
          expect(temml.renderToString(tex, { throwOnError: true, strict: true })).toContain('<math');
        }
      }
    }
  });

  it.each(lessons)(
    '%s can be done: what a step asks for is unlocked, and every task has a way shown',
    (_, { steps }) => {
      const open = new Set<string>();
      const shown = new Set<string>();
      const byCondition: Readonly<Record<string, string>> = {
        budget: 'budget',
        method: 'method',
        rowLength: 'row-length',
        allocation: 'rules',
        cutFilters: 'filters',
        byHand: 'filters',
        protected: 'protect',
        rank: 'ranks',
        run: 'run',
        compared: 'compare',
      };
      expect(new Set(Object.values(gestureControls))).toEqual(
        new Set([
          ...Object.values(byCondition).filter((control) => control !== 'row-length'),
          'network',
          'data',
          'training',
        ]),
      );
      for (const { title, target, demo, unlock, show } of steps) {
        for (const control of unlock) open.add(control);
        for (const panel of show) shown.add(panel);
        if (target === undefined) continue;
        expect(demo, `"${title}" has nothing to show`).toBeDefined();
        for (const [key] of conditionsOf(target).flatMap((one) => Object.entries(one))) {
          const control = byCondition[key];
          if (control !== undefined) expect([...open], `"${title}" asks for ${key}`).toContain(control);
          // These controls are in the recipe line.
          if (['method', 'run', 'allocation'].includes(key)) expect([...shown], title).toContain('recipe');
        }
      }
    },
  );
});

it('names the wrong place of a lesson that is no lesson', () => {
  const [, lesson] = lessons[0] ?? [];
  const wrong = { ...lesson, steps: [{ kind: 'do', title: 'x', task: 'y', target: { colour: 'green' } }] };
  expect(() => parseLesson(wrong, '"mine.json"')).toThrow(/"mine.json" is wrong at "steps.0.target.colour"/);
  const idle = { ...lesson, steps: [{ kind: 'explain', title: 'x', body: ['read this'] }] };
  expect(() => parseLesson(idle, '"mine.json"')).toThrow(/"steps.0".*nothing is done by reading alone/);
});
