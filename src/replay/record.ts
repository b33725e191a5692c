/** A finished run of the worker as a trace file. */
import type { RunId } from '../../workers/protocol';
import type { StudioClient } from '../studio/state';
import { writeTrace } from './trace';

/** Throws when the run is gone or has not finished. */
export async function traceOf(client: Pick<StudioClient, 'call'>, run: RunId): Promise<File> {
  const [{ runs }, { points }, { samples }] = await Promise.all([
    client.call('listRuns', null),
    client.call('metricsOf', { run }),
    client.call('telemetryOf', { run }),
  ]);
  const summary = runs.find((other) => other.run === run);
  if (summary === undefined) throw new Error('There is no such run any more.');
  const slug = summary.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const bytes = await writeTrace({ run: summary, points, samples });
  return new File([bytes], `${slug}.trace`, { type: 'application/gzip' });
}
