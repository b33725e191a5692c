import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NetworkView } from '../../workers/protocol';
import { createFixtureClient, type FixtureClient } from './fixture-client';
import { fixtureMethods } from './fixture-methods';
import { initialState } from './initial';
import type { StudioClient } from './state';
import { actions, connectStudio, studio } from './store';

/** Answers to held commands wait until the test lets them go, in any order. */
function holdingClient(fixture: FixtureClient, held: ReadonlySet<string>) {
  const waiting: { readonly params: unknown; readonly answer: () => void }[] = [];
  const client: StudioClient = {
    ...fixture,
    async call(command, params) {
      if (held.has(command)) {
        await new Promise<void>((resolve) => waiting.push({ params, answer: resolve }));
      }
      return fixture.call(command, params);
    },
  };
  return { client, waiting };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

const measured = (): Promise<unknown> => vi.waitUntil(() => studio.getState().preview.state === 'measured', 5000);

let disconnect: () => void;

function connect(client: StudioClient): void {
  studio.setState(initialState({}, 'light'), true);
  studio.setState(({ engine }) => ({ engine: { ...engine, phase: 'ready', methods: fixtureMethods } }));
  disconnect = connectStudio(client);
}

async function openSmall(): Promise<void> {
  await actions.openNetwork({ source: 'zoo', architecture: 'resnet8', widths: [4, 8, 16] });
  await measured();
  await vi.waitUntil(() => studio.getState().network?.accuracy !== null, 5000);
}

beforeEach(() => connect(createFixtureClient({ delay: 0 })));
afterEach(() => disconnect());

describe('a second click', () => {
  it('starts no second run', async () => {
    disconnect();
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), new Set(['startRun']));
    connect(client);
    await openSmall();
    const clicks = [actions.startRun(), actions.startRun()];
    await settled();
    expect(waiting).toHaveLength(1);
    waiting[0]?.answer();
    await Promise.all(clicks);
    expect(studio.getState().activeRun).toBe('run-here-1');
  });
});

describe('opening', () => {
  it('scores the network, plans half of the compute and checks the cut', async () => {
    await openSmall();
    const { network, dataset, scoring, plan, preview } = studio.getState();
    expect(network?.view.meta.name).toBe('ResNet-8');
    expect(network?.accuracy).toBeCloseTo(0.968, 10);
    expect(dataset?.name).toBe('Shapes-10');
    expect(scoring.state).toBe('ready');
    expect(plan?.share).toBeLessThanOrEqual(0.5);
    expect(preview.state).toBe('measured');
    expect(preview.images).toBe(512);
  });

  it('a check that failed is done once more when it is asked for', async () => {
    disconnect();
    const fixture = createFixtureClient({ delay: 0 });
    let refusals = 1;
    const call: StudioClient['call'] = async (command, params, options) => {
      const isCut = command === 'preview' && Object.keys((params as { removed: object }).removed).length > 0;
      if (!isCut || refusals === 0) return fixture.call(command, params, options);
      refusals -= 1;
      throw new Error('Busy.');
    };
    connect({ ...fixture, call });
    await actions.openNetwork({ source: 'zoo', architecture: 'resnet8', widths: [4, 8, 16] });
    await vi.waitUntil(() => studio.getState().preview.state === 'failed', 5000);
    expect(studio.getState().preview.error).toBe('Busy.');
    actions.tryAgain();
    await measured();
  });

  it('what was asked for before the engine was there is opened by it, in place of the first network', async () => {
    disconnect();
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), new Set(['start']));
    studio.setState(initialState({}, 'light'), true);
    disconnect = connectStudio(client);
    vi.stubGlobal('document', { baseURI: 'http://localhost/' });
    const start = actions.start('auto');
    const open = actions.openNetwork({ source: 'zoo', architecture: 'resnet8', widths: [4, 8, 16] });
    await settled();
    expect(studio.getState()).toMatchObject({ network: null, opening: 'Opening resnet8' });
    waiting[0]?.answer();
    await Promise.all([start, open]);
    await measured();
    expect(studio.getState().network?.view.meta.name).toBe('ResNet-8');
    expect(studio.getState().opening).toBeNull();
    vi.unstubAllGlobals();
  });

  it('opens something all the same when what was asked for before the engine was there was given up', async () => {
    disconnect();
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), new Set(['start']));
    studio.setState(initialState({}, 'light'), true);
    disconnect = connectStudio(client);
    vi.stubGlobal('document', { baseURI: 'http://localhost/' });
    const start = actions.start('auto');
    const open = actions.openNetwork({ source: 'zoo', architecture: 'resnet8', widths: [4, 8, 16] });
    actions.cancelOpening();
    await open;
    expect(studio.getState()).toMatchObject({ opening: null, notices: [] });
    waiting[0]?.answer();
    await start;
    expect(studio.getState().network).not.toBeNull();
    vi.unstubAllGlobals();
  });

  it('drops the late answer of an older open', async () => {
    disconnect();
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), new Set(['openNetwork']));
    connect(client);
    const first = actions.openNetwork({ source: 'zoo', architecture: 'vgg16' });
    const second = actions.openNetwork({ source: 'zoo', architecture: 'resnet8' });
    waiting[1]?.answer();
    await second;
    waiting[0]?.answer();
    await first;
    expect(studio.getState().network?.view.meta.name).toBe('ResNet-8');
    expect(studio.getState().opening).toBeNull();
  });

  it('leaves alone what was opened while a setup waited for its network', async () => {
    disconnect();
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), new Set(['openNetwork']));
    connect(client);
    const recipe = {
      version: 1,
      name: 'half of a VGG-16',
      seed: 7,
      network: { source: 'zoo', architecture: 'vgg16' },
      data: { source: 'shapes10', train: 64, validation: 64, test: 64 },
      stages: [{ stage: 'evaluate', split: 'test' }],
    };
    const first = actions.openFiles([new File([JSON.stringify(recipe)], 'half.json')]);
    await vi.waitUntil(() => waiting.length === 1);
    const second = actions.openNetwork({ source: 'zoo', architecture: 'resnet8' });
    waiting[0]?.answer();
    await first;
    waiting[1]?.answer();
    await second;
    const { network, opening, seed } = studio.getState();
    expect(network?.view.meta.name).toBe('ResNet-8');
    expect(opening).toBeNull();
    expect(seed).not.toBe(7);
  });

  it('does not take what was open for the file of a setup that could not be read', async () => {
    disconnect();
    const fixture = createFixtureClient({ delay: 0 });
    const call: StudioClient['call'] = async (command, params, options) => {
      if (command === 'openNetwork' && (params as { files: readonly File[] }).files.length > 0) {
        throw new Error('It is damaged.');
      }
      return fixture.call(command, params, options);
    };
    connect({ ...fixture, call });
    await openSmall();
    const network = { source: 'file', name: 'half.onnx', sha256: '0'.repeat(64) };
    const stages = [{ stage: 'evaluate' }];
    const recipe = { version: 1, name: 'half', network, data: { source: 'shapes10' }, stages };
    await actions.openFiles([new File([JSON.stringify(recipe)], 'half.json')]);
    await actions.openFiles([new File(['x'], 'half.onnx')]);
    const said = studio.getState().notices.map(({ message }) => message);
    expect(said).toContain('It is damaged.');
    expect(said.join(' ')).not.toContain('This is not the network of the setup');
  });

  it('keeps its busy line when a file that was being written is done', async () => {
    disconnect();
    const held = new Set(['openNetwork', 'exportNetwork']);
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), held);
    connect(client);
    const exporting = actions.exportNetwork('recipe');
    const open = actions.openNetwork({ source: 'zoo', architecture: 'resnet8' });
    waiting[0]?.answer();
    await exporting;
    expect(studio.getState().opening).toBe('Opening resnet8');
    waiting[1]?.answer();
    await open;
  });

  it('cancels an open on request; what was open stays', async () => {
    await openSmall();
    const open = actions.openDataset({ source: 'hub', url: 'https://huggingface.co/datasets/uoft-cs/cifar10' });
    expect(studio.getState().opening).toBe('Opening data from the hub');
    actions.cancelOpening();
    await open;
    expect(studio.getState().dataset?.name).toBe('Shapes-10');
    expect(studio.getState().opening).toBeNull();
    expect(studio.getState().notices).toEqual([]);
  });

  it('opens a network and the data dropped with it, and refuses data of other classes', async () => {
    await actions.openFiles([new File(['n'], 'mine.safetensors'), new File(['d'], 'cifar-10-binary.tar.gz')]);
    await measured();
    expect(studio.getState().network?.view.source).toEqual({ source: 'file', name: 'mine.safetensors' });
    expect(studio.getState().dataset?.source).toEqual({ source: 'cifar10' });
    expect(studio.getState().preview.state).toBe('measured');
    await actions.openNetwork({ source: 'zoo', architecture: 'resnet8', classes: 3 });
    expect(studio.getState().dataset).toBeNull();
    expect(studio.getState().notices.at(-1)?.message).toContain('open data with 3 classes');
  });

  it('scores a network whose data could not be read', async () => {
    disconnect();
    const fixture = createFixtureClient({ delay: 0 });
    connect({
      ...fixture,
      call: (command, params) =>
        command === 'openDataset'
          ? Promise.reject(new Error('The archive is cut off.'))
          : fixture.call(command, params),
    });
    await actions.openNetwork({ source: 'zoo', architecture: 'resnet8', widths: [4, 8, 16] });
    await vi.waitUntil(() => studio.getState().plan !== null, 5000);
    expect(studio.getState().notices.map(({ message }) => message)).toEqual(['The archive is cut off.']);
  });

  it('opens a file dropped during the first open, with the data that were on their way', async () => {
    disconnect();
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), new Set(['openDataset']));
    connect(client);
    const first = actions.openNetwork({ source: 'zoo', architecture: 'resnet8' });
    await vi.waitUntil(() => studio.getState().plan !== null, 5000);
    const second = actions.openFiles([new File(['n'], 'mine.safetensors')]);
    await vi.waitUntil(() => waiting.length === 2);
    for (const { answer } of waiting) answer();
    await Promise.all([first, second]);
    await measured();
    expect(studio.getState().network?.view.source).toEqual({ source: 'file', name: 'mine.safetensors' });
    expect(studio.getState().dataset?.source).toEqual({ source: 'shapes10' });
  });

  it('keeps the cue rods on their way for a network that looks again', async () => {
    disconnect();
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), new Set(['openDataset']));
    connect(client);
    const few = { source: 'cuerods', train: 100, validation: 20, test: 20 } as const;
    const first = actions.openDataset(few);
    await vi.waitUntil(() => waiting.length === 1);
    const second = actions.openNetwork({ source: 'gated', backbone: 'shallow', routing: 'cascade', passes: 3 });
    await vi.waitUntil(() => waiting.length === 2);
    expect(waiting.map(({ params }) => params)).toEqual([0, 1].map(() => expect.objectContaining({ source: few })));
    for (const { answer } of waiting) answer();
    await Promise.all([first, second]);
  });

  it('asks for no data on behalf of a file', async () => {
    await actions.openNetwork({ source: 'file', name: 'mine.safetensors' });
    expect(studio.getState().dataset).toBeNull();
    await vi.waitUntil(() => studio.getState().plan !== null, 5000);
  });

  it('forgets how the input was tried on data that are no longer open, and drops the late answer', async () => {
    disconnect();
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), new Set(['tryInputs']));
    connect(client);
    await openSmall();
    studio.setState({ understanding: { isOpen: true, trying: 'no', trial: null, error: null } });
    const late = actions.tryInputs();
    await vi.waitUntil(() => waiting.length === 1);
    await actions.openDataset({ source: 'cifar10' });
    expect(studio.getState().understanding).toEqual({ isOpen: true, trying: 'no', trial: null, error: null });
    const present = actions.tryInputs();
    await vi.waitUntil(() => waiting.length === 2);
    waiting[0]?.answer();
    await late;
    expect(studio.getState().understanding).toMatchObject({ trying: 'yes', trial: null });
    waiting[1]?.answer();
    await present;
    expect(studio.getState().understanding).toMatchObject({ trying: 'no', trial: { images: 512 } });
  });

  describe('a network that does not say how pixels become its input', () => {
    const grey = { mean: [0, 0, 0], std: [1, 1, 1] };
    const asked: { readonly command: string; readonly params: unknown }[] = [];

    /** The fixture's networks, opened as from a file; those that were described know their input. */
    function fromElsewhere(): StudioClient {
      const fixture = createFixtureClient({ delay: 0 });
      const port = { layout: 'NHWC', rank: 4 } as const;
      const origin = { format: 'keras', inputs: [{ ...port, name: 'x' }], outputs: [], elements: 'float32' } as const;
      const call: StudioClient['call'] = async (command, params, options) => {
        asked.push({ command, params });
        const answer = await fixture.call(command, params, options);
        if (command !== 'openNetwork' && command !== 'describeInput') return answer;
        const view = answer as NetworkView;
        const normalisation = command === 'describeInput' ? { normalisation: grey } : {};
        return { ...view, meta: { ...view.meta, origin, ...normalisation } } as typeof answer;
      };
      return { ...fixture, call };
    }

    const commands = (): readonly string[] => asked.map(({ command }) => command);
    const open = () => actions.openNetwork({ source: 'file', name: 'net.h5' }, [new File(['h5'], 'net.h5')]);

    beforeEach(async () => {
      disconnect();
      connect(fromElsewhere());
      await actions.openDataset({ source: 'cifar10' });
      asked.length = 0;
      await open();
    });

    it('is shown no image while its sheet asks, and is once that is closed', async () => {
      await settled();
      expect(studio.getState().understanding?.isOpen).toBe(true);
      expect(commands()).toEqual(['openNetwork']);
      actions.showUnderstood(false);
      await measured();
      expect(commands()).toContain('preview');
    });

    it('loses its sheet as soon as a way is chosen, and gets it back with what went wrong', async () => {
      const used = actions.describeInput({ normalisation: grey, order: 'BGR' });
      expect(studio.getState().understanding?.isOpen).toBe(false);
      await used;
      expect(studio.getState().understanding?.isOpen).toBe(false);
      expect(studio.getState().network?.view.meta.normalisation).toEqual(grey);
      await measured();
      const client = fromElsewhere();
      disconnect();
      connect({
        ...client,
        call: (command, params, options) =>
          command === 'describeInput' ? Promise.reject(new Error('No room.')) : client.call(command, params, options),
      });
      await open();
      await actions.describeInput({ normalisation: grey, order: 'RGB' });
      expect(studio.getState().understanding).toMatchObject({ isOpen: true, error: 'No room.' });
    });

    it('keeps what was chosen over a restart of the worker, and its sheet stays closed', async () => {
      vi.stubGlobal('document', { baseURI: 'http://localhost/' });
      await actions.describeInput({ normalisation: grey, order: 'BGR' });
      await actions.start('wasm');
      asked.length = 0;
      await actions.start('wasm');
      vi.unstubAllGlobals();
      const described = asked.find(({ command }) => command === 'describeInput');
      expect(described?.params).toMatchObject({ normalisation: grey, order: 'BGR' });
      expect(studio.getState().network?.view.meta.normalisation).toEqual(grey);
      expect(studio.getState().understanding?.isOpen).toBe(false);
    });
  });

  it('names a dropped file it cannot read', async () => {
    await actions.openFiles([new File(['hello'], 'notes.txt')]);
    expect(studio.getState().notices.at(-1)?.message).toContain('"notes.txt" is neither a network nor data');
  });

  it('shows failures as one sentence and stays usable', async () => {
    disconnect();
    const fixture = createFixtureClient({ delay: 0 });
    connect({
      ...fixture,
      call: (command, params) =>
        command === 'openNetwork' ? Promise.reject(new Error('"a.onnx" holds ONNX.')) : fixture.call(command, params),
    });
    await actions.openNetwork({ source: 'file', name: 'a.onnx' });
    expect(studio.getState().notices.map(({ message, tone }) => [tone, message])).toEqual([
      ['error', '"a.onnx" holds ONNX.'],
    ]);
    expect(studio.getState().opening).toBeNull();
  });
});

describe('rules the planner refuses', () => {
  it('leave the old plan and say why', async () => {
    await openSmall();
    const { plan } = studio.getState();
    actions.changeRules({ protect: ['no such layer'] });
    expect(studio.getState().plan).toBe(plan);
    expect(studio.getState().notices.at(-1)?.message).toContain('no such layer');
  });
});

describe('budget', () => {
  it('plans with every move and makes one undo step at the release', async () => {
    await openSmall();
    const before = studio.getState().plan;
    actions.dragBudget(0.7);
    const moved = studio.getState();
    expect(moved.plan?.share).toBeGreaterThan(0.5);
    expect(moved.preview.state).toBe('estimate');
    expect(moved.canUndo).toBe(false);
    actions.dragBudget(0.8);
    actions.releaseBudget(0.8);
    expect(studio.getState().canUndo).toBe(true);
    await measured();
    actions.undo();
    expect(studio.getState().rules.budget).toBe(0.5);
    expect(studio.getState().plan?.removed).toEqual(before?.removed);
    expect(studio.getState().preview.state).toBe('measured');
    expect(studio.getState().canUndo).toBe(false);
    actions.redo();
    expect(studio.getState().rules.budget).toBe(0.8);
  });

  it('comes back when a drag is cancelled', async () => {
    await openSmall();
    actions.dragBudget(0.3);
    actions.cancelDrag();
    expect(studio.getState().rules.budget).toBe(0.5);
    expect(studio.getState().canUndo).toBe(false);
    expect(studio.getState().preview.state).toBe('measured');
  });

  it('estimates between cuts that were measured, and nothing beyond', async () => {
    await openSmall();
    actions.releaseBudget(0.8);
    await measured();
    actions.dragBudget(0.65);
    const between = studio.getState();
    expect(between.preview.state).toBe('estimate');
    expect(between.preview.accuracy).not.toBeNull();
    actions.dragBudget(0.3);
    expect(studio.getState().preview.accuracy).toBeNull();
  });

  it.each([
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ])('keeps only the answer to the newest check when they come as %i %i %i', async (...order) => {
    disconnect();
    const held = new Set<string>();
    const { client, waiting } = holdingClient(createFixtureClient({ delay: 0 }), held);
    connect(client);
    await openSmall();
    held.add('preview');
    for (const budget of [0.9, 0.8, 0.7]) actions.releaseBudget(budget);
    expect(waiting).toHaveLength(3);
    for (const index of order) {
      waiting[index]?.answer();
      await settled();
    }
    await measured();
    const { preview, plan, network } = studio.getState();
    held.clear();
    const newest = await client.call('preview', {
      network: network?.view.network ?? '',
      dataset: 'dataset-1',
      removed: plan?.removed ?? {},
      images: 512,
      recalibrate: true,
    });
    expect(preview).toEqual({ state: 'measured', ...newest, error: null });
  });
});

describe('method and hand', () => {
  it('scores again for another method; undo brings the old scores back', async () => {
    await openSmall();
    const { scores } = studio.getState().scoring;
    actions.chooseMethod('l2');
    await vi.waitUntil(() => studio.getState().scoring.state === 'ready', 5000);
    expect(studio.getState().scoring.scores).not.toBe(scores);
    actions.undo();
    expect(studio.getState().scoring.method).toBe('l1');
    expect(studio.getState().scoring.scores).toBe(scores);
  });

  it('shows no plan under the name of a method that could not score', async () => {
    await openSmall();
    studio.setState({ dataset: null });
    actions.chooseMethod('taylor');
    const { scoring, plan } = studio.getState();
    expect(scoring.state).toBe('failed');
    expect(scoring.error).toContain('reads images: open a data set');
    expect(plan).toBeNull();
  });

  it('cuts a filter by hand, which the budget then keeps', async () => {
    await openSmall();
    const layer = 'stage1.block1.conv1';
    const kept =
      [0, 1, 2, 3].find((channel) => studio.getState().plan?.removed[layer]?.includes(channel) !== true) ?? 0;
    actions.toggleFilter(layer, kept);
    expect(studio.getState().plan?.removed[layer]).toContain(kept);
    actions.releaseBudget(0.95);
    expect(studio.getState().plan?.removed[layer]).toContain(kept);
    actions.undo();
    actions.undo();
    expect(studio.getState().rules.byHand).toEqual({});
  });

  it('protects a layer and sets its width', async () => {
    await openSmall();
    const layer = 'stage2.block1.conv1';
    actions.protectLayer(layer, true);
    expect(studio.getState().plan?.removed[layer]).toBeUndefined();
    actions.protectLayer(layer, false);
    actions.keepFilters(layer, 5);
    expect(studio.getState().plan?.removed[layer]).toHaveLength(3);
    actions.keepFilters(layer, null);
    expect(studio.getState().rules.keep).toEqual({});
  });
});
