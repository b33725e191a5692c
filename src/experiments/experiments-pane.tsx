/** How the runs came about, beside the tree: every network a run made is a node that opens, forks, and runs again. */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { formatAccuracy } from '../ui/format';
import { MethodMark } from '../ui/method-mark';
import { Pane, PaneHeading } from '../ui/pane';
import { methodOf } from '../studio/run-facts';
import { nameOf } from '../runs/rows';
import { NodeFacts } from './node-facts';
import { experimentTree, type ExperimentNode } from './tree';
import styles from './experiments.module.css';

/** Pixels between steps, and between runs. */
const STEP = 104;
const LINE = 34;

export function ExperimentsPane() {
  const all = useStudio((state) => state.runs);
  const nodes = useMemo(() => experimentTree(all.filter(({ origin }) => origin === 'here')), [all]);
  const [wished, setWished] = useState<string | null>(null);
  const chosen = nodes.find(({ key }) => key === wished) ?? nodes[0] ?? null;
  return (
    <Pane label="Experiments">
      <PaneHeading
        title="Experiments"
        note="every step a run took"
        end={
          <Button kind="word" onClick={() => actions.show({ side: 'chart', outlined: null })}>
            Close
          </Button>
        }
      />
      {chosen === null ? (
        <p className={styles.note}>Carry out a cut and its steps appear here.</p>
      ) : (
        <>
          <NodeTree nodes={nodes} chosen={chosen} onChoose={setWished} />
          <NodeFacts key={chosen.key} node={chosen} nodes={nodes} />
        </>
      )}
    </Pane>
  );
}

interface NodeTreeProps {
  readonly nodes: readonly ExperimentNode[];
  readonly chosen: ExperimentNode;
  readonly onChoose: (key: string) => void;
}

function NodeTree({ nodes, chosen, onChoose }: NodeTreeProps) {
  const items = useRef(new Map<string, HTMLElement>());
  const open = useStudio(({ network }) => network?.view.source ?? null);
  const moved = useRef(false);
  useEffect(() => {
    // Only after a key: opening the pane must not take the focus from where it is.
    if (moved.current) items.current.get(chosen.key)?.focus();
    moved.current = false;
  }, [chosen]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const next = neighbour(nodes, chosen, event.key);
    if (next === null) return;
    event.preventDefault();
    moved.current = true;
    onChoose(next.key);
  };
  const width = (Math.max(...nodes.map(({ depth }) => depth)) + 1) * STEP + 40;
  const height = (Math.max(...nodes.map(({ line }) => line)) + 1) * LINE;
  return (
    <div className={styles.scroll}>
      <div className={styles.tree} role="tree" aria-label="Experiment tree" style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          {nodes.map((node) => {
            const parent = nodes.find(({ key }) => key === node.parent);
            return parent === undefined ? null : <path key={node.key} d={wire(parent, node)} />;
          })}
        </svg>
        {nodes.map((node) => {
          const { key, run, candidate, source, depth, line } = node;
          const isOpen =
            open !== null &&
            (candidate === null
              ? run === null && JSON.stringify(open) === JSON.stringify(source)
              : open.source === 'candidate' && open.run === candidate.run && open.candidate === candidate.id);
          return (
            <div
              key={key}
              ref={(element) => {
                if (element === null) items.current.delete(key);
                else items.current.set(key, element);
              }}
              role="treeitem"
              tabIndex={key === chosen.key ? 0 : -1}
              aria-level={depth + 1}
              aria-selected={key === chosen.key}
              aria-label={nodeText(node, isOpen)}
              data-open={isOpen}
              className={styles.node}
              style={{ left: depth * STEP, top: line * LINE }}
              onClick={() => onChoose(key)}
              onKeyDown={onKeyDown}
              onPointerEnter={() => outline(node)}
              onPointerLeave={() => outline(null)}
            >
              <MethodMark method={run === null ? null : methodOf(run.recipe)} hollow={candidate?.accuracy === null} />
              <span>
                {node.title}
                <small>{figureOf(node)}</small>
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Along the branch with left and right, through all of them in reading order with up and down. */
function neighbour(nodes: readonly ExperimentNode[], from: ExperimentNode, pressed: string): ExperimentNode | null {
  const at = nodes.indexOf(from);
  switch (pressed) {
    case 'ArrowDown':
      return nodes[at + 1] ?? null;
    case 'ArrowUp':
      return nodes[at - 1] ?? null;
    case 'ArrowLeft':
      return nodes.find(({ key }) => key === from.parent) ?? null;
    case 'ArrowRight':
      return nodes.find(({ parent }) => parent === from.key) ?? null;
    case 'Home':
      return nodes[0] ?? null;
    case 'End':
      return nodes.at(-1) ?? null;
    default:
      return null;
  }
}

function wire(from: ExperimentNode, to: ExperimentNode): string {
  const [x1, y1] = [from.depth * STEP + 9, from.line * LINE + 10];
  const [x2, y2] = [to.depth * STEP + 9, to.line * LINE + 10];
  return y1 === y2 ? `M${x1} ${y1}H${x2}` : `M${x1} ${y1}V${y2}H${x2}`;
}

function figureOf({ candidate, run }: ExperimentNode): string {
  if (candidate === null) return '';
  const accuracy = candidate.accuracy === null ? '' : formatAccuracy(candidate.accuracy);
  return run === null ? accuracy : ` ${accuracy}`;
}

function nodeText(node: ExperimentNode, isOpen: boolean): string {
  const { title, run } = node;
  const of = run === null ? '' : ` of ${nameOf(run)}`;
  return `${title}${of}${figureOf(node)}${isOpen ? ', open' : ''}`;
}

function outline(node: ExperimentNode | null): void {
  const candidate = node?.candidate ?? null;
  actions.show({ outlined: candidate === null ? null : { run: candidate.run, candidate: candidate.id } });
}
