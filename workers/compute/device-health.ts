/**
 * What has gone wrong with a device. tfjs ignores a lost device and refused operations: an over-limit allocation gives
 * zeros, small operations go on without the device. So errors are collected here and thrown by `check`.
 */
import { DeviceError } from './executor';

export class DeviceHealth {
  /** Resolves with the reason when the device is lost. */
  readonly lost: Promise<string>;
  private error: DeviceError | undefined;
  private retired = false;
  private announceLoss: (reason: string) => void = () => {};

  constructor() {
    this.lost = new Promise((resolve) => {
      this.announceLoss = resolve;
    });
  }

  /** Listens to a WebGPU device. To be called before its first operation. */
  watch(device: GPUDevice): void {
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.report(gpuError(event.error));
    });
    void device.lost.then((info) => {
      if (this.retired) return;
      const cause = info.message === '' ? 'the browser gave no reason' : info.message;
      const reason = `The GPU device was lost (${cause}).`;
      this.report(new DeviceError('lost', `${reason} Start again from the last checkpoint.`));
      this.announceLoss(reason);
    });
  }

  /** The first error stays: what follows it is mostly its consequence. A loss outranks everything. */
  report(error: DeviceError): void {
    if (this.error === undefined || error.kind === 'lost') this.error = error;
  }

  /** The device is about to be given up on purpose: its end is no loss. */
  retire(): void {
    this.retired = true;
  }

  /** Throws the first error reported. The device's results since then are not to be trusted. */
  check(): void {
    if (this.error !== undefined) throw this.error;
  }
}

function gpuError(error: GPUError): DeviceError {
  if (error.constructor.name === 'GPUOutOfMemoryError') {
    const cure = 'Use a smaller batch, close other tabs that use the GPU, or choose WASM.';
    return new DeviceError('out-of-memory', `The GPU is out of memory (${error.message}). ${cure}`);
  }
  return new DeviceError('uncaptured', `The GPU refused an operation: ${error.message}`);
}
