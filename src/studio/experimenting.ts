/** What can be done from a step of an earlier run: go another way from it, run it again, give it a name. */
import type { NetworkId, RunSummary } from '../../workers/protocol';
import { adoptRecipe } from './adopt';
import { notify, report, type StudioContext } from './context';
import type { Decisions } from './decisions';
import type { Opening } from './opening';
import { originalOf } from './run-facts';
import type { Running } from './running';
import type { StudioActions } from './state';

export function createExperimenting(
  context: StudioContext,
  opening: Pick<Opening, 'openCandidate'>,
  decisions: Decisions,
  running: Pick<Running, 'carryOut'>,
): Pick<StudioActions, 'fork' | 'runAgain' | 'rename'> {
  const { store } = context;
  const runOf = (id: string): RunSummary | undefined => store.getState().runs.find(({ run }) => run === id);

  /** The very network a run began with, where it is stored; else its source is opened again. */
  async function beginningOf(run: RunSummary): Promise<NetworkId | null> {
    const trained = run.recipe.stages.some(({ stage }) => stage === 'pretrain');
    const original = originalOf(run);
    if (trained || original?.stored !== true) return null;
    const view = await context.client().call('openCandidate', { run: run.run, candidate: original.id });
    return view.network;
  }

  return {
    async fork(candidate) {
      await opening.openCandidate(candidate);
      const { network, scoring } = store.getState();
      const source = network?.view.source;
      const run = runOf(candidate.run);
      if (source?.source !== 'candidate' || source.candidate !== candidate.id || run === undefined) return;
      adoptRecipe(run.recipe, decisions, { scoring });
      // Decided filter by filter, of a network with other filters.
      decisions.changeRules({ byHand: {}, keep: {} });
    },
    async runAgain(id) {
      const run = runOf(id);
      if (run === undefined) return void notify(context, 'This run is gone.');
      try {
        const { dataset } = store.getState();
        const isSame = JSON.stringify(dataset?.source) === JSON.stringify(run.recipe.data);
        const network = await beginningOf(run);
        await running.carryOut(run.recipe, { network, dataset: isSame ? (dataset?.dataset ?? null) : null });
      } catch (thrown) {
        report(context, thrown);
      }
    },
    async rename({ run, id }, name) {
      try {
        await context.client().call('renameCandidate', { run, candidate: id, name });
        store.setState(({ runs }) => ({
          runs: runs.map((summary) =>
            summary.run !== run
              ? summary
              : {
                  ...summary,
                  candidates: summary.candidates.map((own) =>
                    own.id === id ? { ...own, name: name === '' ? undefined : name } : own,
                  ),
                },
          ),
        }));
      } catch (thrown) {
        report(context, thrown);
      }
    },
  };
}
