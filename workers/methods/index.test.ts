import { describe, expect, it } from 'vitest';
import { catalogue, methodById, methods } from './index';
import { MethodError } from './method';
import { checkSettings } from './settings';

describe('the registry', () => {
  it('has distinct ids, and finds each method by its own', () => {
    expect(new Set(methods.map((method) => method.id)).size).toBe(methods.length);
    for (const method of methods) expect(methodById(method.id)).toBe(method);
  });

  it('names the known methods when asked for another', () => {
    expect(() => methodById('l3')).toThrow(MethodError);
    expect(() => methodById('l3')).toThrow(/There is no method "l3". Known methods: l1, l2, fpgm, /);
  });

  it('gives the page plain data', () => {
    expect(structuredClone(catalogue())).toEqual(catalogue());
    for (const declaration of catalogue()) expect(declaration).not.toHaveProperty('begin');
  });

  it.each(methods.map((method) => [method.id, method] as const))(
    '%s declares settings that its own check takes',
    (_, method) => {
      const defaults = Object.entries(method.settings).map(([name, setting]) => [name, setting.default]);
      expect(checkSettings(method.settings, Object.fromEntries(defaults))).toEqual(Object.fromEntries(defaults));
      expect(method.summary).toMatch(/\.$/);
      if (method.id !== 'random') expect(method.citation).toMatch(/\b(19|20)\d\d$/);
    },
  );
});
