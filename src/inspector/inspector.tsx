/** Inspector panel. */
import { Pane, PaneHeading } from '../ui/pane';

export function Inspector() {
  return (
    <Pane label="Inspector">
      <PaneHeading title="Inspector" />
    </Pane>
  );
}
