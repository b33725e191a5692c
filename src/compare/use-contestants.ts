/** The contestants of the present ticks; made again only when what they are made of changed. */
import { useMemo } from 'react';
import { useStudio } from '../studio/store';
import { contestantsOf, type Contestant } from './contestants';

export function useContestants(): readonly Contestant[] {
  const runs = useStudio((state) => state.runs);
  const network = useStudio((state) => state.network);
  const dataset = useStudio((state) => state.dataset);
  const ticked = useStudio((state) => state.view.ticked);
  return useMemo(() => contestantsOf({ runs, network, dataset, view: { ticked } }), [runs, network, dataset, ticked]);
}
