/** The tour: what each place of the studio is for, in the order a person would use them. */
export interface Stop {
  /** Part of the page it stands beside: `data-place` in `app.tsx`. */
  readonly place: 'tree' | 'tradeoff' | 'inspector' | 'recipe' | 'runs';
  readonly title: string;
  readonly text: string;
}

export const stops: readonly Stop[] = [
  {
    place: 'tree',
    title: 'A network, drawn as a tree',
    text: 'Each row is a layer, each cell a filter; those that matter most by the present method stand first and stand out most. A row is as long as its layer is expensive. Hollow cells are cut.',
  },
  {
    place: 'tradeoff',
    title: 'What it costs, what it answers',
    text: 'Drag the green line, or move it with ← and →: tree, sentence and chart follow. Letting go measures the cut on real images. Filled marks are measured, hollow ones estimated.',
  },
  {
    place: 'inspector',
    title: 'One layer from close by',
    text: 'Choose a row of the tree to see its kernels and how its filters rank. You can keep, cut or protect by hand.',
  },
  {
    place: 'recipe',
    title: 'What will be done',
    text: 'The recipe from left to right. Press a stage to change it: another method, another budget, more training. The green button carries it out on this machine.',
  },
  {
    place: 'runs',
    title: 'What was done',
    text: 'Every run stays here with its numbers; those that ship with the studio are reference runs. Tick some to compare them. To take a smaller network away, use Export at the top.',
  },
];
