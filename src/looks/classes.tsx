/** The classes of the pixels with their colours. */
import { useStudio } from '../studio/store';
import { themePalette } from '../ui/palette';
import { classColour, cssColour, parseColour } from './class-colour';
import styles from './looks.module.css';

export function Classes({ names }: { readonly names: readonly string[] }) {
  const theme = useStudio(({ view }) => view.theme);
  const background = parseColour(themePalette(theme).colour.shade);
  return (
    <ul className={styles.classes}>
      {names.slice(0, 12).map((name, index) => (
        <li key={name}>
          <i style={{ background: cssColour(classColour(index, background)) }} />
          {name}
        </li>
      ))}
    </ul>
  );
}
