/** Made-up answers for component tests: each network is wrong on some images of its own. Never shipped. */
import type { ComparedImages, SplitName } from '../../workers/protocol';

const CLASSES = 10;

/** Network `n` is wrong on every image whose number leaves `n` when divided by 17: none shares its mistakes. */
export function fixtureComparison(networks: readonly string[], split: SplitName, images: number): ComparedImages {
  const labels = Uint16Array.from({ length: images }, (_, image) => image % CLASSES);
  const isWrong = (network: number, image: number): boolean => image % 17 === network;
  const answers = networks.map((_, network) => ({
    predictions: labels.map((label, image) => (isWrong(network, image) ? (label + 1) % CLASSES : label)),
    margins: Float32Array.from(
      labels,
      (_label, image) => (isWrong(network, image) ? -1 : 1) * (1 - image / (2 * images)),
    ),
  }));
  const wrong = networks.map(
    (_, network) => Array.from(labels, (_label, image) => isWrong(network, image)).filter(Boolean).length,
  );
  const pairs = networks.flatMap((_, first) =>
    networks.slice(first + 1).map((_second, beyond) => {
      const second = first + 1 + beyond;
      const [onlyFirst, onlySecond] = [wrong[second] ?? 0, wrong[first] ?? 0];
      const difference = (onlySecond - onlyFirst) / images;
      return {
        first,
        second,
        onlyFirst,
        onlySecond,
        difference,
        low: difference - 0.02,
        high: difference + 0.02,
        pValue: 1,
      };
    }),
  );
  return {
    task: 'classification',
    split,
    images,
    labels,
    answers,
    pairs,
    testUses: split === 'test' ? networks.length : 0,
  };
}
