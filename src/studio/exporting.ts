/** Files to take away: made and proven by the worker, handed to the browser as a download. */
import type { ExportFormat, RunId } from '../../workers/protocol';
import { download } from '../ui/download';
import { notify, report, type StudioContext } from './context';
import type { StudioActions } from './state';

export function createExporting(context: StudioContext): Pick<StudioActions, 'exportNetwork'> {
  return {
    async exportNetwork(format: ExportFormat, run?: RunId) {
      const { network, dataset } = context.store.getState();
      context.store.setState({ opening: 'Writing and checking the file' });
      try {
        const { name, blob, proof } = await context.client().call('exportNetwork', {
          network: run === undefined ? (network?.view.network ?? null) : null,
          run: run ?? null,
          dataset: dataset?.dataset ?? null,
          format,
        });
        download(name, blob);
        const checked =
          proof === null
            ? ''
            : ` Reopened and compared on ${proof.images} images: largest difference of a logit ${proof.maxAbsLogitDifference.toPrecision(2)}.`;
        notify(context, `${name} is saved.${checked}`, { tone: 'note' });
      } catch (thrown) {
        report(context, thrown);
      } finally {
        context.store.setState({ opening: null });
      }
    },
  };
}
