import { gatedName } from '../../workers/network/zoo/gating';
import type { NetworkSource } from '../../workers/protocol';

/** A network by where it is from: "resnet8", "half.safetensors". */
export function networkName(source: NetworkSource): string {
  switch (source.source) {
    case 'shipped':
      return source.id;
    case 'zoo':
      return source.architecture;
    case 'gated':
      return gatedName(source);
    case 'file':
      return source.name;
    case 'candidate':
      return 'a network of an earlier run';
  }
}
