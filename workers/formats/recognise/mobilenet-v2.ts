/**
 * MobileNetV2 as torchvision names it (Sandler et al. 2018): `features.0` the stem, `features.1` to `features.17` inverted
 * residuals `conv.*`, `features.18` the last 1x1 convolution, `classifier.1`. Any widths; strides as in torchvision.
 */
import type { ForeignTensors, Recognition } from '../foreign-names';
import { TorchGraph } from './torch-graph';

/** Blocks that halve the size. */
const halving = new Set([2, 4, 7, 14]);
const lastBlock = 17;

export function recogniseMobileNetV2(tensors: ForeignTensors, file: string): Recognition | undefined {
  const whole = ['features.0.0.weight', 'features.1.conv.0.0.weight', 'features.18.0.weight', 'classifier.1.weight'];
  if (!whole.every((name) => tensors.has(name)) || tensors.has('features.19.0.weight')) return undefined;
  const name = 'MobileNetV2';
  const channels = tensors.get('features.0.0.weight')?.shape[1] ?? 3;
  const graph = new TorchGraph(tensors, name, file, 224, channels);
  let width = graph.width('features.0.0');
  let at = graph.relu(graph.bn(graph.conv('input', 'features.0.0', channels, { stride: 2 }), 'features.0.1'), 'relu6');
  for (let block = 1; block <= lastBlock; block++) {
    const prefix = `features.${block}.conv`;
    const stride = halving.has(block) ? 2 : 1;
    const input = at;
    const before = width;
    // An expansion (if there is one), a depthwise convolution, a linear projection.
    const expanded = graph.has(`${prefix}.2.weight`) && graph.has(`${prefix}.1.0.weight`);
    const pairs = expanded ? ['0', '1'] : ['0'];
    for (const pair of pairs) {
      const conv = `${prefix}.${pair}.0`;
      const own = pair === pairs.at(-1) ? stride : 1;
      at = graph.relu(graph.bn(graph.conv(at, conv, width, { stride: own }), `${prefix}.${pair}.1`), 'relu6');
      width = graph.width(conv);
    }
    const project = `${prefix}.${pairs.length}`;
    at = graph.bn(graph.conv(at, project, width), `${prefix}.${pairs.length + 1}`);
    width = graph.width(project);
    if (stride === 1 && before === width) at = graph.sum(`features.${block}.add`, input, at);
  }
  at = graph.relu(graph.bn(graph.conv(at, 'features.18.0', width), 'features.18.1'), 'relu6');
  const output = graph.dense(graph.globalPool(at), 'classifier.1');
  return {
    name,
    graph: graph.graph(output),
    tensors: graph.tensors,
    notes: ['Recognised by its tensor names: MobileNetV2 of torchvision, for images of 224x224 pixels.'],
  };
}
