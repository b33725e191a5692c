import { createRoot, type Root } from 'react-dom/client';
import { afterEach, describe, expect, it } from 'vitest';
import { named, until } from '../studio/mounted';
import { Fenced, later } from './later';
import { loaded } from './loading';

let root: Root | undefined;
let host: HTMLElement;
afterEach(() => {
  root?.unmount();
  host?.remove();
});

function show(element: React.ReactNode): void {
  host = document.createElement('div');
  document.body.append(host);
  // What a boundary catches is told to the console too: not in a test that means it.
  root = createRoot(host, { onCaughtError: () => undefined });
  root.render(element);
}

const Plot = ({ network }: { readonly network: string }) => <p>Plot of {network}</p>;

/** Loads `Plot` after failing as often as said; counts how often it was asked. */
function flaky(failures: number) {
  const tried = { times: 0 };
  const load = async () => {
    tried.times += 1;
    if (tried.times <= failures) throw new TypeError('Failed to fetch dynamically imported module');
    return Plot;
  };
  return { tried, load };
}

describe('a part that is loaded when it is shown', () => {
  it('is drawn with its properties, loaded once for all places', async () => {
    const { tried, load } = flaky(0);
    const Later = later('The plot', load);
    show([<Later key="a" network="one" />, <Later key="b" network="two" />]);
    await until(() => host.textContent === 'Plot of onePlot of two');
    expect(tried.times).toBe(1);
  });

  it('says in its place what could not be loaded and what to do; all else stays, and trying again loads it', async () => {
    const { tried, load } = flaky(2);
    const Later = later('The plot', load);
    show(
      <>
        <input aria-label="Beside it" defaultValue="typed" />
        <Later network="one" />
      </>,
    );
    await until(() => host.querySelector('[role=alert]') !== null);
    expect(host.querySelector('[role=alert]')?.textContent).toMatch(/^The plot could not be loaded: .*reload the page/);
    expect(named(host, 'Beside it')).toHaveProperty('value', 'typed');
    const asked = tried.times;

    const again = named(host, 'Try again');
    again.focus();
    again.click();
    // It fails once more; the way to try again keeps the focus.
    await until(() => tried.times > asked && named(host, 'Try again') !== again);
    await until(() => document.activeElement === named(host, 'Try again'));

    named(host, 'Try again').click();
    await until(() => host.textContent === 'Plot of one');
    expect(host.querySelector('[role=alert]')).toBeNull();
  });

  it('says so where it cannot be drawn, with the reason, and draws it when tried again', async () => {
    let isBroken = true;
    const Broken = () => {
      if (isBroken) throw new Error('no context');
      return <p>drawn</p>;
    };
    const Later = later('The plot', async () => Broken);
    show(<Later />);
    await until(() => host.querySelector('[role=alert]') !== null);
    expect(host.textContent).toContain('The plot could not be drawn: no context.');
    isBroken = false;
    named(host, 'Try again').click();
    await until(() => host.textContent === 'drawn');
  });
});

describe('a part that is there from the start', () => {
  it('says so where it cannot be drawn; what stands beside it stays, and it is drawn when tried again', async () => {
    let isBroken = true;
    const Broken = () => {
      if (isBroken) throw new Error('no such layer');
      return <p>drawn</p>;
    };
    show(
      <>
        <input aria-label="Beside it" defaultValue="typed" />
        <Fenced what="The network">
          <Broken />
        </Fenced>
      </>,
    );
    await until(() => host.querySelector('[role=alert]') !== null);
    expect(host.textContent).toContain('The network could not be drawn: no such layer. Try again');
    expect(named(host, 'Beside it')).toHaveProperty('value', 'typed');
    isBroken = false;
    named(host, 'Try again').click();
    await until(() => host.textContent === 'drawn');
  });
});

describe('a style sheet that does not arrive', () => {
  it('is asked for again with what needs it, as the bundler would go without it', async () => {
    let calls = 0;
    const load = async () => {
      calls += 1;
      if (calls > 1) return Plot;
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      // Nothing listens there.
      link.href = 'http://localhost:1/gone.css';
      document.head.append(link);
      await new Promise((_, reject) => link.addEventListener('error', () => reject(new Error('no sheet'))));
      return Plot;
    };
    await expect(loaded('The plot', load)).rejects.toThrow('The plot could not be loaded');
    await expect(loaded('The plot', load)).rejects.toThrow('The plot could not be loaded');
    expect(document.querySelector('link[href*="gone.css"]')).toBeNull();
    // What has all its files is not held up by what has not.
    await expect(loaded('The table', async () => Plot)).resolves.toBe(Plot);
  });
});
