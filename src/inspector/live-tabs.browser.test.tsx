import { afterEach, describe, expect, it } from 'vitest';
import type { Telemetry } from '../../workers/protocol';
import type { Graph } from '../../workers/network/graph';
import { mount, named, until, type Mounted } from '../studio/mounted';
import { actions, studio } from '../studio/store';
import {
  clusterTelemetry,
  gateTelemetry,
  spectrumTelemetry,
  trainingEvents,
  trainingRun,
} from '../studio/training-sample';
import { Strip } from '../strip/strip';
import { Tree } from '../tree/tree';
import { Inspector } from './inspector';

const layer = 'stage2.block2.conv1';

let page: Mounted | undefined;
afterEach(() => page?.unmount());

const plain = (host: HTMLElement) => host.textContent.replaceAll('\u00a0', ' ');
const labels = (host: HTMLElement) => [...host.querySelectorAll('canvas')].map((canvas) => canvas.textContent);
const graph = (): Graph => studio.getState().network?.view.graph ?? { layers: [], outputs: [] };
const tabs = (host: HTMLElement) => [...host.querySelectorAll('[role="tab"]')].map((tab) => tab.textContent);
const selected = (host: HTMLElement) => host.querySelector('[role="tab"][aria-selected="true"]')?.textContent;
/** The tab is chosen and its part, loaded with its first show, is drawn. */
const isDrawn = (host: HTMLElement, tab: string): boolean =>
  selected(host) === tab && (host.querySelector('[role="tabpanel"]')?.childElementCount ?? 0) > 0;

async function training(
  method: string,
  telemetry: (graph: Graph, share: number) => Telemetry,
  panels = <Inspector />,
): Promise<Mounted> {
  page = await mount(panels, { width: 900, height: 420 }, { runs: [trainingRun(method)] });
  const { client } = page;
  client.emit({ kind: 'run', event: { run: 'live', event: 'state', state: 'running' } });
  actions.show({ layer });
  for (const share of [0, 0.2, 0.4, 0.6]) {
    for (const event of trainingEvents(share, telemetry(graph(), share))) client.emit({ kind: 'run', event });
  }
  await until(() => studio.getState().live['live']?.history.length === 4);
  return page;
}

describe('tabs of a method that trains', () => {
  it('Gates: a line per filter, and how many are open', async () => {
    const { host } = await training('dagger', gateTelemetry);
    await until(() => tabs(host).join() === 'Filters,Coupling,Gates');
    await until(() => isDrawn(host, 'Gates'));
    const open = studio.getState().live['live']?.telemetry?.layers?.[layer]?.['open'] ?? new Float32Array();
    const count = open.reduce((sum, value) => sum + value, 0);
    expect(count).toBeGreaterThan(10);
    expect(labels(host)).toContain(`Gates of 2.2 a over the training: ${count} of 32 filters are open`);
    // Rows the method says nothing of say so.
    actions.show({ layer: graph().layers.findLast(({ op }) => op === 'dense')?.id ?? '' });
    await until(() => plain(host).includes('No gate stands on the filters of this layer'));
  });

  it('Clusters: distances, members by cluster, and the layout; a member list entry picks the cluster', async () => {
    const { host } = await training('csgd', clusterTelemetry);
    await until(() => isDrawn(host, 'Clusters'));
    // 32 filters: 4 joins 3, 9 joins 8, ... (six), 6, 13, 20, 27 join two before: of these 8 is already taken by 9.
    const clusters = new Set(studio.getState().live['live']?.telemetry?.layers?.[layer]?.['cluster']).size;
    expect(plain(host)).toContain(`32 filters in ${clusters} clusters`);
    expect(labels(host).some((text) => text?.startsWith('Distance inside each of'))).toBe(true);
    const entries = [...host.querySelectorAll<HTMLButtonElement>('[aria-label="Clusters"] button')];
    expect(entries[0]?.ariaPressed).toBe('true');
    entries[2]?.click();
    await until(() => host.querySelectorAll('[aria-label="Clusters"] button')[2]?.ariaPressed === 'true');
  });

  it('Ranks: spectrum and rank as the method says them, without a handle', async () => {
    const { host } = await training('trp', spectrumTelemetry);
    await until(() => isDrawn(host, 'Ranks'));
    const rank = studio.getState().live['live']?.telemetry?.layers?.[layer]?.['rank']?.[0] ?? 0;
    expect(plain(host)).toContain(`rank ${rank}`);
    expect(host.querySelector('[role="slider"]')).toBeNull();
    expect(plain(host)).toContain('The method that trains decides this rank');
  });

  it('stay after the run for its own network, and leave the choice to the person', async () => {
    const { host, client } = await training('dagger', gateTelemetry);
    named(host, 'Filters').click();
    await until(() => selected(host) === 'Filters');
    client.emit({ kind: 'run', event: { run: 'live', event: 'state', state: 'stopped' } });
    await until(() => studio.getState().activeRun === null);
    expect(tabs(host)).toEqual(['Filters', 'Coupling', 'Gates']);
  });
});

describe('the tree while gates train', () => {
  it('shows the gates live, and the plan while a person drags', async () => {
    const { host } = await training('dagger', gateTelemetry, <Tree />);
    await until(() => plain(host).includes('live'));
    const kept = () => host.querySelector('[role="grid"]')?.textContent ?? '';
    expect(studio.getState().view.live).toBe(true);
    actions.dragBudget(0.9);
    actions.releaseBudget(0.9);
    await until(() => plain(host).includes('preview'));
    expect(studio.getState().view.live).toBe(false);
    expect(kept()).toContain('filters kept');
    named(host, 'preview').click();
    await until(() => studio.getState().view.live);
  });
});

describe('the tree while clusters train', () => {
  it('offers them beside the plan', async () => {
    const { host } = await training('csgd', clusterTelemetry, <Tree />);
    await until(() => plain(host).includes('live'));
    named(host, 'live').click();
    await until(() => plain(host).includes('preview'));
  });
});

describe('the strip of a method that trains', () => {
  it('shows what the method says in numbers, and turns its live knob', async () => {
    page = await mount(<Strip />, { width: 1300, height: 120 }, { runs: [trainingRun('csgd', { strength: 0.01 })] });
    const { host, client } = page;
    client.emit({ kind: 'run', event: { run: 'live', event: 'state', state: 'running' } });
    for (const event of trainingEvents(0.5, { values: { predictedShare: 0.62, chi: 0.00123 } })) {
      client.emit({ kind: 'run', event });
    }
    await until(() => plain(host).includes('predicted share'));
    expect(plain(host)).toContain('62.0 %');
    expect(plain(host)).toContain('0.00123');
    const knobs = [...host.querySelectorAll<HTMLInputElement>('input[type="range"]')];
    // `restarts` is no live setting.
    expect(knobs).toHaveLength(1);
    const [knob] = knobs;
    // 0.0001 to 1 in 1000 steps: 0.01 is half way.
    expect(knob?.value).toBe('500');
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set;
    set?.call(knob, '750');
    knob?.dispatchEvent(new Event('input', { bubbles: true }));
    await until(() => client.received.some(({ command }) => command === 'setKnob'));
    expect(client.received.find(({ command }) => command === 'setKnob')?.params).toEqual({
      run: 'live',
      setting: 'strength',
      value: 0.1,
    });
    await until(() => knob?.value === '750');
  });
});
