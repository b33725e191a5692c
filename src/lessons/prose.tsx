/** Running text of a lesson: bold words, and values that follow the studio. */
import { useStudio } from '../studio/store';
import { lessonValues, pieces } from './values';

export function Prose({ text }: { readonly text: string }) {
  return pieces(text).map(({ kind, text }, at) => {
    const key = `${at} ${text}`;
    if (kind === 'bold') return <b key={key}>{text}</b>;
    if (kind === 'value') return <Value key={key} name={text} />;
    return <span key={key}>{text}</span>;
  });
}

function Value({ name }: { readonly name: string }) {
  const text = useStudio((state) => {
    const read = Object.entries(lessonValues).find(([known]) => known === name)?.[1];
    return read === undefined ? `{${name}}` : read(state);
  });
  return <b>{text}</b>;
}
