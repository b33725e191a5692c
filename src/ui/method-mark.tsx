/** A method's mark: inside a chart as `MarkGlyph`, on a line of text as `MethodMark`. */
import { isStroked, markPath, methodStyle, type MethodStyle } from './method-style';
import styles from './method-mark.module.css';

interface GlyphProps {
  readonly style: MethodStyle;
  readonly radius: number;
  /** Estimates are hollow. */
  readonly hollow?: boolean;
}

/** An SVG path centred on the origin of its parent. */
export function MarkGlyph({ style, radius, hollow = false }: GlyphProps) {
  const hue = `var(${style.hue})`;
  if (isStroked(style.shape)) {
    return <path d={markPath(style.shape, radius)} fill="none" stroke={hue} strokeWidth={hollow ? 1.2 : 2} />;
  }
  const open = hollow || style.shape === 'ring';
  return (
    <path
      d={markPath(style.shape, radius)}
      fill={open ? 'var(--paper)' : hue}
      stroke={open ? hue : 'var(--paper)'}
      strokeWidth={style.shape === 'ring' ? 2 : hollow ? 1.6 : 1}
      strokeDasharray={hollow ? '2.4 1.4' : undefined}
    />
  );
}

interface MarkProps {
  /** `null` = the original network. */
  readonly method: string | null;
  readonly hollow?: boolean;
}

/** 14 px wide, sits on the text line. The method's name stands beside it, so it is hidden from assistive technology. */
export function MethodMark({ method, hollow = false }: MarkProps) {
  return (
    <svg className={styles.mark} width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">
      <MarkGlyph style={methodStyle(method)} radius={5} hollow={hollow} />
    </svg>
  );
}
