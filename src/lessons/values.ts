/** Values a lesson's text may name in braces: what the studio measures now, written as everywhere else. */
import { standsFor } from '../studio/run-facts';
import type { StudioState } from '../studio/state';
import { formatBudget } from '../tradeoff/budget-view';
import { formatAccuracy, formatCount, formatInteger, formatPercent } from '../ui/format';

const optional = (share: number | null | undefined): string =>
  share === null || share === undefined ? 'not yet measured' : formatAccuracy(share);

export const lessonValues = {
  original: ({ network }) => optional(network?.accuracy),
  cut: ({ preview }) => optional(preview.accuracy),
  recalibrated: ({ preview }) => optional(preview.recalibrated),
  budget: ({ rules }) => formatBudget(rules.budget),
  kept: ({ plan }) => (plan === null ? '' : formatPercent(plan.share, 1)),
  removed: ({ plan }) => formatInteger(plan?.filters.removed ?? 0),
  filters: ({ plan }) => formatInteger(plan?.filters.total ?? 0),
  macs: ({ network }) => formatCount(network?.macs ?? 0),
  parameters: ({ network }) => formatInteger(network?.parameters ?? 0),
  ended: (state) => optional(newest(state)?.result?.accuracy.final),
  proof: (state) => newest(state)?.result?.proof.maxAbsLogitDifference?.toPrecision(2) ?? 'not yet measured',
} as const satisfies Readonly<Record<string, (state: StudioState) => string>>;

/** The newest run of this browser, or replay, that came to its end. */
function newest({ runs }: StudioState) {
  return runs
    .filter((run) => run.origin !== 'reference' && run.state === 'finished' && standsFor(run) !== null)
    .toSorted((one, other) => other.started - one.started)[0];
}

export interface Piece {
  readonly kind: 'text' | 'bold' | 'value';
  readonly text: string;
}

/** "Keep **half** of {macs}." in pieces; a value is the name in braces. */
export function pieces(prose: string): readonly Piece[] {
  return prose
    .split(/(\*\*[^*]+\*\*|\{[a-z]+\})/)
    .filter((text) => text !== '')
    .map((text): Piece => {
      if (text.startsWith('**') && text.endsWith('**')) return { kind: 'bold', text: text.slice(2, -2) };
      if (text.startsWith('{') && text.endsWith('}')) return { kind: 'value', text: text.slice(1, -1) };
      return { kind: 'text', text };
    });
}
