/** The espalier: the whole network, one row per layer with weights, one cell per filter. */
import { useRef, useState } from 'react';
import { Sentence } from '../sentence/sentence';
import { useStudio } from '../studio/store';
import { workOf } from '../strip/work';
import { Failure } from '../ui/failure';
import { Pane } from '../ui/pane';
import { useSize } from '../ui/use-size';
import { TreeAxis } from './tree-axis';
import { TreeHead } from './tree-head';
import { TreeOptions } from './tree-options';
import { TreeSheet } from './tree-sheet';
import styles from './tree.module.css';
import { costliestStage, useStage } from './use-stage';

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
  const [openStages, setOpenStages] = useState<ReadonlySet<number> | null>(null);
  const stage = useStage(size, openStages);
  const toggleStage = (index: number): void => {
    setOpenStages((before) => {
      const next = new Set(before ?? (stage === null ? [] : [costliestStage(stage.model)]));
      if (!next.delete(index)) next.add(index);
      return next;
    });
  };
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

function Nothing() {
  const work = useStudio(workOf);
  const failed = useStudio((state) => state.engine.error);
  if (failed !== null) return <Failure message={failed.message} />;
  return <p className={styles.empty}>{work ?? 'Open a network, or drop its file anywhere on the page.'}</p>;
}
