/** Pause or resume, single step, stop: the buttons of the run that trains, and their keys. */
import { useEffect } from 'react';
import type { RunId, RunState } from '../../workers/protocol';
import { actions } from '../studio/store';
import { Button } from '../ui/button';
import styles from './strip.module.css';

interface TransportProps {
  /** Null = nothing to steer. */
  readonly run: RunId | null;
  readonly state: RunState | null;
}

export function Transport({ run, state }: TransportProps) {
  const canPause = state === 'running' || state === 'waiting';
  const canResume = state === 'paused' || state === 'interrupted';
  const canStep = state === 'paused';
  const canStop = canPause || state === 'paused';
  const control = (action: 'pause' | 'resume' | 'step' | 'stop'): void => {
    if (run !== null) void actions.controlRun(run, action);
  };
  useTransportKeys(run, canPause, canResume, canStep);
  return (
    <div className={styles.transport}>
      {canPause ? (
        <Button kind="square" aria-label="Pause" title="Pause (Space)" onClick={() => control('pause')}>
          <Icon d="M3 2h3v10H3zM8 2h3v10H8z" />
        </Button>
      ) : (
        <Button
          kind="square"
          aria-label="Resume"
          title="Resume (Space)"
          disabled={!canResume}
          onClick={() => control('resume')}
        >
          <Icon d="M3 1.5v11l9-5.5z" />
        </Button>
      )}
      <Button
        kind="square"
        aria-label="Single step"
        title={canStep ? 'Single step (.)' : 'Pause first'}
        disabled={!canStep}
        onClick={() => control('step')}
      >
        <Icon d="M2 2v10l7-5zM10 2h2v10h-2z" />
      </Button>
      <Button kind="square" aria-label="Stop" title="Stop" disabled={!canStop} onClick={() => control('stop')}>
        <Icon d="M3 3h8v8H3z" />
      </Button>
    </div>
  );
}

function Icon({ d }: { readonly d: string }) {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path d={d} fill="currentColor" />
    </svg>
  );
}

/** Space pauses or resumes, "." takes one step, wherever the page has the keyboard and no control wants the key. */
function useTransportKeys(run: RunId | null, canPause: boolean, canResume: boolean, canStep: boolean): void {
  useEffect(() => {
    if (run === null) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || wantsKeys(event.target)) return;
      const action = event.key === ' ' ? (canPause ? 'pause' : canResume ? 'resume' : null) : null;
      const wanted = action ?? (event.key === '.' && canStep ? 'step' : null);
      if (wanted === null) return;
      event.preventDefault();
      void actions.controlRun(run, wanted);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [run, canPause, canResume, canStep]);
}

function wantsKeys(target: EventTarget | null): boolean {
  const controls = 'button, input, select, textarea, a, [role], [contenteditable]';
  return target instanceof Element && target.closest(controls) !== null;
}
