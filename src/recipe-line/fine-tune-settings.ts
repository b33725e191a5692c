/** The fine-tune stage as a declaration, so that its form is made like any method's. Ranges are those of the recipe. */
import type { SettingsDeclaration, TrainStage } from '../../workers/protocol';

export const fineTuneSettings: SettingsDeclaration = {
  epochs: {
    kind: 'number',
    label: 'Epochs',
    explain: 'Times every training image is seen; 0 stops after recalibration.',
    default: 3,
    min: 0,
    max: 1000,
    step: 0.1,
  },
  learningRate: {
    kind: 'number',
    label: 'Learning rate',
    explain: 'Highest step size of the schedule.',
    default: 0.02,
    min: 0.0001,
    max: 1,
    step: 0.0001,
    scale: 'log',
  },
  schedule: {
    kind: 'choice',
    label: 'Schedule',
    explain: 'How the learning rate falls.',
    default: 'cosine',
    options: [
      { value: 'cosine', label: 'cosine' },
      { value: 'step', label: 'in steps' },
      { value: 'constant', label: 'constant' },
    ],
  },
  warmUp: {
    kind: 'number',
    label: 'Warm-up epochs',
    explain: 'The rate rises in a straight line over these.',
    default: 0,
    min: 0,
    max: 50,
    step: 0.5,
  },
  batchSize: {
    kind: 'number',
    label: 'Batch size',
    explain: 'Images per step; smaller needs less memory.',
    default: 64,
    min: 1,
    max: 1024,
    step: 1,
  },
  weightDecay: {
    kind: 'number',
    label: 'Weight decay',
    explain: 'Pull of every kernel towards zero.',
    default: 0.0005,
    min: 0,
    max: 0.1,
    step: 0.0001,
  },
  labelSmoothing: {
    kind: 'number',
    label: 'Label smoothing',
    explain: 'Share of the target spread over all classes.',
    default: 0,
    min: 0,
    max: 0.5,
    step: 0.05,
  },
  distillation: {
    kind: 'number',
    label: 'Distillation',
    explain: 'Weight of imitating the unpruned network; 0 is off.',
    default: 0,
    min: 0,
    max: 1,
    step: 0.1,
  },
  augment: {
    kind: 'switch',
    label: 'Crop and flip images',
    explain: 'Random shifts, and mirroring where it keeps the class.',
    default: true,
  },
};

/** One changed field as a change of the stage; null for a value of the wrong kind. */
export function fineTuneChange(name: string, value: number | string | boolean): Partial<TrainStage> | null {
  if (name === 'schedule') {
    return value === 'cosine' || value === 'step' || value === 'constant' ? { schedule: value } : null;
  }
  if (name === 'augment') return typeof value === 'boolean' ? { augment: value } : null;
  return typeof value === 'number' && name in fineTuneSettings ? { [name]: value } : null;
}
