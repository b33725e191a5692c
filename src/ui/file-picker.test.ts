import { describe, expect, it } from 'vitest';
import { namedByPath } from './file-picker';

describe('namedByPath', () => {
  it('names a file of a folder by its path, and leaves others as they are', async () => {
    const file = new File(['abc'], 'cat.png', { type: 'image/png', lastModified: 7 });
    const named = namedByPath(file, 'train/cats/cat.png');
    expect([named.name, named.type, named.lastModified]).toEqual(['train/cats/cat.png', 'image/png', 7]);
    expect(await named.text()).toBe('abc');
    expect(namedByPath(file, '')).toBe(file);
  });
});
