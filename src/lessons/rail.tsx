/** The lesson rail: one step at a time, what to do, whether the studio has seen it, and the way on. */
import { useEffect, useRef } from 'react';
import type { LessonState } from '../studio/state';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { download } from '../ui/download';
import { later } from '../ui/later';
import { Popup } from '../ui/popup';
import { answersFile } from './answers';
import { standing } from './conditions';
import { Positions, RunFigures, StageTable, Tied } from './figures';
import type { Block, Step } from './lesson-file';
import { Prose } from './prose';
import { Question } from './question';
import { lessonNumber } from './shipped';
import styles from './rail.module.css';

const Formula = later('The formula', async () => (await import('./formula')).Formula);

const kindNames: Readonly<Record<Step['kind'], string>> = {
  predict: 'Predict',
  do: 'Do',
  see: 'See',
  explain: 'Explain',
};

export function LessonRail() {
  const open = useStudio((state) => state.lesson);
  const step = open?.lesson.steps[open.at];
  if (open === null || step === undefined) return null;
  return <Rail open={open} step={step} />;
}

function Rail({ open, step }: { readonly open: LessonState; readonly step: Step }) {
  const { lesson, at, done } = open;
  const isDone = done[at] === true;
  const isLast = at === lesson.steps.length - 1;
  const number = lessonNumber(lesson.id);
  return (
    <aside className={styles.rail} aria-label="Lesson">
      <div className={styles.head}>
        <span>
          {number === null ? lesson.title : `Lesson ${number}`}, step {at + 1} of {lesson.steps.length}
        </span>
        <Popup title="Leave the lesson" button="Leave" buttonClass={styles.leave} placement="bottom end">
          <Leaving open={open} />
        </Popup>
      </div>
      <ol className={styles.progress} aria-hidden="true">
        {lesson.steps.map((other, index) => (
          <li key={other.title} data-state={done[index] === true ? 'done' : index === at ? 'now' : 'open'} />
        ))}
      </ol>
      <div className={styles.scroll}>
        <p className={styles.kind}>
          {kindNames[step.kind]}
          {number === null ? '' : ` · ${lesson.title}`}
        </p>
        <StepTitle key={`${lesson.id} ${at}`} title={step.title} />
        {step.body.map((block) => (
          <BlockView key={`${at} ${JSON.stringify(block)}`} block={block} />
        ))}
        {step.question === undefined ? null : <Question key={step.question.id} question={step.question} />}
        {step.task === undefined ? null : <Task step={step} isDone={isDone} />}
      </div>
      <p className="visually-hidden" role="status">
        {isDone ? `Step ${at + 1} is done.${isLast ? ' This was the last step.' : ' Next is ready.'}` : ''}
      </p>
      <div className={styles.foot}>
        <Button disabled={at === 0} onClick={() => actions.goToStep(at - 1)}>
          Back
        </Button>
        {step.demo === undefined ? null : (
          <Button disabled={isDone} onClick={() => actions.showMe()}>
            Show me
          </Button>
        )}
        {isLast ? (
          <Button className={styles.next} kind="primary" disabled={!isDone} onClick={() => saveAnswers(open)}>
            Save my answers
          </Button>
        ) : (
          <Button className={styles.next} kind="primary" disabled={!isDone} onClick={() => actions.goToStep(at + 1)}>
            Next
          </Button>
        )}
      </div>
    </aside>
  );
}

/** The heading takes the focus when a step begins, so that keyboard and screen reader start there. */
function StepTitle({ title }: { readonly title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    heading.current?.parentElement?.scrollTo({ top: 0 });
  }, []);
  return (
    <h2 ref={heading} tabIndex={-1} className={styles.title}>
      {title}
    </h2>
  );
}

function Task({ step, isDone }: { readonly step: Step; readonly isDone: boolean }) {
  const now = useStudio((state) => (step.target === undefined || isDone ? null : standing(step.target, state)));
  return (
    <div className={styles.task} data-done={isDone}>
      <p>
        <Prose text={step.task ?? ''} />
      </p>
      <p className={styles.standing}>
        <i aria-hidden="true" />
        {isDone ? 'Done' : (now ?? 'Not yet')}
      </p>
    </div>
  );
}

function BlockView({ block }: { readonly block: Block }) {
  if (typeof block === 'string') {
    return (
      <p className={styles.text}>
        <Prose text={block} />
      </p>
    );
  }
  if ('formula' in block) return <Formula tex={block.formula} where={block.where} />;
  if ('positions' in block) return <Positions layers={block.positions} />;
  if ('tied' in block) return <Tied layer={block.tied} />;
  if ('runs' in block) return <RunFigures methods={block.runs} />;
  return <StageTable />;
}

function Leaving({ open }: { readonly open: LessonState }) {
  return (
    <>
      <p>Your place and your answers stay in this browser; the lesson goes on where you left it.</p>
      <div className={styles.choices}>
        <Button kind="primary" onClick={() => actions.leaveLesson()}>
          Leave the lesson
        </Button>
        <Button onClick={() => saveAnswers(open)}>Save my answers</Button>
      </div>
    </>
  );
}

function saveAnswers(open: LessonState): void {
  const file = answersFile(open, new Date());
  download(file.name, file);
}
