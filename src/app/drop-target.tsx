/** The whole page takes files: a frame says so while something is held over it. */
import { useEffect, useState } from 'react';
import { report } from '../studio/context';
import { actions, studio, studioClient } from '../studio/store';
import { droppedFiles } from './dropped-files';
import styles from './app.module.css';

export function DropTarget() {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setHeld(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setHeld(false);
    };
    const drop = (event: DragEvent): void => {
      setHeld(false);
      if (event.dataTransfer === null || !hasFiles(event)) return;
      event.preventDefault();
      droppedFiles(event.dataTransfer)
        .then((files) => actions.openFiles(files))
        .catch((thrown: unknown) => report({ store: studio, client: studioClient }, thrown));
    };
    document.addEventListener('dragover', over);
    document.addEventListener('dragleave', leave);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', over);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('drop', drop);
    };
  }, []);
  if (!held) return null;
  return <div className={styles.dropping}>Drop a network, a data set or a project to open it</div>;
}
