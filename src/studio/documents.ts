/** Files people bring: networks and data go to the worker, documents (setups, recipes, lessons, traces) are read here. */
import { isLesson, parseLesson } from '../lessons/lesson-file';
import { readTrace } from '../replay/trace';
import { parseSetup } from '../sharing/setup';
import { parseJson } from '../sharing/versions';
import { report, type StudioContext } from './context';
import { sortFiles } from './files';
import type { Opening } from './opening';
import type { Replaying } from './replaying';
import type { Setups } from './setups';
import type { StudioActions } from './state';

/** No document comes near this. */
const mostBytes = 5_000_000;

export function createDocuments(
  context: StudioContext,
  opening: Opening,
  setups: Setups,
  gestures: Pick<StudioActions, 'openLesson'> & Pick<Replaying, 'play'>,
): Pick<StudioActions, 'openFiles'> {
  async function openDocument(file: File): Promise<void> {
    const name = `"${file.name}"`;
    if (file.size > mostBytes) throw new Error(`${name} is too large for a setup, a recipe, a lesson or a trace.`);
    if (file.name.toLowerCase().endsWith('.trace')) {
      return gestures.play(await readTrace(new Uint8Array(await file.arrayBuffer()), name));
    }
    const json = parseJson(await file.text(), name);
    if (isLesson(json)) await gestures.openLesson(parseLesson(json, name));
    else await setups.openSetup(parseSetup(json, name));
  }

  return {
    async openFiles(files) {
      const { documents } = sortFiles(files);
      const others = files.filter((file) => !documents.includes(file));
      if (others.length > 0 && (await opening.openFiles(others))) setups.networkArrived();
      for (const file of documents) {
        try {
          await openDocument(file);
        } catch (thrown) {
          report(context, thrown);
        }
      }
    },
  };
}
