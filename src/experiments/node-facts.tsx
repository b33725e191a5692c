/** One node of the experiment tree: its recipe up to here, what was measured, its hash, and what can be done from it. */
import { useState } from 'react';
import type { Stage } from '../../workers/protocol';
import { isOpen, isSameTick } from '../studio/run-facts';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { formatAccuracy, formatCount, formatInteger, formatPercent } from '../ui/format';
import { methodStyle } from '../ui/method-style';
import { nameOf } from '../runs/rows';
import type { ExperimentNode } from './tree';
import styles from './experiments.module.css';

interface NodeFactsProps {
  readonly node: ExperimentNode;
  readonly nodes: readonly ExperimentNode[];
}

export function NodeFacts({ node, nodes }: NodeFactsProps) {
  const { run, candidate } = node;
  const [isRenaming, setIsRenaming] = useState(false);
  return (
    <section className={styles.facts} aria-label="The chosen step">
      <h3>
        {run === null ? node.title : `${node.title}, ${nameOf(run)}`}
        {run === null ? null : <small>{run.name}</small>}
      </h3>
      <Recipe node={node} />
      {candidate === null ? null : (
        <p>
          {formatPercent(candidate.share, 1)} of the compute, {formatCount(candidate.macs)} multiply-adds,{' '}
          {formatInteger(candidate.parameters)} weights.{' '}
          {candidate.accuracy === null
            ? 'Not measured.'
            : `${formatAccuracy(candidate.accuracy)} on ${formatInteger(candidate.images)} ${candidate.split} images.`}
        </p>
      )}
      <Hash node={node} />
      {isRenaming && candidate !== null ? (
        <Rename
          name={node.title}
          onName={(name) => {
            setIsRenaming(false);
            if (name !== null) void actions.rename(candidate, name);
          }}
        />
      ) : (
        <NodeActions
          node={node}
          parent={nodes.find(({ key }) => key === node.parent) ?? null}
          onRename={() => setIsRenaming(true)}
        />
      )}
    </section>
  );
}

/** "score by L1, prune to 50 %, recalibrate": the stages that led here. */
function Recipe({ node: { run, candidate } }: { readonly node: ExperimentNode }) {
  if (run === null) return null;
  const { stages } = run.recipe;
  const done = candidate?.stageIndex === undefined ? stages : stages.slice(0, candidate.stageIndex + 1);
  return (
    <p>
      {done.map(stageText).join(', ')}; seed {run.recipe.seed}.
    </p>
  );
}

function stageText(stage: Stage): string {
  switch (stage.stage) {
    case 'score':
      return `score by ${methodStyle(stage.method).title}`;
    case 'prune':
      return `prune to ${formatPercent(stage.budget)}`;
    case 'truncate':
      return `truncate by ${methodStyle(stage.method).title} to ${formatPercent(stage.budget)}`;
    case 'pretrain':
    case 'fine-tune':
      return `${stage.stage} ${stage.epochs} epochs${stage.method === undefined ? '' : ` with ${methodStyle(stage.method).title}`}`;
    case 'evaluate':
      return `evaluate on ${stage.split}${stage.passes === undefined ? '' : `, ${stage.passes} looks`}`;
    default:
      return stage.stage;
  }
}

/** The content hash; once the node is open, whether what was opened is the same network. */
function Hash({ node: { candidate } }: { readonly node: ExperimentNode }) {
  const open = useStudio(({ network }) => network?.view ?? null);
  const hash = candidate?.hash;
  if (hash === undefined) return null;
  const isOpen =
    open?.source.source === 'candidate' && open.source.run === candidate?.run && open.source.candidate === candidate.id;
  return (
    <p>
      SHA-256 <code title={hash}>{hash.slice(0, 16)}</code>
      {isOpen ? (open.hash === hash ? ', open now: equal' : ', open now: not equal') : ''}
    </p>
  );
}

interface NodeActionsProps {
  readonly node: ExperimentNode;
  readonly parent: ExperimentNode | null;
  readonly onRename: () => void;
}

function NodeActions({ node: { run, candidate, source }, parent, onRename }: NodeActionsProps) {
  const isBusy = useStudio(({ activeRun }) => activeRun !== null);
  const ticked = useStudio(({ view }) => view.ticked);
  const [isDeleting, setIsDeleting] = useState(false);
  if (run === null) {
    return (
      <p className={styles.actions}>
        <Button kind="word" onClick={() => void actions.openNetwork(source)} disabled={source.source === 'file'}>
          Open
        </Button>
      </p>
    );
  }
  if (isDeleting) {
    return (
      <p className={styles.actions}>
        <span>All steps of this run go; runs that began from them stay.</span>
        <Button kind="word" onClick={() => void actions.deleteRun(run.run)}>
          Delete for good
        </Button>
        <Button kind="word" onClick={() => setIsDeleting(false)}>
          Keep
        </Button>
      </p>
    );
  }
  const tick = candidate === null ? null : { run: run.run, candidate: candidate.id };
  const isTicked = tick !== null && ticked.some((other) => isSameTick(other, tick));
  return (
    <p className={styles.actions}>
      {candidate?.stored === true ? (
        <>
          <Button kind="word" onClick={() => void actions.openCandidate(candidate)}>
            Open
          </Button>
          <Button
            kind="word"
            onClick={() => void actions.fork(candidate)}
            title="Opens it, with the settings of its run"
          >
            Fork
          </Button>
        </>
      ) : null}
      {parent === null ? null : (
        <Button kind="word" onClick={() => openNode(parent)} title="Opens what it was made from">
          Undo this step
        </Button>
      )}
      <Button kind="word" disabled={isBusy} onClick={() => void actions.runAgain(run.run)}>
        Run again
      </Button>
      {tick === null ? null : (
        <Button kind="word" aria-pressed={isTicked} onClick={() => actions.tick(tick, !isTicked)}>
          {isTicked ? 'Ticked to compare' : 'Tick to compare'}
        </Button>
      )}
      {candidate === null ? null : (
        <Button kind="word" onClick={onRename}>
          Rename
        </Button>
      )}
      {isOpen(run) ? null : (
        <Button kind="word" onClick={() => setIsDeleting(true)}>
          Delete run
        </Button>
      )}
    </p>
  );
}

function openNode({ candidate, source }: ExperimentNode): void {
  if (candidate === null) void actions.openNetwork(source);
  else void actions.openCandidate(candidate);
}

interface RenameProps {
  readonly name: string;
  /** Null = as it was. */
  readonly onName: (name: string | null) => void;
}

function Rename({ name, onName }: RenameProps) {
  const [text, setText] = useState(name);
  const field = (element: HTMLInputElement | null): void => element?.focus();
  return (
    <form
      className={styles.actions}
      onSubmit={(event) => {
        event.preventDefault();
        onName(text.trim() === '' ? null : text.trim());
      }}
    >
      <label>
        Name{' '}
        <input
          ref={field}
          value={text}
          maxLength={80}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onName(null);
          }}
        />
      </label>
      <button type="submit" className={styles.save}>
        Save
      </button>
    </form>
  );
}
