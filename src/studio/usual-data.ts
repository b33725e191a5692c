/** Data that a network is met with when nobody asked for others, and what networks and data are called while they open. */
import { isResNet } from '../../workers/network/zoo/gating/backbones';
import type { DataSource, NetworkSource, ShippedNetwork } from '../../workers/protocol';
import { networkName } from './network-name';
import type { StudioState } from './state';

/** What was opened, and the bytes behind it. */
export interface Opened<Source> {
  readonly source: Source;
  readonly files: readonly File[];
}

interface Present extends Pick<StudioState, 'engine' | 'dataset'> {
  /** Data of the open under way: a network without data of its own takes them over. */
  readonly awaited: Opened<DataSource> | null;
}

type Gated = Extract<NetworkSource, { source: 'gated' }>;
type Rods = Extract<DataSource, { source: 'cuerods' }>;

const rodClasses = 4;

/** Data that are there without asking; null: what is open stays. What a file was trained on, nobody knows. */
export function usualData(source: NetworkSource, { engine, dataset, awaited }: Present): Opened<DataSource> | null {
  const shipped = source.source === 'shipped' ? engine.shipped.find(({ id }) => id === source.id) : undefined;
  if (shipped !== undefined) return { source: shipped.data, files: [] };
  if (source.source === 'gated' && !isResNet(source.backbone)) {
    if (awaited?.source.source === 'cuerods' && sideOf(awaited.source) === imageSide(source)) return awaited;
    const fits = dataset?.task === 'segmentation' && dataset.classes.length === (source.classes ?? rodClasses);
    return fits ? null : { source: rodsFor(source), files: [] };
  }
  if (awaited !== null) return awaited;
  const fits = source.source === 'zoo' || source.source === 'gated';
  return fits && dataset?.task !== 'classification' ? { source: { source: 'shapes10' }, files: [] } : null;
}

const imageSide = ({ backbone, image }: Gated): number => image?.[0] ?? (backbone === 'fourStage' ? 64 : 32);

const sideOf = ({ size = 32 }: Rods): number => size;

/** Cue rods of the size a gated network reads. */
const rodsFor = (source: Gated): Rods =>
  imageSide(source) === 64 ? { source: 'cuerods', size: 64 } : { source: 'cuerods' };

/** "ResNet-20 on Shapes-10", "half.safetensors". */
export function titleOf(source: NetworkSource, shipped: readonly ShippedNetwork[]): string {
  const known = source.source === 'shipped' ? shipped.find(({ id }) => id === source.id) : undefined;
  return known?.title ?? networkName(source);
}

export function dataTitleOf(source: DataSource): string {
  switch (source.source) {
    case 'shapes10':
      return 'Shapes-10';
    case 'cuerods':
      return 'Cue rods';
    case 'cifar10':
      return 'CIFAR-10';
    case 'folder':
    case 'voc':
      return source.name;
    case 'hub':
      return 'data from the hub';
  }
}
