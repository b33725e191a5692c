/**
 * MobileNetV2 (Sandler et al. 2018, table 2) for 32x32 images: stem and second stage at stride 1, so features end at
 * 4x4. Inverted residual blocks: 1x1 expansion (6x; none in stage 1), 3x3 depthwise, linear 1x1 projection; an identity
 * is added in every block but the first of a stage.
 *
 * Widths: 9 numbers (stem, the outputs of stages 1 to 7, head), or 35 in forward order, depthwise convolutions left out
 * (they have the width of their input): stem, stage 1's project, then expand, project of every block, head.
 */
import { NetworkError, type Graph, type LayerId } from '../graph';
import { GraphBuilder } from './builder';

const STANDARD = [32, 16, 24, 32, 64, 96, 160, 320, 1280];
const BLOCKS = [1, 2, 3, 4, 3, 3, 1];
const STRIDES = [1, 1, 2, 2, 1, 2, 1];
const EXPANSION = 6;

export interface MobileNetOptions {
  readonly widths?: readonly number[] | undefined;
  readonly classes: number;
}

/** Throws `NetworkError` for a width list of the wrong length or with widths that cannot be added. */
export function mobileNetV2Graph({ widths, classes }: MobileNetOptions): Graph {
  const plan = readPlan(widths ?? STANDARD);
  const net = new GraphBuilder();
  let last = normalised(net, net.conv('stem', net.input([32, 32, 3]), plan.stem), 'stem');
  plan.stages.forEach((blocks, index) => {
    blocks.forEach(({ expand, project }, at) => {
      const id = `stage${index + 1}.block${at + 1}`;
      const stride = at === 0 ? (STRIDES[index] ?? 1) : 1;
      let branch = last;
      if (expand !== undefined) {
        branch = net.conv(`${id}.expand`, branch, expand, { size: 1 });
        branch = normalised(net, branch, `${id}.expand`);
      }
      branch = normalised(net, net.depthwise(`${id}.depthwise`, branch, { stride }), `${id}.depthwise`);
      branch = net.conv(`${id}.project`, branch, project, { size: 1 });
      branch = net.batchNorm(`${id}.project.bn`, branch);
      last = at === 0 ? branch : net.add(`${id}.add`, [branch, last]);
    });
  });
  last = normalised(net, net.conv('head', last, plan.head, { size: 1 }), 'head');
  return net.finish(net.dense('classifier', net.globalAveragePool('pool', last), classes));
}

function normalised(net: GraphBuilder, from: LayerId, id: string): LayerId {
  return net.activation(`${id}.relu6`, net.batchNorm(`${id}.bn`, from), 'relu6');
}

interface BlockWidths {
  /** Absent in stage 1, whose depthwise convolution reads the stem. */
  readonly expand: number | undefined;
  readonly project: number;
}

interface WidthPlan {
  readonly stem: number;
  readonly stages: readonly (readonly BlockWidths[])[];
  readonly head: number;
}

function readPlan(widths: readonly number[]): WidthPlan {
  const bad = widths.find((width) => !Number.isSafeInteger(width) || width < 1);
  if (bad !== undefined) {
    throw new NetworkError(`MobileNetV2: a width must be a whole number, at least 1, not ${bad}.`);
  }
  const full = 2 * BLOCKS.reduce((sum, blocks) => sum + blocks, 0) + 1;
  if (widths.length === STANDARD.length) return readPlan(expandedList(widths));
  if (widths.length !== full) {
    const choice = `${STANDARD.length} (stem, stages, head) or ${full} (one per convolution)`;
    throw new NetworkError(`MobileNetV2 takes ${choice} widths, not ${widths.length}.`);
  }
  const [stem = 0, ...rest] = widths;
  const head = rest.pop() ?? 0;
  let at = 0;
  const stages = BLOCKS.map((blocks, stage) =>
    Array.from({ length: blocks }, (): BlockWidths => {
      const expand = stage === 0 ? undefined : rest[at++];
      return { expand, project: rest[at++] ?? 0 };
    }),
  );
  stages.forEach(checkStage);
  return { stem, stages, head };
}

/** From stem, stages and head to one number per convolution. */
function expandedList([stem = 0, ...widths]: readonly number[]): readonly number[] {
  const list = [stem];
  let input = stem;
  BLOCKS.forEach((blocks, stage) => {
    const output = widths[stage] ?? 0;
    for (let at = 0; at < blocks; at++) {
      if (stage > 0) list.push(EXPANSION * input);
      list.push(output);
      input = output;
    }
  });
  return [...list, ...widths.slice(BLOCKS.length)];
}

function checkStage(blocks: readonly BlockWidths[], index: number): void {
  const [first] = blocks;
  blocks.forEach(({ project }, at) => {
    if (project === first?.project) return;
    const id = `stage${index + 1}.block${at + 1}.project`;
    const problem = `${project} filters of "${id}" cannot be added to a stream of ${first?.project}`;
    throw new NetworkError(`MobileNetV2: ${problem}; give them the same width.`, id);
  });
}
