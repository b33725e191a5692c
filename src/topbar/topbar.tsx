/** The top bar: what is open, files in and out, the device, theme and keys. */
import { LessonsLink } from '../lessons/lessons-list';
import { networkAccept } from '../studio/files';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { pickFiles } from '../ui/file-picker';
import { formatCount, formatInteger } from '../ui/format';
import { DataMenu } from './data-menu';
import { DeviceBadge } from './device-badge';
import { ExportMenu } from './export-menu';
import { Brand, HalfDisc } from './glyphs';
import { KeysHelp } from './keys-help';
import { NetworkMenu } from './network-menu';
import { ShareLink } from './share-link';
import styles from './topbar.module.css';

export function TopBar() {
  return (
    <header className={styles.bar}>
      <span className={styles.brand}>
        <Brand />
        Espalier
      </span>
      <div className={styles.source}>
        <NetworkMenu />
        <span>on</span>
        <DataMenu />
        <Facts />
      </div>
      <div className={styles.right}>
        <button
          type="button"
          className={`${styles.link} ${styles.wide}`}
          onClick={() => {
            void pickFiles({ accept: networkAccept }).then((files) => actions.openFiles(files));
          }}
        >
          Open file
        </button>
        <LessonsLink className={styles.link} />
        <ShareLink />
        <ExportMenu />
        <DeviceBadge />
        <ThemeButton />
        <KeysHelp />
      </div>
    </header>
  );
}

/** What the network costs; what is being opened, while it is. */
function Facts() {
  const opening = useStudio((state) => state.opening);
  const network = useStudio((state) => state.network);
  if (opening !== null) {
    return (
      <span className={`${styles.facts} ${styles.busy}`}>
        {opening} …{' '}
        <Button kind="word" onClick={() => actions.cancelOpening()}>
          Cancel
        </Button>
      </span>
    );
  }
  if (network === null) return null;
  return (
    <span className={styles.facts}>
      {formatCount(network.macs)} multiply-adds, {formatInteger(network.parameters)} parameters
    </span>
  );
}

function ThemeButton() {
  const theme = useStudio(({ view }) => view.theme);
  const other = theme === 'light' ? 'dark' : 'light';
  return (
    <button
      type="button"
      className={styles.link}
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
      onClick={() => actions.show({ theme: other })}
    >
      <HalfDisc />
    </button>
  );
}
