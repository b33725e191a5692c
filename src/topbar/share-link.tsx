/** The setup as a link and as a file: what it holds, and what has to travel beside it. */
import { useEffect, useState } from 'react';
import { linkTo, setupFile, setupOf } from '../studio/setups';
import { studio, useStudio } from '../studio/store';
import type { Setup } from '../sharing/setup';
import { Button } from '../ui/button';
import { download } from '../ui/download';
import { Popup } from '../ui/popup';
import styles from './topbar.module.css';

export function ShareLink() {
  return (
    <Popup title="Share this setup" button="Share link" buttonClass={styles.link} placement="bottom end">
      <Sheet />
    </Popup>
  );
}

function Sheet() {
  const ready = useStudio((state) => setupOf(state) !== null);
  // As it was when the sheet opened: it covers what could change it.
  const [setup] = useState<Setup | null>(() => setupOf(studio.getState()));
  if (setup === null || !ready)
    return <p className={styles.text}>A link needs a network, data and a cut: open what is missing.</p>;
  return <Link setup={setup} />;
}

function Link({ setup }: { readonly setup: Setup }) {
  const [address, setAddress] = useState('');
  const [copied, setCopied] = useState('');
  useEffect(() => {
    let stale = false;
    void linkTo(setup).then((made) => {
      if (!stale) setAddress(made);
    });
    return () => {
      stale = true;
    };
  }, [setup]);
  const copy = (): void => {
    navigator.clipboard
      .writeText(address)
      .then(() => setCopied('The link is copied.'))
      .catch(() => setCopied('The browser did not allow it: select the link and copy it by hand.'));
  };
  return (
    <>
      <p className={styles.text}>
        Network, data, method, settings, budget, training, seed and view, all in the address itself: no server keeps it.
        {setup.hash === undefined
          ? ''
          : ' The network comes from a file: send that file along, the link knows it by its hash.'}
      </p>
      <input
        className={styles.address}
        aria-label="Link"
        readOnly
        value={address}
        onFocus={(event) => event.target.select()}
      />
      <div className={styles.choices}>
        <Button kind="primary" disabled={address === ''} onClick={copy}>
          Copy link
        </Button>
        <Button
          onClick={() => {
            const file = setupFile(setup);
            download(file.name, file);
          }}
        >
          Save as a file
        </Button>
      </div>
      <p className={styles.text} role="status">
        {copied}
      </p>
    </>
  );
}
