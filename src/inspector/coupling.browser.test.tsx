import { afterEach, describe, expect, it } from 'vitest';
import { mount, until, type Mounted } from '../studio/mounted';
import { actions } from '../studio/store';
import { Inspector } from './inspector';

let page: Mounted | undefined;
afterEach(() => page?.unmount());

const plain = (element: Element | null) => (element?.textContent ?? '').replaceAll('\u00a0', ' ');
const list = (host: HTMLElement, name: string) => [...host.querySelectorAll(`ul[aria-label="${name}"] li`)].map(plain);

describe('the coupling tab', () => {
  it('lists what goes with the filter that was pointed at, and stays when the pointer leaves', async () => {
    page = await mount(<Inspector />, { width: 560, height: 300 });
    const { host } = page;
    actions.show({ tab: 'coupling' });
    await until(() => list(host, 'Slices that go together').length > 0);
    actions.show({ hovered: { layer: 'stage1.block1.conv1', channel: 5 } });
    await until(() => plain(host).includes('Filter 5 of 1.1 a'));
    expect(list(host, 'Slices that go together')).toEqual([
      'filter 5 of stage1.block1.conv1.kernel',
      'value 5 of stage1.block1.bn1.gamma',
      'value 5 of stage1.block1.bn1.beta',
      'value 5 of stage1.block1.bn1.mean',
      'value 5 of stage1.block1.bn1.variance',
      'input slice 5 of stage1.block1.conv2.kernel',
    ]);
    actions.show({ hovered: null });
    await until(() => plain(host).includes('Filter 5 of 1.1 a'));
  });

  it('says why layers are locked', async () => {
    page = await mount(<Inspector />, { width: 560, height: 300 });
    const { host } = page;
    actions.show({ tab: 'coupling' });
    await until(() => list(host, 'Locked layers').length > 0);
    expect(list(host, 'Locked layers')).toEqual([expect.stringMatching(/^classifier: .*outputs/)]);
  });
});
