/** What goes together: the filter under the pointer or the keyboard with all its slices, and why layers are locked. */
import { useMemo, useState } from 'react';
import { describeGroup, lockedLayers } from '../../workers/network/groups';
import { sliceText, slicesOf } from '../../workers/network/slices';
import { unitOf } from '../studio/hand-choices';
import { useStudio } from '../studio/store';
import { Button } from '../ui/button';
import type { Inspected } from './inspected';
import styles from './inspector.module.css';

export function CouplingTab({ inspected: { row, model } }: { readonly inspected: Inspected }) {
  const network = useStudio((state) => state.network);
  const hovered = useStudio(({ view }) => view.hovered);
  const [last, setLast] = useState(hovered);
  // The words stay when the pointer leaves the tree, so that they can be read and copied.
  if (hovered !== null && hovered !== last) setLast(hovered);
  const known = last !== null && model.rows.some(({ layer }) => layer === last.layer);
  const filter = known ? last : { layer: row.layer, channel: 0 };
  const graph = network?.view.graph ?? null;
  const slices = useMemo(
    () => (graph === null ? [] : slicesOf(graph, filter.layer, filter.channel)),
    [graph, filter.layer, filter.channel],
  );
  const locked = useMemo(() => (graph === null ? [] : [...lockedLayers(graph)]), [graph]);
  if (network === null) return null;

  const label = (layer: string): string => model.rows.find((other) => other.layer === layer)?.label ?? layer;
  const group = unitOf(network.groups, filter.layer, filter.channel)?.group;
  const title = `Filter ${filter.channel} of ${label(filter.layer)}`;
  const why = group === undefined ? '' : describeGroup(group);
  const lines = slices.map(sliceText);
  const reasons = locked.map(([layer, reason]) => `${label(layer)}: ${reason}`);
  const text = [`${title}: ${why}`, ...lines, '', 'Locked layers', ...reasons].join('\n');
  return (
    <div className={styles.coupling}>
      <p>
        <b>{title}</b>{' '}
        <Button kind="word" onClick={() => void navigator.clipboard.writeText(text)}>
          Copy
        </Button>
        <br />
        {why} {group?.locked === undefined ? 'Cut, these go with it:' : 'It holds:'}
      </p>
      <ul aria-label="Slices that go together">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p>
        <b>Locked layers</b>
      </p>
      <ul aria-label="Locked layers">
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
        {reasons.length === 0 ? <li>None: every layer can lose filters.</li> : null}
      </ul>
    </div>
  );
}
