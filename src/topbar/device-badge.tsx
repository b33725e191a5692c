/** What computes, and why; a press shows limits and lets a person choose. */
import type { DeviceChoice, DeviceReport } from '../../workers/protocol';
import { measuredSpeed } from '../studio/forecast';
import { actions, useStudio } from '../studio/store';
import { Failure } from '../ui/failure';
import { formatCount, formatScientific } from '../ui/format';
import { Popup } from '../ui/popup';
import styles from './topbar.module.css';

const choices: readonly { readonly device: DeviceChoice; readonly title: string }[] = [
  { device: 'auto', title: 'Choose for me' },
  { device: 'webgpu', title: 'Use WebGPU' },
  { device: 'wasm', title: 'Use WASM' },
];

const nameOf = ({ kind, description }: DeviceReport): string =>
  `${kind === 'webgpu' ? 'WebGPU' : 'WASM'}, ${description}`;

export function DeviceBadge() {
  const { phase, device, error } = useStudio((state) => state.engine);
  const speed = useStudio(measuredSpeed);
  const name = device === null ? (phase === 'failed' ? 'no device' : 'starting') : nameOf(device);
  return (
    <Popup
      title={name}
      placement="bottom end"
      buttonClass={styles.device}
      button={
        <>
          <i data-phase={phase} aria-hidden="true" />
          <span className="visually-hidden">Device: </span>
          {name}
        </>
      }
    >
      {error === null ? null : <Failure message={error.message} />}
      {device === null ? null : (
        <>
          <p className={styles.text}>{device.reason}</p>
          <dl className={styles.table}>
            <dt>threads</dt>
            <dd>
              {device.threads}
              {device.simd ? ', SIMD' : ''}
            </dd>
            <dt>largest buffer</dt>
            <dd>
              {device.maxBufferBytes === undefined
                ? 'memory of this page'
                : `${formatCount(device.maxBufferBytes)} bytes`}
            </dd>
            <dt>self-check</dt>
            <dd>forward and gradients within {formatScientific(device.selfCheckError)}</dd>
            <dt>training speed</dt>
            <dd>{speed === null ? 'not measured yet' : `${formatCount(speed)} multiply-adds/s`}</dd>
          </dl>
        </>
      )}
      <div className={styles.choices}>
        {choices.map(({ device: choice, title }) => (
          <button key={choice} type="button" className={styles.link} onClick={() => void actions.start(choice)}>
            {title}
          </button>
        ))}
      </div>
    </Popup>
  );
}
