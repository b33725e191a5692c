/** Softmax cross-entropy and its gradient in one pass over the logits. */
import { invocations } from './invocations';
import { float } from './norm-shaders';
import type { Shader } from './wgsl-operation';

/** What the loss is made of; factors are those of `lossAt` in `training/loss.ts`, before they are divided by the rows. */
export interface LossTerms {
  readonly rows: number;
  readonly classes: number;
  /** Factor of the labels' cross-entropy. */
  readonly labelWeight: number;
  readonly smoothing: number;
  /** A row of zeros counts for nothing. */
  readonly someUnlabelled: boolean;
  readonly distillation: { readonly weight: number; readonly temperature: number } | undefined;
}

/** Sums that one invocation adds up at the end. */
const mostSums = 256;

/** Parts the loss comes in: an invocation's rows each. */
export function lossParts({ rows }: LossTerms): number {
  return Math.ceil(rows / rowsOfPart(rows));
}

function rowsOfPart(rows: number): number {
  return Math.ceil(rows / mostSums);
}

/**
 * Reads logits, labels, one over the number of rows that count, and perhaps the teacher's logits; writes the gradient and
 * the parts of the loss. The largest logit is taken off before exponentials, so none overflows.
 */
export function lossShader(terms: LossTerms): Shader {
  const { rows, classes, labelWeight, smoothing, someUnlabelled, distillation } = terms;
  const target = smoothing > 0 ? `known * (label * ${float(1 - smoothing)} + ${float(smoothing / classes)})` : 'label';
  const [beforeDistilling, distilling] = distillation === undefined ? ['', ''] : distilled(classes, distillation);
  const body = `  var loss = 0.0;
  let share = share_[0];
  let end = min(${rows}, (at + 1) * ${rowsOfPart(rows)});
  for (var row = at * ${rowsOfPart(rows)}; row < end; row++) {
    let first = row * ${classes};
    var most = logits[first];
    var known = ${someUnlabelled ? '0.0' : '1.0'};
    for (var c = 0; c < ${classes}; c++) {
      most = max(most, logits[first + c]);
      ${someUnlabelled ? 'known += labels[first + c];' : ''}
    }
    var total = 0.0;
    for (var c = 0; c < ${classes}; c++) { total += exp(logits[first + c] - most); }
    let logTotal = log(total);
${beforeDistilling}
    for (var c = 0; c < ${classes}; c++) {
      let distance = logits[first + c] - most;
      let label = labels[first + c];
      let goal = ${target};
      var value = ${float(labelWeight)} * goal * (logTotal - distance);
      var slope = ${float(labelWeight)} * (known * exp(distance) / total - goal);
${distilling}
      loss += value;
      gradient[first + c] = slope * share;
    }
  }
  parts[at] = loss * share;`;
  const reads = ['logits', 'labels', 'share_', ...(distillation === undefined ? [] : ['teacher'])];
  return invocations(lossParts(terms), reads, ['gradient', 'parts'], body);
}

/** The teacher's part: sums before the classes are gone through, and what each adds to value and slope. */
function distilled(
  classes: number,
  { weight, temperature }: { readonly weight: number; readonly temperature: number },
): readonly [string, string] {
  const softer = float(1 / temperature);
  const before = `    var mostOfTeacher = teacher[first];
    for (var c = 0; c < ${classes}; c++) { mostOfTeacher = max(mostOfTeacher, teacher[first + c]); }
    var softTotal = 0.0;
    var teacherTotal = 0.0;
    for (var c = 0; c < ${classes}; c++) {
      softTotal += exp((logits[first + c] - most) * ${softer});
      teacherTotal += exp((teacher[first + c] - mostOfTeacher) * ${softer});
    }
    let logSoftTotal = log(softTotal);
    let logTeacherTotal = log(teacherTotal);`;
  const each = `      let soft = distance * ${softer} - logSoftTotal;
      let wanted = (teacher[first + c] - mostOfTeacher) * ${softer} - logTeacherTotal;
      let probability = known * exp(wanted);
      value += ${float(weight * temperature ** 2)} * probability * (wanted - soft);
      slope += ${float(weight * temperature)} * (known * exp(soft) - probability);`;
  return [before, each];
}
