/** What the figures of a data set are called. */
import type { DatasetView, Metric } from '../../workers/protocol';

/** Accuracy; where pixels are labelled, the mean over classes of intersection over union. */
export function metricOf(dataset: Pick<DatasetView, 'task'> | null): Metric {
  return dataset?.task === 'segmentation' ? 'mIoU' : 'accuracy';
}

/** At the beginning of a sentence. */
export function metricTitle(metric: Metric): string {
  return metric === 'accuracy' ? 'Accuracy' : metric;
}
