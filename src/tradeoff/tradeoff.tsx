/** Trade-off panel. */
import { Pane, PaneHeading } from '../ui/pane';

export function TradeOff() {
  return (
    <Pane label="Trade-off">
      <PaneHeading title="Trade-off" />
    </Pane>
  );
}
