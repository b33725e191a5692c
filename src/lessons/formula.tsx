/** A formula as MathML, with the meaning of its signs beside it. Loaded with the first formula, as its typesetter is large. */
import { useEffect, useRef } from 'react';
import temml from 'temml';
import styles from './rail.module.css';

interface FormulaProps {
  readonly tex: string;
  readonly where: readonly (readonly [sign: string, meaning: string])[];
}

export function Formula({ tex, where }: FormulaProps) {
  return (
    <div className={styles.formula}>
      <Maths tex={tex} display />
      {where.length === 0 ? null : (
        <dl>
          {where.map(([sign, meaning]) => (
            <div key={sign}>
              <dt>
                <Maths tex={sign} />
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function Maths({ tex, display = false }: { readonly tex: string; readonly display?: boolean }) {
  const host = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    temml.render(tex, host.current, { displayMode: display, throwOnError: false, trust: false });
    // What is wider than the rail scrolls, by keyboard too.
    if (host.current.scrollWidth > host.current.clientWidth && display) host.current.tabIndex = 0;
  }, [tex, display]);
  return <span ref={host}>{tex}</span>;
}
