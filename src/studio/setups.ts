/**
 * Setups: what is set up now, as a link or a file; and a link or a file, set up again.
 *
 * Whatever is not at hand is asked for, never guessed: a network from a file by its name and hash, images by their
 * source, a download by its address.
 */
import { fetchLesson, lessonOf } from '../lessons/shipped';
import { isLink, readLink, writeLink } from '../sharing/link';
import { compactSetup, type Setup } from '../sharing/setup';
import type { DataSource, NetworkSource, Recipe } from '../../workers/protocol';
import { pickFiles } from '../ui/file-picker';
import { adoptRecipe, canAdopt } from './adopt';
import { notify, report, type StudioContext } from './context';
import { networkAccept } from './files';
import type { Opening } from './opening';
import { recipeOf } from './run-recipe';
import type { StudioActions, StudioState } from './state';

/** Sources that give the same network anywhere. */
const rebuildable: ReadonlySet<NetworkSource['source']> = new Set(['shipped', 'zoo', 'gated']);

type Gestures = Parameters<typeof adoptRecipe>[1] & {
  readonly show: StudioActions['show'];
  readonly carryOut: (recipe: Recipe) => Promise<void>;
  readonly openFiles: StudioActions['openFiles'];
  readonly openLesson: StudioActions['openLesson'];
};

export interface Setups extends Pick<StudioActions, 'openLink' | 'openSetup'> {
  /** Networks arrived: the setup that waits for one of them goes on. */
  networkArrived(): void;
}

/** What is set up now; null until network, data and plan are there. */
export function setupOf(state: StudioState): Setup | null {
  const recipe = recipeOf(state);
  const open = state.network?.view;
  if (recipe === null || open === undefined) return null;
  const { layer, tab, rowLength, order } = state.view;
  const view = { rowLength, order, ...(layer === null ? {} : { layer }), ...(tab === null ? {} : { tab }) };
  const setup: Setup = { kind: 'espalier-setup', version: 1, recipe, view };
  if (rebuildable.has(open.source.source)) return setup;
  const name = open.source.source === 'file' ? open.source.name : `${open.meta.name}.safetensors`;
  return { ...setup, recipe: { ...recipe, network: { source: 'file', name } }, hash: open.hash };
}

/** The address that opens `setup` anywhere. */
export async function linkTo(setup: Setup): Promise<string> {
  return new URL(await writeLink(setup), location.href.split('#')[0]).href;
}

/** The setup as a file that can be dropped on the studio. */
export function setupFile(setup: Setup): File {
  const slug = setup.recipe.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const text = `${JSON.stringify(compactSetup(setup), undefined, 2)}\n`;
  return new File([text], `${slug}.setup.json`, { type: 'application/json' });
}

export function createSetups(context: StudioContext, opening: Opening, gestures: Gestures): Setups {
  const { store } = context;
  /** Waits for its network. */
  let waiting: Setup | null = null;

  async function openSetup(setup: Setup): Promise<void> {
    waiting = null;
    const { network: source, data } = setup.recipe;
    if (source.source === 'file' || source.source === 'candidate') {
      if (setup.hash === undefined || store.getState().network?.view.hash === setup.hash) return arrange(setup);
      waiting = setup;
      return askForNetwork(setup);
    }
    const isOpen = await opening.openNetwork(source, [], {
      seed: setup.recipe.seed,
      ...(isMade(data) ? { data: { source: data, files: [] } } : {}),
    });
    if (isOpen) arrange(setup);
  }

  /** Network is open; method, cut, training and view follow. */
  function arrange(setup: Setup): void {
    const { recipe, view } = setup;
    store.setState({ seed: recipe.seed });
    if (canAdopt(recipe)) adoptRecipe(recipe, gestures, store.getState());
    else askToCarryOut(recipe);
    const { network, view: shown } = store.getState();
    const known = network?.view.graph.layers.some(({ id }) => id === view.layer) === true;
    gestures.show({
      layer: known && view.layer !== undefined ? view.layer : shown.layer,
      tab: view.tab ?? null,
      rowLength: view.rowLength ?? shown.rowLength,
      order: view.order ?? shown.order,
    });
    askForData(recipe);
  }

  function askForNetwork({ recipe, hash }: Setup): void {
    const name = recipe.network.source === 'file' ? recipe.network.name : 'a network of a run elsewhere';
    notify(
      context,
      `This setup is about "${name}" (SHA-256 ${hash?.slice(0, 16)}…). Open or drop that file to go on.`,
      {
        tone: 'ask',
        action: { label: 'Open file', run: () => choose(networkAccept) },
      },
    );
  }

  function askForData({ data }: Recipe): void {
    const open = store.getState().dataset?.source;
    if (open !== undefined && open.source === data.source && JSON.stringify(open) === JSON.stringify(data)) return;
    if (isMade(data)) return void opening.openDataset(data);
    if (data.source === 'hub') {
      notify(context, `This setup measures on images of ${data.url}.`, {
        tone: 'ask',
        action: { label: 'Download them', run: () => void opening.openDataset(data) },
      });
      return;
    }
    const what = 'name' in data ? `the images of "${data.name}"` : 'the CIFAR-10 archive';
    notify(context, `This setup measures on ${what}. Open or drop them to go on.`, {
      tone: 'ask',
      action: { label: 'Open files', run: () => choose('') },
    });
  }

  function askToCarryOut(recipe: Recipe): void {
    notify(
      context,
      `"${recipe.name}" has stages the recipe line cannot show. It can be carried out as it is written.`,
      {
        tone: 'ask',
        action: { label: 'Carry it out', run: () => void gestures.carryOut(recipe) },
      },
    );
  }

  function choose(accept: string): void {
    void pickFiles({ accept })
      .then((files) => gestures.openFiles(files))
      .catch((thrown: unknown) => report(context, thrown));
  }

  return {
    openSetup,
    async openLink(fragment) {
      const lesson = lessonOf(fragment);
      if (lesson === null && !isLink(fragment)) return false;
      try {
        if (lesson === null) await openSetup(await readLink(fragment));
        else await gestures.openLesson(await fetchLesson(lesson));
        return true;
      } catch (thrown) {
        report(context, thrown);
        return false;
      }
    },
    networkArrived() {
      const { network } = store.getState();
      const setup = waiting;
      if (setup === null || network === null) return;
      const goOn = (): void => {
        waiting = null;
        arrange(setup);
      };
      if (network.view.hash === setup.hash) return goOn();
      notify(
        context,
        `This is not the network of the setup: its SHA-256 begins with ${network.view.hash.slice(0, 16)}, not ${setup.hash?.slice(0, 16)}.`,
        { tone: 'ask', action: { label: 'Use it all the same', run: goOn } },
      );
    },
  };
}

/** Procedural data are made on the spot; everything else is a file or a download. */
function isMade({ source }: DataSource): boolean {
  return source === 'shapes10' || source === 'cuerods';
}
