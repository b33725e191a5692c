import { filterMatrix, scoreLayers } from './filters';
import type { Method } from './method';

/** The grey control: importance is chance, uniform over all filters of the network. */
export const random: Method = {
  id: 'random',
  title: 'Random',
  citation: '',
  summary: 'Chance decides. A method that does not beat it has found nothing.',
  family: 'baseline',
  reduces: 'filters',
  needs: 'weights',
  normalise: 'none',
  settings: {},
  begin: async (context) => ({
    score: () =>
      scoreLayers(context, (layer) => {
        const { count } = filterMatrix(context.network, layer);
        return Float32Array.from({ length: count }, () => context.random());
      }),
  }),
};
