/** Buttons of the studio: outlined, primary, square with an icon, and the underlined word inside tables and sentences. */
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import styles from './button.module.css';

type NativeProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'type' | 'children'>;

/** Look of an underlined word, for triggers that bring their own button. */
export const wordClass = styles.word ?? '';

interface ButtonProps extends NativeProps {
  readonly children: ReactNode;
  readonly kind?: 'plain' | 'primary' | 'square' | 'word';
  /** Added to the button's own class, for placement. */
  readonly className?: string | undefined;
}

/** A verb with its object: "Fine-tune this cut". Square buttons hold an icon and need an `aria-label`. */
export function Button({ children, kind = 'plain', className, ...native }: ButtonProps) {
  const own = kind === 'word' ? wordClass : `${styles.button} ${styles[kind] ?? ''}`;
  return (
    <button {...native} type="button" className={className === undefined ? own : `${own} ${className}`}>
      {children}
    </button>
  );
}
