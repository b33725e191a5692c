/** Parts of the page, many of them loaded when they are first shown. One that fails says so in its place; all else stays. */
import { Component, createRef, lazy, startTransition, Suspense, type ComponentType, type ReactNode } from 'react';
import { Failure } from './failure';
import { LoadError, loaded } from './loading';
import styles from './failure.module.css';

/** The component that `load` brings, loaded when it is first shown; `what` names it at the head of a sentence. */
export function later<Props extends object>(
  what: string,
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  // React keeps a component whose loading failed as failed: another attempt is another component.
  const attempt = () => lazy(async () => ({ default: await loaded(what, load) }));
  let Part = attempt();
  return function Later(props: Props) {
    return (
      <Suspense fallback={null}>
        <Fence
          what={what}
          onAgain={() => {
            Part = attempt();
          }}
        >
          {() => <Part {...props} />}
        </Fence>
      </Suspense>
    );
  };
}

interface FencedProps {
  /** Names the part at the head of a sentence. */
  readonly what: string;
  readonly children: ReactNode;
}

/** A part that is there from the start: one that cannot be drawn says so in its place. */
export function Fenced({ what, children }: FencedProps) {
  return (
    <Fence what={what} onAgain={() => undefined}>
      {() => children}
    </Fence>
  );
}

interface FenceProps {
  readonly what: string;
  readonly onAgain: () => void;
  readonly children: () => ReactNode;
}

interface FenceState {
  readonly failure: Error | null;
}

/** Keeps a part that cannot be loaded or drawn from taking the page with it. */
class Fence extends Component<FenceProps, FenceState> {
  override state: FenceState = { failure: null };
  private readonly place = createRef<HTMLDivElement>();

  static getDerivedStateFromError(thrown: unknown): FenceState {
    return { failure: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  }

  override componentDidUpdate(_: FenceProps, { failure }: FenceState): void {
    // It failed once more: React put a new button where the pressed one was.
    if (failure !== null && this.state.failure !== null) this.place.current?.querySelector('button')?.focus();
  }

  private readonly tryAgain = (): void => {
    this.props.onAgain();
    // The sentence and its button stay until the part is there, or until it failed again.
    startTransition(() => this.setState({ failure: null }));
  };

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === null) return this.props.children();
    const message =
      failure instanceof LoadError
        ? failure.message
        : `${this.props.what} could not be drawn: ${failure.message}. Try again; if that does not help, reload the page: stored runs stay.`;
    return (
      <div ref={this.place} className={styles.fenced}>
        <Failure message={message} action={{ label: 'Try again', run: this.tryAgain }} />
      </div>
    );
  }
}
