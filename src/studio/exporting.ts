/** Files to take away: made and proven by the worker, handed to the browser as a download. */
import type { CommandResult, ExportFormat, RunId } from '../../workers/protocol';
import { traceOf } from '../replay/record';
import { download } from '../ui/download';
import { loaded } from '../ui/loading';
import { notify, report, type StudioContext } from './context';
import type { StudioActions } from './state';

/** Source with weights: what alone can run it. */
const foreignRuntimes: Partial<Readonly<Record<ExportFormat, string>>> = { pytorch: 'PyTorch', keras: 'Keras' };

const writing = 'Writing and checking the file';

type Proof = CommandResult<'exportNetwork'>['proof'];

/** What was done, and what could not be, to see that the file means the same. */
function howChecked(format: ExportFormat, proof: Proof): string {
  const runtime = foreignRuntimes[format];
  if (runtime !== undefined) return ` It was not run here: only ${runtime} can run it.`;
  if (proof === null) {
    const isText = format === 'recipe' || format === 'metrics';
    return isText
      ? ''
      : ' It was not run: a part of the network is not understood here, and was carried over as it was.';
  }
  const difference = proof.maxAbsLogitDifference.toPrecision(2);
  const source = format === 'everything' ? ' The PyTorch and Keras source in it was not run here.' : '';
  return ` Reopened and compared on ${proof.images} images: largest difference of a logit ${difference}.${source}`;
}

export function createExporting(
  context: StudioContext,
): Pick<StudioActions, 'exportNetwork' | 'exportTrace' | 'exportReport'> {
  return {
    async exportReport(chosen) {
      try {
        const runs = await Promise.all(
          chosen.map(async (run) => ({
            run,
            // Shipped runs have no curves; those of a replay are the page's own.
            points:
              run.origin === 'here'
                ? (await context.client().call('metricsOf', { run: run.run })).points
                : (context.store.getState().live[run.run]?.points ?? []),
          })),
        );
        const { reportHtml } = await loaded('The report', () => import('../report/report'));
        const html = reportHtml(runs, new Date(), location.href.split('#')[0] ?? '');
        download('espalier-report.html', new Blob([html], { type: 'text/html' }));
      } catch (thrown) {
        report(context, thrown);
      }
    },
    async exportTrace(run) {
      try {
        const file = await traceOf(context.client(), run);
        download(file.name, file);
        notify(context, `${file.name} is saved: dropped on the studio, it plays.`, { tone: 'note' });
      } catch (thrown) {
        report(context, thrown);
      }
    },
    async exportNetwork(format: ExportFormat, run?: RunId) {
      const { network, dataset } = context.store.getState();
      context.store.setState({ opening: writing });
      try {
        const { name, blob, proof } = await context.client().call('exportNetwork', {
          network: run === undefined ? (network?.view.network ?? null) : null,
          run: run ?? null,
          dataset: dataset?.dataset ?? null,
          format,
        });
        download(name, blob);
        notify(context, `${name} is saved.${howChecked(format, proof)}`, { tone: 'note' });
      } catch (thrown) {
        report(context, thrown);
      } finally {
        // Something may have been opened meanwhile: the line is its.
        context.store.setState(({ opening }) => ({ opening: opening === writing ? null : opening }));
      }
    },
  };
}
