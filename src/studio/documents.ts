/** Files people bring: networks and data go to the worker, documents (setups, recipes, lessons) are read here. */
import { isLesson, parseLesson } from '../lessons/lesson-file';
import { parseSetup } from '../sharing/setup';
import { parseJson } from '../sharing/versions';
import { report, type StudioContext } from './context';
import { sortFiles } from './files';
import type { Opening } from './opening';
import type { Setups } from './setups';
import type { StudioActions } from './state';

/** No document comes near this. */
const mostBytes = 5_000_000;

export function createDocuments(
  context: StudioContext,
  opening: Opening,
  setups: Setups,
  openLesson: StudioActions['openLesson'],
): Pick<StudioActions, 'openFiles'> {
  async function openDocument(file: File): Promise<void> {
    const name = `"${file.name}"`;
    if (file.size > mostBytes) throw new Error(`${name} is too large for a setup, a recipe or a lesson.`);
    const json = parseJson(await file.text(), name);
    if (isLesson(json)) await openLesson(parseLesson(json, name));
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
