/** Laws of the gates in the network: open ones change nothing, closed ones are a removal, tied ones are one. */
import { dispose, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { Gates } from '../../compute/executor';
import { networkCosts } from '../../network/costs';
import { cutGraph } from '../../network/cut';
import { CouplingError } from '../../network/closure';
import type { Network } from '../../network/graph';
import { openMacs } from './cost-term';
import type { GateLayout } from './gate-layout';
import { structures, tinyResidual, tinyStructure } from './tiny-residual';
import {
  presentGates,
  images,
  largestDifference,
  valuesOf,
  logitsOf,
  gatedAndCut,
  gatesAt,
  beginDagger,
  type Law,
} from './bench';

export const gateLaws: readonly Law[] = [
  {
    name: 'all open = original: multiplying by 1 changes no bit of the logits',
    async check(executor) {
      const network = tinyResidual(5);
      const hooks = await beginDagger(network, { settings: { offset: 5 } });
      const loaded = executor.load(network);
      const batch = images(4, [8, 8, 3], 3);
      const gates = presentGates(hooks);
      for (const [id, gate] of gates) expect(new Set(await valuesOf(gate)), id).toEqual(new Set([1]));
      expect(await logitsOf(loaded, batch, gates)).toEqual(await logitsOf(loaded, batch));
      dispose([batch, ...gates.values()]);
      hooks.dispose?.();
      loaded.dispose();
    },
  },
  {
    name: 'removal is exact: gated network = cut network, in chain, residual, option A, concatenation, depthwise',
    async check(executor) {
      for (const network of [tinyResidual(8), ...structures.map((name) => tinyStructure(name, 8))]) {
        const { layout, plan, open, cut } = await gatedAndCut(network, 0.5);
        expect(plan.filters.removed).toBeGreaterThan(0);
        expect(networkCosts(cut.graph).macs).toBe(openMacs(layout, open));
        const [whole, small] = [executor.load(network), executor.load(cut)];
        const batch = images(4, [8, 8, 3], 5);
        const gates = gatesAt(layout, open);
        const gated = await logitsOf(whole, batch, gates);
        expect(largestDifference(gated, await logitsOf(small, batch))).toBeLessThan(1e-4);
        dispose([batch, ...gates.values()]);
        whole.dispose();
        small.dispose();
      }
    },
  },
  {
    name: 'the place matters: gates on the convolution, or none behind the depthwise batch norm, are not a removal',
    async check(executor) {
      const gapOf = async (
        network: Network,
        place: (layout: GateLayout, open: Float32Array) => Gates,
      ): Promise<number> => {
        const { layout, open, cut } = await gatedAndCut(network, 0.5);
        const [whole, small] = [executor.load(network), executor.load(cut)];
        const batch = images(4, [8, 8, 3], 5);
        const gates = place(layout, open);
        const gap = largestDifference(await logitsOf(whole, batch, gates), await logitsOf(small, batch));
        dispose([batch, ...gates.values()]);
        whole.dispose();
        small.dispose();
        return gap;
      };
      const beforeNorms = (layout: GateLayout, open: Float32Array): Gates =>
        new Map([...gatesAt(layout, open)].map(([id, gate]) => [id.replace('.bn', ''), gate]));
      expect(await gapOf(tinyResidual(8), beforeNorms)).toBeGreaterThan(1e-2);
      const depthwise = tinyStructure('depthwise', 8);
      expect(await gapOf(depthwise, (layout, open) => gatesAt(layout, open, (id) => id === 'd.bn'))).toBeGreaterThan(
        1e-2,
      );
      expect(await gapOf(depthwise, (layout, open) => gatesAt(layout, open))).toBeLessThan(1e-4);
    },
  },
  {
    name: 'shared groups: all addends meet the very same gates; another choice for one of them is refused',
    async check() {
      const network = tinyResidual(9);
      const hooks = await beginDagger(network);
      tidy(() => {
        const gates = hooks.gates();
        expect(gates.get('stem.bn')).toBe(gates.get('a2.bn'));
        expect(gates.get('b2.bn')).toBe(gates.get('p.bn'));
        expect(gates.get('a1.bn')).not.toBe(gates.get('a2.bn'));
      });
      hooks.dispose?.();
      expect(() => cutGraph(network.graph, { stem: [1], a2: [2] })).toThrow(CouplingError);
    },
  },
];
