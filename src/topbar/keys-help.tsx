/** All keys in one list; "?" opens it from anywhere. */
import { useEffect, useState } from 'react';
import { isTyping, keyHelp } from '../app/shortcuts';
import { Lightbox } from '../ui/popup';
import styles from './topbar.module.css';

export function KeysHelp() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === '?' && !event.defaultPrevented && !isTyping(event.target)) setOpen(true);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <button
        type="button"
        className={`${styles.link} ${styles.wide}`}
        aria-label="Keys"
        title="Keys (?)"
        onClick={() => setOpen(true)}
      >
        ?
      </button>
      <Lightbox title="Keys" open={open} onOpenChange={setOpen}>
        <dl className={styles.table}>
          {keyHelp.map(([keys, effect]) => (
            <div key={keys} className={styles.key}>
              <dt>{keys}</dt>
              <dd>{effect}</dd>
            </div>
          ))}
        </dl>
      </Lightbox>
    </>
  );
}
