/**
 * Carries out a recipe, stage by stage.
 *
 * After every stage that changed the network the run has a restart point: that network and the number of the next stage.
 * Training adds points within its stage. A stage that only looked (`score`) is done again after a restart.
 */
import { networkCosts } from '../network/costs';
import type { TrainState } from '../training/train-state';
import type { Stage } from './recipe';
import { resultOf } from './run-result';
import { StoppedError } from './run-control';
import { evaluateStage, recalibrateStage } from './stage-measure';
import { reconstructStage } from './stage-reconstruct';
import { endActing, nameMethod, pruneStage, scoreStage, truncateStage } from './stage-reduce';
import { trainStage } from './stage-train';
import { addCandidate, originalCosts, type StagePlace, type Work } from './work';

export interface RestartPoint {
  readonly stage: number;
  readonly training: TrainState | undefined;
}

/** Carries out the recipe from `from` to its end. Leaves result and candidates in the journal, saved. Throws what a stage throws. */
export async function carryOut(work: Work, from: RestartPoint): Promise<void> {
  const { recipe, journal } = work;
  try {
    for (const [index, stage] of recipe.stages.entries()) {
      if (index < from.stage) continue;
      await beforeStage(work, { index, stage });
      journal.tell({ event: 'stage', stage: index, stageName: stage.stage, state: 'started' });
      await carryOutStage(work, { index, stage }, index === from.stage ? from.training : undefined);
      await saveRestartPoint(work, { index, stage });
      journal.flush();
      journal.tell({ event: 'stage', stage: index, stageName: stage.stage, state: 'finished' });
    }
    await finish(work, 'final');
  } catch (error) {
    if (error instanceof StoppedError) await finish(work, 'checkpoint');
    throw error;
  } finally {
    endActing(work);
  }
}

/** The network as it is now becomes the original, before the first stage that cuts or tunes it. */
async function beforeStage(work: Work, place: StagePlace): Promise<void> {
  if (work.original !== null || !changesOriginal(place.stage)) return;
  work.original = work.network;
  await addCandidate(work, place, 'original');
  await work.journal.commit();
}

async function carryOutStage(
  work: Work,
  { index, stage }: StagePlace,
  training: TrainState | undefined,
): Promise<void> {
  switch (stage.stage) {
    case 'pretrain':
    case 'fine-tune':
      if (stage.method !== undefined) nameMethod(work, stage.method);
      await trainStage(work, { index, stage }, training);
      return addTrained(work, { index, stage });
    case 'score':
      return scoreStage(work, { index, stage });
    case 'prune':
      return pruneStage(work, { index, stage });
    case 'truncate':
      return truncateStage(work, { index, stage });
    case 'reconstruct':
      return reconstructStage(work, { index, stage });
    case 'recalibrate':
      return recalibrateStage(work, { index, stage });
    case 'evaluate': {
      const evaluation = await evaluateStage(work, { index, stage });
      const { evaluations } = work.journal.record();
      work.journal.change({ evaluations: [...evaluations, evaluation] });
    }
  }
}

/**
 * What training left, where more is done to it: the last network is the run's final one, and what `pretrain` leaves is
 * the original.
 */
async function addTrained(work: Work, { index, stage }: StagePlace): Promise<void> {
  const { recipe, journal } = work;
  if (stage.stage !== 'fine-tune' || !recipe.stages.slice(index + 1).some(changesOriginal)) return;
  // Trained again after a restart: the same network.
  const known = journal.record().candidates.some((other) => other.kind === 'trained' && other.stageIndex === index);
  if (!known) await addCandidate(work, { index, stage }, 'trained');
}

/** A stage that `score` prepares, or that a method still has to decide after, is not passed yet. */
async function saveRestartPoint(work: Work, { index, stage }: StagePlace): Promise<void> {
  const { journal } = work;
  const passed = stage.stage !== 'score' && work.scored === null && work.acting === null;
  if (passed) {
    const network = await journal.keepNetwork(work.network);
    journal.change({ checkpoint: { stage: index + 1, step: 0, network, training: null } });
  }
  await journal.commit();
}

/** The last candidate, the result, and no restart point any more. */
async function finish(work: Work, kind: 'final' | 'checkpoint'): Promise<void> {
  const { journal, recipe, network, engine } = work;
  const index = recipe.stages.length - 1;
  const stage = recipe.stages[index];
  const last = journal.record().candidates.at(-1);
  const kept = last && journal.record().blobs[last.id];
  const tensors = await journal.keepNetwork(network);
  if (stage !== undefined && kept?.sha256 !== tensors.sha256) await addCandidate(work, { index, stage }, kind);
  const result = resultOf(journal.record(), engine.executor.device, originalCosts(work), networkCosts(network.graph));
  journal.change({ result, checkpoint: null });
  journal.setState(kind === 'final' ? 'finished' : 'stopped');
  await journal.commit();
  if (kind === 'final') journal.tell({ event: 'finished', result: journal.record().result ?? result });
}

function changesOriginal({ stage }: Stage): boolean {
  return stage !== 'pretrain' && stage !== 'score' && stage !== 'evaluate';
}
