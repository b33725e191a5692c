/** Training metrics as CSV: one row a point, RFC 4180, numbers with a decimal point. */

export interface MetricRow {
  readonly stage: number;
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  /** Share of 1; null = not measured at this point. */
  readonly accuracy: number | null;
  /** The split the accuracy was measured on; null = the training batch. */
  readonly split: string | null;
  readonly learningRate: number;
}

const columns = ['stage', 'epoch', 'step', 'loss', 'accuracy', 'split', 'learningRate'] as const;

export function writeMetricsCsv(rows: readonly MetricRow[]): string {
  const lines = rows.map((row) => columns.map((column) => row[column] ?? '').join(','));
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}
