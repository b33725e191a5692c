import { describe, expect, it } from 'vitest';
import type { ChannelGroup } from '../../workers/network/groups';
import type { CutPlan } from '../../workers/network/plan';
import { tiedFilters, toggledByHand } from './hand-choices';

const tied: ChannelGroup = {
  id: 'stem',
  size: 3,
  members: [
    { layer: 'stem', channels: [[0], [1], [2]] },
    { layer: 'b', channels: [[4], [5], [6]] },
  ],
  reason: 'added together',
};
const locked: ChannelGroup = {
  id: 'classifier',
  size: 2,
  members: [{ layer: 'classifier', channels: [[0], [1]] }],
  reason: 'nothing',
  locked: 'classes',
};
const groups = [tied, locked];
const plan: CutPlan = {
  removed: { stem: [1], b: [5] },
  macs: 1,
  parameters: 1,
  share: 1,
  filters: { removed: 2, total: 6 },
};

describe('hand choices', () => {
  it('finds every copy of a tied filter', () => {
    expect(tiedFilters(groups, 'b', 6)).toEqual([
      { layer: 'stem', channel: 2 },
      { layer: 'b', channel: 6 },
    ]);
  });

  it('keeps a cut filter and cuts a kept one', () => {
    expect(toggledByHand({}, groups, plan, 'stem', 1)).toEqual({ stem: { cut: [], keep: [1] } });
    expect(toggledByHand({}, groups, plan, 'b', 4)).toEqual({ b: { cut: [4], keep: [] } });
  });

  it('replaces an older choice on another copy of the same filter', () => {
    const before = { b: { cut: [5, 4], keep: [] } };
    expect(toggledByHand(before, groups, plan, 'stem', 1)).toEqual({
      b: { cut: [4], keep: [] },
      stem: { cut: [], keep: [1] },
    });
  });

  it('leaves locked filters alone', () => {
    expect(toggledByHand({}, groups, plan, 'classifier', 0)).toBeNull();
  });
});
