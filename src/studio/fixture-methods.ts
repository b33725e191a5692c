/** Methods for component tests: the shapes a method can have, under ids the page has marks for. */
import type { MethodDeclaration, SettingDeclaration } from '../../workers/protocol';

const scheme: SettingDeclaration = {
  kind: 'choice',
  label: 'Scheme',
  explain: 'By channel or spatial.',
  default: 'channel',
  options: [
    { value: 'channel', label: 'By channel' },
    { value: 'spatial', label: 'Spatial' },
  ],
};

const baseline = {
  family: 'baseline',
  reduces: 'filters',
  needs: 'weights',
  normalise: 'layerMean',
  settings: {},
} as const;

export const fixtureMethods: readonly MethodDeclaration[] = [
  {
    ...baseline,
    id: 'l1',
    title: 'L1 norm',
    citation: 'Li et al. Pruning Filters for Efficient ConvNets. ICLR 2017',
    summary: 'Keeps the filters with the largest sum of magnitudes.',
  },
  { ...baseline, id: 'l2', title: 'L2 norm', citation: '', summary: 'Keeps the filters with the largest norm.' },
  {
    ...baseline,
    id: 'taylor',
    title: 'Taylor expansion',
    citation: 'Molchanov et al. Importance Estimation for Neural Network Pruning. CVPR 2019',
    summary: 'Asks the training images how much the loss would change without each filter.',
    needs: 'data',
    settings: {
      images: {
        kind: 'number',
        label: 'Images',
        explain: 'Training images the gradients are averaged over.',
        default: 512,
        min: 64,
        max: 4096,
        step: 64,
      },
    },
  },
  { ...baseline, id: 'random', title: 'Random', citation: '', summary: 'The grey control: chance decides.' },
  {
    ...baseline,
    id: 'svd',
    title: 'SVD truncation',
    citation: '',
    summary: 'Splits each convolution into two thin ones.',
    reduces: 'ranks',
    normalise: 'none',
    settings: { scheme },
  },
  {
    ...baseline,
    id: 'csgd',
    title: 'Made-up merging',
    citation: '',
    summary: 'Stands for methods that train until a cut loses nothing.',
    family: 'csgd',
    needs: 'training',
    settings: {
      strength: {
        kind: 'number',
        label: 'Strength',
        explain: 'How hard filters are pulled together.',
        default: 0.003,
        min: 0.0001,
        max: 1,
        step: 0.0001,
        scale: 'log',
        live: true,
      },
      restarts: {
        kind: 'number',
        label: 'Restarts',
        explain: 'Tries of the clustering.',
        default: 4,
        min: 1,
        max: 20,
        step: 1,
      },
    },
    training: { epochs: 30, learningRate: 0.03, fineTune: 0 },
  },
  {
    ...baseline,
    id: 'dagger',
    title: 'Made-up gating',
    citation: '',
    summary: 'Stands for methods that train gates.',
    family: 'dagger',
    needs: 'training',
  },
  {
    ...baseline,
    id: 'trp',
    title: 'Made-up shrinking',
    citation: '',
    summary: 'Stands for methods that train towards low ranks.',
    family: 'trp',
    reduces: 'ranks',
    needs: 'training',
    normalise: 'none',
    settings: { scheme },
  },
];
