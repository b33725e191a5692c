/** Over the tree, while cuts are compared: which lane is whose. */
import { useContestants } from '../compare/use-contestants';
import { laneTone, methodStyle } from '../ui/method-style';
import styles from './tree.module.css';

export function ComparedKey() {
  const contestants = useContestants().slice(1);
  return (
    <span className={styles.lanes}>
      cut by
      {contestants.map(({ key, method, title }, at) => (
        <span key={key} title={title}>
          <i style={{ background: `var(--${laneTone(method)})` }} />
          {at + 1} {methodStyle(method).short}
        </span>
      ))}
    </span>
  );
}
