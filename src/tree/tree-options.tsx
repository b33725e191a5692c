/** Over the tree: what colour, length and order mean. */
import type { FilterOrder, RowLength } from '../studio/state';
import { builtLooks, drawnLook } from '../studio/looking';
import { fittingMethods } from '../studio/methods';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { ChoiceMenu, type Choice } from '../ui/menu';
import { methodStyle } from '../ui/method-style';
import { RampKey } from '../ui/ramp-key';
import { ComparedKey } from './compared-key';
import { gatesOf } from './gates';
import { gatesSeen } from './look-gates';
import styles from './tree.module.css';

const lengths: readonly Choice<RowLength>[] = [
  { id: 'multiply-adds', title: 'multiply-adds', detail: 'One multiply and one add of a convolution or dense layer.' },
  { id: 'weights', title: 'weights', detail: 'Numbers in the kernel: what the file grows with.' },
  { id: 'filters', title: 'filters', detail: 'Output channels of the layer.' },
];

const orders: readonly Choice<FilterOrder>[] = [
  { id: 'strongest first', title: 'strongest first', detail: 'Tied rows share one order.' },
  { id: 'as stored', title: 'as stored', detail: 'The order in the file.' },
];

const scoreEnds = { low: 'low', high: 'high', hollow: 'cut' } as const;
const gateEnds = { low: 'closed', high: 'open', hollow: 'cut' } as const;

export function TreeOptions() {
  const rowLength = useStudio(({ view }) => view.rowLength);
  const order = useStudio(({ view }) => view.order);
  const isComparing = useStudio(({ view }) => view.side === 'compare');
  const showsGates = useStudio((state) => gatesSeen(state) !== null);
  return (
    <div className={styles.options}>
      <LookChoice />
      <span>
        Colour <MethodMenu />
      </span>
      <LiveWord />
      <span>
        Row length{' '}
        <ChoiceMenu
          label="Row length"
          choices={lengths}
          value={rowLength}
          onChoose={(id) => actions.show({ rowLength: id })}
        />
      </span>
      {showsGates ? null : (
        <span className={styles.wide}>
          Order{' '}
          <ChoiceMenu label="Order" choices={orders} value={order} onChoose={(id) => actions.show({ order: id })} />
        </span>
      )}
      <Steps />
      <ScoringNote />
      <span className={styles.ramp}>
        {isComparing ? <ComparedKey /> : <RampKey {...(showsGates ? gateEnds : scoreEnds)} />}
      </span>
    </div>
  );
}

/** Whose rows the tree draws; keys 1 to 4 on the sheet of looks. */
function LookChoice() {
  const built = useStudio(({ network }) => builtLooks(network));
  const look = useStudio(drawnLook);
  if (built < 2) return null;
  return (
    <span role="radiogroup" aria-label="Look of the tree" className={styles.looks}>
      Look{' '}
      {Array.from({ length: built }, (_, at) => at + 1).map((at) => (
        <button
          key={at}
          type="button"
          role="radio"
          aria-checked={at === look}
          onClick={() => actions.show({ look: at })}
        >
          {at}
        </button>
      ))}
    </span>
  );
}

/** Choosing what colours the cells is choosing what decides the cut: they never show different things. */
export function MethodMenu() {
  const known = useStudio(({ engine }) => engine.methods);
  const network = useStudio((state) => state.network);
  const methods = fittingMethods(known, network);
  const method = useStudio(({ scoring }) => scoring.method);
  const choices = methods.map(({ id, title, summary }): Choice<string> => ({
    id,
    title,
    detail: summary,
  }));
  // The engine, which knows the methods, may still be starting.
  if (choices.length === 0) choices.push({ id: method, title: methodStyle(method).title });
  return (
    <ChoiceMenu
      label="Importance"
      choices={choices}
      value={method}
      onChoose={(id) => {
        if (id !== method) actions.chooseMethod(id);
      }}
    />
  );
}

/** While a run trains gates or clusters of this network the tree shows them, or the plan a person tries out meanwhile. */
function LiveWord() {
  const canShow = useStudio((state) => gatesOf(state) !== null);
  const isLive = useStudio(({ view }) => view.live);
  if (!canShow) return null;
  return (
    <Button
      kind="word"
      aria-pressed={isLive}
      title={isLive ? 'What the run that trains keeps; press for the plan' : 'The plan; press for what the run keeps'}
      onClick={() => actions.show({ live: !isLive })}
    >
      {isLive ? 'live' : 'preview'}
    </Button>
  );
}

/** Undo for hands without keys; there only when there is something to undo. */
function Steps() {
  const canUndo = useStudio((state) => state.canUndo);
  const canRedo = useStudio((state) => state.canRedo);
  return (
    <>
      {canUndo ? (
        <Button kind="word" onClick={() => actions.undo()} title="Undo (Ctrl or ⌘ Z)">
          Undo
        </Button>
      ) : null}
      {canRedo ? (
        <Button kind="word" onClick={() => actions.redo()} title="Redo (Ctrl or ⌘ Shift Z)">
          Redo
        </Button>
      ) : null}
    </>
  );
}

function ScoringNote() {
  const note = useStudio(({ scoring }) => (scoring.state === 'scoring' ? scoring.note : null));
  return note === null ? null : <span className={styles.busy}>{note} …</span>;
}
