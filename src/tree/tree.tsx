/** The espalier: the whole network, one row per layer with weights, one cell per filter. */
import { useRef, useState } from 'react';
import { Sentence } from '../sentence/sentence';
import { useStudio } from '../studio/store';
import { Failure } from '../ui/failure';
import { Pane } from '../ui/pane';
import { useSize } from '../ui/use-size';
import { TreeAxis } from './tree-axis';
import { TreeHead } from './tree-head';
import { TreeOptions } from './tree-options';
import { TreeSheet } from './tree-sheet';
import styles from './tree.module.css';
import { useStage } from './use-stage';

export function Tree() {
  const network = useStudio((state) => state.network?.view.network);
  return (
    <Pane label="Network" className={styles.pane}>
      <Sentence />
      <TreeOptions />
      <TreeHost key={network} />
    </Pane>
  );
}

function TreeHost() {
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(body);
  const [openStages, toggleStage] = useOpenStages();
  const stage = useStage(size, openStages);
  return (
    <div className={styles.host}>
      {stage === null ? <div className={styles.head} /> : <TreeHead stage={stage} />}
      <div ref={body} className={styles.body}>
        {stage === null ? <Nothing /> : <TreeSheet stage={stage} onStage={toggleStage} />}
      </div>
      {stage === null ? null : <TreeAxis layout={stage.layout} />}
    </div>
  );
}

/** Stages shown row by row when not all fit: the first, to begin with. */
function useOpenStages(): readonly [ReadonlySet<number>, (stage: number) => void] {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set([0]));
  const toggle = (stage: number): void => {
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(stage)) next.add(stage);
      return next;
    });
  };
  return [open, toggle];
}

function Nothing() {
  const opening = useStudio((state) => state.opening);
  const failed = useStudio((state) => state.engine.error);
  if (failed !== null) return <Failure message={failed.message} />;
  return <p className={styles.empty}>{opening ?? 'Open a network, or drop its file anywhere on the page.'}</p>;
}
