/** A question of a lesson: one of several, a number, or words. Every answer counts; none is graded. */
import { useId, useState } from 'react';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import type { Question as Asked } from './lesson-file';
import styles from './rail.module.css';

export function Question({ question }: { readonly question: Asked }) {
  const answer = useStudio((state) => state.lesson?.answers[question.id] ?? '');
  return question.kind === 'choice' ? (
    <Choice question={question} answer={answer} />
  ) : (
    <Written question={question} answer={answer} />
  );
}

function Choice({
  question,
  answer,
}: {
  readonly question: Extract<Asked, { kind: 'choice' }>;
  readonly answer: string;
}) {
  return (
    <fieldset className={styles.question}>
      <legend>{question.ask}</legend>
      {question.options.map((option) => (
        <label key={option}>
          <input
            type="radio"
            name={question.id}
            checked={answer === option}
            onChange={() => actions.answer(question.id, option)}
          />
          {option}
        </label>
      ))}
    </fieldset>
  );
}

function Written({
  question,
  answer,
}: {
  readonly question: Exclude<Asked, { kind: 'choice' }>;
  readonly answer: string;
}) {
  const id = useId();
  const [text, setText] = useState(answer);
  const problem = problemOf(question, text);
  const take = (): void => {
    if (problem === null) actions.answer(question.id, text.trim());
  };
  return (
    <form
      className={styles.question}
      onSubmit={(event) => {
        event.preventDefault();
        take();
      }}
    >
      <label htmlFor={id}>{question.ask}</label>
      {question.kind === 'number' ? (
        <span className={styles.number}>
          <input id={id} inputMode="decimal" value={text} onChange={(event) => setText(event.target.value)} />
          {question.unit}
        </span>
      ) : (
        <textarea id={id} rows={3} maxLength={2000} value={text} onChange={(event) => setText(event.target.value)} />
      )}
      {problem !== null && text !== '' ? <span role="alert">{problem}</span> : null}
      <Button disabled={problem !== null || text.trim() === answer} onClick={take}>
        {answer === '' ? 'Answer' : text.trim() === answer ? 'Answered' : 'Change answer'}
      </Button>
    </form>
  );
}

/** Why this cannot be an answer yet; null when it can. */
function problemOf(question: Exclude<Asked, { kind: 'choice' }>, text: string): string | null {
  if (text.trim() === '') return 'Write something first.';
  if (question.kind === 'text') return null;
  const value = Number(text.trim().replace(',', '.'));
  if (Number.isFinite(value) && value >= question.min && value <= question.max) return null;
  return `A number from ${question.min} to ${question.max} is wanted.`;
}
