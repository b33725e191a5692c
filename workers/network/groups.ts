/**
 * Channel groups: which filters, batch-norm channels and input slices must be cut together, and which never.
 */
import type { ChannelIndex, LayerId } from './graph';

/** The channels one weighted layer contributes to a group. */
export interface GroupMember {
  readonly layer: LayerId;
  /** `channels[unit]` = output channels of `layer` that belong to that unit (more than one in grouped convolutions). */
  readonly channels: readonly (readonly ChannelIndex[])[];
}

/**
 * A block of units with identical coupling. A unit is what is kept or cut as one: one filter of every member layer.
 * A layer's filters may be spread over several groups (option-A shortcuts tie some of them to the stage before).
 */
export interface ChannelGroup {
  /** Stable within one graph: `<first member layer>` or `<first member layer>#<ordinal>`. */
  readonly id: string;
  /** Number of units. */
  readonly size: number;
  readonly members: readonly GroupMember[];
  /** Why the members must go together, or that there is nothing to tie: shown to people. */
  readonly reason: string;
  /** Why no unit can be cut; absent when they can. */
  readonly locked?: string | undefined;
}
