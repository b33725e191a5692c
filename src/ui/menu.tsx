/** Menus of the studio: a word with a small triangle opens a list; items have a title, a figure and a line of detail. */
import type { ReactNode } from 'react';
import {
  Button,
  Header,
  Menu as AriaMenu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  type Key,
} from 'react-aria-components';
import styles from './menu.module.css';

interface MenuProps {
  /** Of the list, for assistive technology. */
  readonly label: string;
  /** What the button shows. */
  readonly button: ReactNode;
  /** `pick`: an underlined value with a triangle; `link`: a plain word of the top bar. */
  readonly kind?: 'pick' | 'link';
  readonly placement?: 'bottom start' | 'bottom end';
  /** Its groups stand in two columns where there is room: a long list needs no scrolling. */
  readonly wide?: boolean;
  readonly onAction?: (id: Key) => void;
  readonly children: ReactNode;
}

export function Menu({ label, button, kind = 'pick', placement = 'bottom start', wide, ...list }: MenuProps) {
  return (
    <MenuTrigger>
      <Button className={styles[kind] ?? ''}>{button}</Button>
      <Popover className={styles.popover ?? ''} placement={placement} offset={6} data-wide={wide}>
        <AriaMenu className={styles.menu ?? ''} aria-label={label} {...list} />
      </Popover>
    </MenuTrigger>
  );
}

interface MenuGroupProps {
  readonly title: string;
  /** In the second column of a wide menu. */
  readonly aside?: boolean;
  readonly children: ReactNode;
}

export function MenuGroup({ title, aside, children }: MenuGroupProps) {
  return (
    <MenuSection className={styles.group ?? ''} data-aside={aside}>
      <Header className={styles.heading ?? ''}>{title}</Header>
      {children}
    </MenuSection>
  );
}

interface MenuEntryProps {
  readonly id: string;
  readonly title: string;
  /** At the right end: a size, an ending, "Download 170 MB". */
  readonly figure?: string | undefined;
  /** Second line. */
  readonly detail?: string | undefined;
  readonly checked?: boolean;
  readonly disabled?: boolean;
  /** Dashed: the entry is also where files are dropped. */
  readonly dashed?: boolean;
  readonly onAction?: () => void;
}

export function MenuEntry({ id, title, figure, detail, checked, disabled, dashed, onAction }: MenuEntryProps) {
  return (
    <MenuItem
      id={id}
      textValue={title}
      className={dashed === true ? `${styles.item} ${styles.dashed}` : (styles.item ?? '')}
      isDisabled={disabled === true}
      {...(onAction === undefined ? {} : { onAction })}
    >
      <span className={styles.tick}>{checked === true ? <Tick /> : null}</span>
      <span>
        {title}
        {checked === true ? <span className="visually-hidden"> (chosen)</span> : null}
      </span>
      <span className={styles.figure}>{figure}</span>
      {detail === undefined ? null : <span className={styles.detail}>{detail}</span>}
    </MenuItem>
  );
}

export interface Choice<T extends string> {
  readonly id: T;
  readonly title: string;
  readonly detail?: string | undefined;
}

interface ChoiceMenuProps<T extends string> {
  readonly label: string;
  readonly choices: readonly Choice<T>[];
  readonly value: T;
  readonly onChoose: (id: T) => void;
}

/** One of a few values: the button shows the present one. */
export function ChoiceMenu<T extends string>({ label, choices, value, onChoose }: ChoiceMenuProps<T>) {
  const present = choices.find(({ id }) => id === value);
  return (
    <Menu
      label={label}
      button={
        <>
          <span className="visually-hidden">{label}: </span>
          {present?.title ?? value}
        </>
      }
    >
      {choices.map(({ id, title, detail }) => (
        <MenuEntry
          key={id}
          id={id}
          title={title}
          detail={detail}
          checked={id === value}
          onAction={() => onChoose(id)}
        />
      ))}
    </Menu>
  );
}

function Tick() {
  return (
    <svg width="12" height="10" aria-hidden="true">
      <path d="M1 5l3.500 3.500L11 1.500" />
    </svg>
  );
}
