import { describe, expect, it } from 'vitest';
import { createRandom } from '../../linalg/random';
import type { Graph, Network } from '../../network/graph';
import { channelGroups, type ChannelGroup } from '../../network/groups';
import { hazards, withRandomTensors } from '../../network/hazard-networks';
import { graphFromText } from '../../network/text';
import { buildZooGraph } from '../../network/zoo';
import { clusterGroup, evenClusters, imbalancedClusters, leaderOf, type ClusterMode } from './clusters';

const draw = (): (() => number) => {
  const random = createRandom(1);
  return () => random.next();
};
const groupOf = (graph: Graph, layer: string): ChannelGroup => {
  const found = channelGroups(graph).find(({ members }) => members.some((member) => member.layer === layer));
  if (found === undefined) throw new Error(`No group has "${layer}".`);
  return found;
};

describe('clusters without looking', () => {
  it('are even: consecutive, the first ones larger', () => {
    expect([...evenClusters(6, 4)]).toEqual([0, 0, 1, 1, 2, 3]);
    expect([...evenClusters(16, 10)]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9]);
    expect([...evenClusters(3, 3)]).toEqual([0, 1, 2]);
    expect([...evenClusters(3, 1)]).toEqual([0, 0, 0]);
  });

  it('are imbalanced: one large, the others alone', () => {
    expect([...imbalancedClusters(6, 4)]).toEqual([0, 0, 0, 1, 2, 3]);
    expect([...imbalancedClusters(4, 1)]).toEqual([0, 0, 0, 0]);
    expect([...imbalancedClusters(4, 4)]).toEqual([0, 1, 2, 3]);
  });

  it('are valid in every mode: each number used, in order of first members', () => {
    const graph = graphFromText('input 4x4x2 / conv 7 3x3 p1 / relu / globalPool / dense 2');
    const network = withRandomTensors(graph, 2);
    for (const mode of ['kmeans', 'even', 'imbalanced'] satisfies ClusterMode[]) {
      for (let count = 1; count <= 7; count++) {
        const { of } = clusterGroup(network, groupOf(graph, 'conv1'), count, mode, draw());
        expect([...new Set(of)]).toEqual(Array.from({ length: count }, (_, at) => at));
      }
    }
  });
});

describe('k-means clusters', () => {
  /** Filter `f` of the kernel gets the weights of filter `from[f]`. */
  function duplicated(network: Network, name: string, from: readonly number[]): Network {
    const kernel = network.tensors[name];
    if (kernel === undefined) throw new Error(`No "${name}".`);
    const values = kernel.values.map(
      (_, at) => kernel.values[at - (at % from.length) + (from[at % from.length] ?? 0)] ?? 0,
    );
    return { ...network, tensors: { ...network.tensors, [name]: { shape: kernel.shape, values } } };
  }

  it('find filters that are equal', () => {
    const graph = graphFromText('input 4x4x2 / conv 6 3x3 p1 / bn / relu / globalPool / dense 2');
    const network = duplicated(withRandomTensors(graph, 3), 'conv1.kernel', [0, 1, 0, 3, 1, 0]);
    const { of } = clusterGroup(network, groupOf(graph, 'conv1'), 3, 'kmeans', draw());
    expect([...of]).toEqual([0, 1, 0, 2, 1, 0]);
  });

  it('follow the leader, whatever the followers look like', () => {
    const graph = graphFromText(
      'input 4x4x2 / conv 4 3x3 p1 / top = relu / conv 4 3x3 p1 / add < . top / globalPool / dense 2',
    );
    const leading = duplicated(withRandomTensors(graph, 4), 'conv1.kernel', [0, 1, 1, 0]);
    const network = duplicated(leading, 'conv2.kernel', [0, 0, 2, 2]);
    expect([...clusterGroup(network, groupOf(graph, 'conv1'), 2, 'kmeans', draw()).of]).toEqual([0, 1, 1, 0]);
  });
});

describe('the leader', () => {
  it('is the stem, then the projection that opens each stage', () => {
    const graph = buildZooGraph({ architecture: 'resnet20', shortcut: 'projection' });
    const leaders = channelGroups(graph).map((group) => leaderOf(graph, group));
    expect(leaders).toContain('stem');
    for (const stage of [2, 3]) {
      expect(leaderOf(graph, groupOf(graph, `stage${stage}.block3.conv2`))).toBe(`stage${stage}.block1.projection`);
    }
  });

  it('is the first producer of padded channels in option A, and the layer before a depthwise one', () => {
    const graph = buildZooGraph({ architecture: 'resnet8' });
    const padded = channelGroups(graph).find(({ id }) => id === 'stage2.block1.conv2');
    expect(padded && leaderOf(graph, padded)).toBe('stage2.block1.conv2');
    expect(leaderOf(hazards.depthwise, groupOf(hazards.depthwise, 'deep'))).toBe('wide');
  });
});
