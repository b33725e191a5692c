/** The two lanes of a network that looks again: features go up, feedback comes back down and gates what the next look reads. */
import { feedbackSources, hasCascade } from '../../workers/network/unrolled';
import type { Graph } from '../../workers/network/graph';
import styles from './looks.module.css';

const WIDTH = 132;
const STEP = 30;
const BOX = { width: 42, height: 18 } as const;
const UP = 6;
const DOWN = 86;

export function Lanes({ graph, stages }: { readonly graph: Graph; readonly stages: number }) {
  const sources = feedbackSources(graph);
  if (sources.size === 0) return null;
  const cascade = hasCascade(graph);
  const height = (stages + 2) * STEP;
  /** Middle of a stage's box; 0 is the stem, `stages + 1` the answer. */
  const yOf = (stage: number): number => height - STEP / 2 - stage * STEP;
  const names = ['stem', ...Array.from({ length: stages }, (_, at) => `stage ${at + 1}`), 'answer'];
  const gated = [...sources.keys()];
  const levels = cascade
    ? Array.from({ length: stages }, (_, at) => at + 1).filter((at) => at >= Math.min(...gated))
    : gated;
  return (
    <figure className={styles.lanes}>
      <svg width={WIDTH} height={height} role="img" aria-label={sentenceOf(sources, cascade, stages)}>
        <defs>
          <marker id="lane-tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto">
            <path d="M0 0L6 3L0 6z" className={styles.tip} />
          </marker>
        </defs>
        {names.map((name, at) => (
          <g key={name}>
            <rect x={UP} y={yOf(at) - BOX.height / 2} {...BOX} rx="2" className={styles.box} />
            <text x={UP + BOX.width / 2} y={yOf(at) + 4} textAnchor="middle">
              {name}
            </text>
            {at === 0 ? null : (
              <path d={`M${UP + BOX.width / 2} ${yOf(at - 1) - 9}V${yOf(at) + 10}`} className={styles.up} />
            )}
          </g>
        ))}
        {levels.map((level) => (
          <g key={level}>
            {(cascade ? [level] : (sources.get(level) ?? [])).map((source) => (
              <path
                key={source}
                d={feedbackPath(yOf(source === 0 ? stages + 1 : source), yOf(level))}
                className={styles.from}
              />
            ))}
            <circle cx={DOWN + 17} cy={yOf(level)} r="8.5" className={styles.signal} />
            <text x={DOWN + 17} y={yOf(level) + 4} textAnchor="middle" className={styles.name}>
              f{level}
            </text>
            {cascade && level < stages ? (
              <path d={`M${DOWN + 17} ${yOf(level + 1) + 9}V${yOf(level) - 9}`} className={styles.down} />
            ) : null}
            {sources.has(level) ? (
              <path
                d={`M${DOWN + 8} ${yOf(level) + 4}Q${DOWN - 8} ${yOf(level) + 15} ${UP + BOX.width / 2 + 3} ${yOf(level) + 15}`}
                className={styles.gate}
              />
            ) : null}
          </g>
        ))}
      </svg>
      <figcaption>Up: one look. Down: what it feeds back, gating what the next look reads.</figcaption>
    </figure>
  );
}

/** From a stage's right edge to a signal. */
function feedbackPath(from: number, to: number): string {
  const [start, end] = [UP + BOX.width, DOWN + 8];
  if (from === to) return `M${start} ${from}H${end}`;
  const turn = start + 14 + Math.abs(from - to) / 12;
  return `M${start} ${from}H${turn}Q${turn + 8} ${from} ${turn + 8} ${from + Math.sign(to - from) * 8}V${to - Math.sign(to - from) * 8}Q${turn + 8} ${to} ${end} ${to}`;
}

function sentenceOf(sources: ReadonlyMap<number, readonly number[]>, cascade: boolean, stages: number): string {
  if (cascade)
    return `Feedback comes down from stage ${stages} level by level and gates stages ${[...sources.keys()].join(', ')}.`;
  const routes = [...sources].map(([stage, from]) => {
    const named = from.map((source) => (source === 0 ? 'the answer' : `stage ${source}`)).join(' and ');
    return `stage ${stage} by ${named}`;
  });
  return `The next look gates ${routes.join(', ')}.`;
}
