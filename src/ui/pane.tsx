/** One panel of the studio: padding, a heading line, and a body that fills what is left. No box around it. */
import type { ReactNode } from 'react';
import styles from './pane.module.css';

interface PaneProps {
  /** Read by assistive technology; the visible heading is `PaneHeading`. */
  readonly label: string;
  readonly children: ReactNode;
  readonly className?: string | undefined;
}

export function Pane({ label, children, className }: PaneProps) {
  return (
    <section className={className === undefined ? styles.pane : `${styles.pane} ${className}`} aria-label={label}>
      {children}
    </section>
  );
}

interface PaneHeadingProps {
  readonly title: string;
  /** Caption after the title; drops out where there is no room. */
  readonly note?: ReactNode;
  /** Right end of the line: tabs, a caption. */
  readonly end?: ReactNode;
}

export function PaneHeading({ title, note, end }: PaneHeadingProps) {
  return (
    <div className={styles.heading}>
      <h2>{title}</h2>
      {note === undefined ? null : <span className={styles.note}>{note}</span>}
      {end === undefined ? null : <span className={styles.end}>{end}</span>}
    </div>
  );
}
