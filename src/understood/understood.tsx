/** What was understood of a network from elsewhere, before anything runs: its parts, its locks, and how it wants its input. */
import { useEffect } from 'react';
import type { InputTrial, NetworkView } from '../../workers/protocol';
import { networkReport, type NetworkReport } from '../../workers/network/report';
import { isAtChance } from '../studio/understanding';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { formatAccuracy, formatCount, formatInteger } from '../ui/format';
import { Lightbox } from '../ui/popup';
import styles from './understood.module.css';

const formats: Readonly<Record<string, string>> = {
  onnx: 'ONNX',
  keras: 'Keras',
  'tfjs-layers': 'TF.js LayersModel',
  'tfjs-graph': 'TF.js GraphModel',
  pytorch: 'PyTorch checkpoint',
  safetensors: 'safetensors',
};

export function Understood() {
  const understanding = useStudio((state) => state.understanding);
  const view = useStudio(({ network }) => network?.view ?? null);
  if (understanding === null || view === null) return null;
  return (
    <Lightbox
      title={`${view.meta.name}: what was understood`}
      open={understanding.isOpen}
      onOpenChange={(open) => actions.showUnderstood(open)}
    >
      <Sheet view={view} />
    </Lightbox>
  );
}

function Sheet({ view }: { readonly view: NetworkView }) {
  const report = networkReport({ ...view, tensors: {} });
  const locked = report.groups.filter((group) => group.locked !== null);
  return (
    <div className={styles.sheet}>
      <dl className={styles.facts}>
        <Fact name="Format" value={formats[view.meta.origin?.format ?? ''] ?? 'unknown'} />
        <Fact name="Input" value={report.input.join(' × ')} />
        <Fact name="Outputs" value={report.classes === null ? 'none' : `${formatInteger(report.classes)} classes`} />
        <Fact name="Layers with weights" value={formatInteger(report.layers.length)} />
        <Fact name="Multiply-adds" value={formatCount(report.macs)} />
        <Fact name="Parameters" value={formatCount(report.parameters)} />
        <Fact
          name="Channel groups"
          value={`${formatInteger(report.groups.length)}, ${formatInteger(locked.length)} locked`}
        />
      </dl>
      {view.notes.length === 0 ? null : (
        <ul className={styles.notes}>
          {view.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <Input view={view} />
      <Layers report={report} />
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Layers({ report }: { readonly report: NetworkReport }) {
  return (
    <details className={styles.layers}>
      <summary>Layers, shapes and what is locked</summary>
      <div className={styles.scroll}>
        <table>
          <thead>
            <tr>
              <th>layer</th>
              <th>output</th>
              <th>multiply-adds</th>
              <th>locked</th>
            </tr>
          </thead>
          <tbody>
            {report.layers.map(({ id, label, output, macs, locked }) => (
              <tr key={id}>
                <th scope="row">{label}</th>
                <td>{output.join(' × ')}</td>
                <td>{formatCount(macs)}</td>
                <td>{locked ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Input({ view }: { readonly view: NetworkView }) {
  const understanding = useStudio((state) => state.understanding);
  const dataset = useStudio((state) => state.dataset);
  // Data that came with the network are opened after it: until then those of the network before are here.
  const isOpening = useStudio((state) => state.opening !== null);
  const isUnknown = view.meta.normalisation === undefined;
  // Nothing is known about the input, but there are data: what works is found out without being asked.
  useEffect(() => {
    if (isUnknown && dataset !== null && !isOpening) void actions.tryInputs();
  }, [isUnknown, dataset, isOpening]);
  const said = isUnknown
    ? 'The file does not say how pixels become its input.'
    : 'How pixels become its input is known or assumed; trying shows whether it is right.';
  return (
    <section className={styles.input}>
      <h3>Its input</h3>
      <p>{said}</p>
      {dataset === null ? (
        <p>
          Open the data it was trained on, and the usual ways are tried on it. Methods that look at weights alone work
          without.
        </p>
      ) : (
        <>
          <Fitting view={view} shape={dataset.shape} name={dataset.name} />
          {understanding?.trial === null ? (
            <Button disabled={isOpening || understanding.trying === 'yes'} onClick={() => void actions.tryInputs()}>
              {understanding.trying === 'yes' ? 'Trying …' : `Try on ${dataset.name}`}
            </Button>
          ) : null}
        </>
      )}
      {understanding?.trial ? <Trial trial={understanding.trial} /> : null}
      {understanding?.error ? <p role="alert">{understanding.error}</p> : null}
    </section>
  );
}

/** Images of another size or colour are made to fit. */
function Fitting({
  view,
  shape,
  name,
}: {
  readonly view: NetworkView;
  readonly shape: readonly number[];
  readonly name: string;
}) {
  const input = view.graph.layers.find((layer) => layer.op === 'input');
  if (input?.op !== 'input' || input.shape.join() === shape.join()) return null;
  const [height = 0, width = 0, channels = 3] = input.shape;
  const resized = height === shape[0] && width === shape[1] ? '' : `resized to ${height} × ${width}`;
  const grey = channels === 1 ? 'turned grey' : '';
  return <p>{`Images of ${name} are ${[resized, grey].filter(Boolean).join(' and ')} for it.`}</p>;
}

function Trial({ trial }: { readonly trial: InputTrial }) {
  const atChance = isAtChance(trial);
  return (
    <>
      <table className={styles.trial}>
        <caption>{`Accuracy on ${formatInteger(trial.images)} validation images; guessing tells ${formatAccuracy(trial.chance)}`}</caption>
        <tbody>
          {trial.tried.map(({ id, title, order, normalisation, accuracy }, at) => (
            <tr key={id} className={at === 0 && !atChance ? styles.best : undefined}>
              <th scope="row">{title}</th>
              <td>{formatAccuracy(accuracy)}</td>
              <td>
                <Button kind="word" onClick={() => void actions.describeInput({ normalisation, order })}>
                  Use
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {atChance ? (
        <p role="status">
          No way is better than guessing: the data may be other than what it was trained on, or its classes stand in
          another order.
        </p>
      ) : null}
    </>
  );
}
