import { describe, expect, it } from 'vitest';
import { recallView, rememberView } from './view-memory';

const storageWith = (value: string | null) => ({ getItem: () => value });

describe('view memory', () => {
  it('comes back as it was written', () => {
    let written = '';
    rememberView({ theme: 'dark', rowLength: 'weights', ladder: true }, { setItem: (_, value) => (written = value) });
    expect(recallView(storageWith(written))).toEqual({ theme: 'dark', rowLength: 'weights', ladder: true });
  });

  it.each(['', '{', 'null', '7', '{"theme":"blue","order":3,"ladder":"yes"}'])(
    'takes %j for nothing remembered',
    (text) => {
      expect(recallView(storageWith(text))).toEqual({});
    },
  );

  it('survives a storage that throws', () => {
    const denied = () => {
      throw new Error('denied');
    };
    expect(recallView({ getItem: denied })).toEqual({});
    expect(() => rememberView({ theme: 'dark' }, { setItem: denied })).not.toThrow();
  });
});
