/** A sheet that opens beside its button: an editor or facts, not a menu. Closes with Esc or a press elsewhere. */
import type { ReactNode } from 'react';
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay, Popover } from 'react-aria-components';
import styles from './popup.module.css';

interface PopupProps {
  readonly title: string;
  readonly button: ReactNode;
  readonly buttonClass?: string | undefined;
  readonly placement?: 'bottom start' | 'bottom end';
  readonly children: ReactNode;
}

export function Popup({ title, button, buttonClass, placement = 'bottom start', children }: PopupProps) {
  return (
    <DialogTrigger>
      <Button className={buttonClass ?? ''}>{button}</Button>
      <Popover className={styles.sheet ?? ''} placement={placement} offset={6}>
        <Dialog className={styles.dialog ?? ''}>
          <Heading slot="title" className={styles.title ?? ''}>
            {title}
          </Heading>
          {children}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

interface LightboxProps {
  readonly title: string;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly children: ReactNode;
}

/** In the middle of the page, over everything. */
export function Lightbox({ title, open, onOpenChange, children }: LightboxProps) {
  return (
    <ModalOverlay className={styles.overlay ?? ''} isOpen={open} onOpenChange={onOpenChange} isDismissable>
      <Modal className={`${styles.sheet} ${styles.lightbox}`}>
        <Dialog className={styles.dialog ?? ''}>
          <Heading slot="title" className={styles.title ?? ''}>
            {title}
          </Heading>
          {children}
          <Button slot="close" className={styles.close ?? ''}>
            Close
          </Button>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
