/** Made-up looks for tests of panels: a diagonal of class 1, two gates that open from look to look. Never shipped. */
import type { ImageEvidence, ImageLooks } from '../../workers/protocol';

const SIDE = 8;
const LOOKS = 4;

const diagonal = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => (Math.floor(at / SIDE) === at % SIDE ? 1 : 0));

export const fixtureLooks: ImageLooks = {
  image: Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, at) => (at * 7) % 256),
  size: [SIDE, SIDE],
  truth: diagonal,
  label: null,
  passes: Array.from({ length: LOOKS }, (_, look) => ({
    // Each look finds two more rows of the diagonal.
    prediction: diagonal.map((label, at) => (Math.floor(at / SIDE) < 2 * (look + 1) ? label : 0)),
    probabilities: null,
    accuracy: 1 - (SIDE - 2 * (look + 1)) / (SIDE * SIDE),
    gates:
      look === 0
        ? []
        : [1, 2].map((stage) => ({
            stage,
            size: [4, 4] as const,
            map: new Float32Array(16).fill(1 + 0.1 * look * stage),
            channels: new Float32Array(16).fill(1 + 0.1 * look * stage),
          })),
  })),
};

export const fixtureEvidence: ImageEvidence = {
  grid: [4, 4],
  passes: Array.from({ length: LOOKS }, (_, look) => ({
    answer: look === 0 ? 0 : 1,
    probabilities: Float32Array.of(0.7 - 0.2 * look, 0.3 + 0.2 * look),
    drop: new Float32Array(16).fill(0.1 * look),
    gates: look === 0 ? [] : [{ stage: 1, values: new Float32Array(16).fill(1 + 0.1 * look) }],
  })),
};
