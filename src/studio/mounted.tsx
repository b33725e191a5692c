/** For component tests: panels in a real page of a given size, on the real store, with the fixture client behind it. */
import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import '../ui/tokens.css';
import '../ui/base.css';
import { createFixtureClient, type FixtureClient, type FixtureOptions } from './fixture-client';
import { actions, connectStudio, studio } from './store';

export interface Mounted {
  readonly host: HTMLElement;
  readonly client: FixtureClient;
  /** Removes the panels and disconnects; the store keeps its state until the next `mount`. */
  readonly unmount: () => void;
}

const pristine = studio.getState();

/** Renders `panels` into a box of `width` x `height` pixels and waits until the studio has opened, scored and checked. */
export async function mount(
  panels: ReactNode,
  size: { readonly width: number; readonly height: number },
  options: FixtureOptions = {},
): Promise<Mounted> {
  studio.setState(pristine, true);
  document.documentElement.dataset['theme'] = 'light';
  const client = createFixtureClient(options);
  const disconnect = connectStudio(client);
  const host = document.createElement('div');
  host.style.cssText = `position: relative; display: flex; flex-direction: column; width: ${size.width}px; height: ${size.height}px`;
  document.body.append(host);
  const root = createRoot(host);
  root.render(<StrictMode>{panels}</StrictMode>);
  await actions.start('auto');
  await until(() => studio.getState().preview.state === 'measured');
  await nextFrame();
  return {
    host,
    client,
    unmount() {
      root.unmount();
      disconnect();
      host.remove();
    },
  };
}

/** Resolves once `condition` holds, looked at on every frame; rejects after ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > 10_000) throw new Error(`Waited ten seconds in vain for: ${condition.toString()}`);
    await nextFrame();
  }
}

export function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}

/** The element with this `aria-label`, or whose text is `name` (plain spaces). Throws when there is none. */
export function named(host: ParentNode, name: string): HTMLElement {
  const all = [...host.querySelectorAll<HTMLElement>('button, input, [role], [aria-label]')];
  const plain = (text: string | null): string | undefined => text?.replaceAll('\u00a0', ' ').trim();
  const found = all.find((element) => plain(element.ariaLabel) === name || plain(element.textContent) === name);
  if (found === undefined) throw new Error(`Nothing here is called "${name}".`);
  return found;
}

/** A pointer event at page coordinates, as a mouse would send it. */
export function point(target: Element, type: string, x: number, y: number): void {
  target.dispatchEvent(
    new PointerEvent(type, {
      bubbles: true,
      cancelable: true,
      pointerId: 1,
      isPrimary: true,
      button: 0,
      clientX: x,
      clientY: y,
    }),
  );
}
