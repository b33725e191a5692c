import { describe, expect, it } from 'vitest';
import { DeviceHealth } from './device-health';
import { DeviceError } from './executor';

class GPUOutOfMemoryError {
  constructor(readonly message: string) {}
}

/** The parts of a GPUDevice that are listened to. */
function fakeDevice(): { device: GPUDevice; raise: (error: object) => void; lose: (message: string) => void } {
  const target = new EventTarget();
  let lose = (_message: string): void => {};
  const lost = new Promise((resolve) => {
    lose = (message) => resolve({ reason: 'unknown', message });
  });
  const raise = (error: object): void => {
    target.dispatchEvent(Object.assign(new Event('uncapturederror', { cancelable: true }), { error }));
  };
  return { device: Object.assign(target, { lost }) as unknown as GPUDevice, raise, lose };
}

describe('DeviceHealth', () => {
  it('is silent while all is well', () => {
    const health = new DeviceHealth();
    health.watch(fakeDevice().device);
    expect(() => health.check()).not.toThrow();
  });

  it('throws the first uncaptured error, and goes on throwing it', () => {
    const health = new DeviceHealth();
    const { device, raise } = fakeDevice();
    health.watch(device);
    raise({ message: 'buffer too large' });
    raise(new GPUOutOfMemoryError('later'));
    for (let times = 0; times < 2; times++) {
      expect(() => health.check()).toThrow(expect.objectContaining({ kind: 'uncaptured' }));
      expect(() => health.check()).toThrow('The GPU refused an operation: buffer too large');
    }
  });

  it('tells a full GPU from other refusals', () => {
    const health = new DeviceHealth();
    const { device, raise } = fakeDevice();
    health.watch(device);
    raise(new GPUOutOfMemoryError('heap'));
    expect(() => health.check()).toThrow(expect.objectContaining({ kind: 'out-of-memory' }));
  });

  it('says nothing of a device that was given up', async () => {
    const health = new DeviceHealth();
    const { device, lose } = fakeDevice();
    health.watch(device);
    health.retire();
    lose('destroyed');
    const silence = new Promise((resolve) => {
      setTimeout(resolve, 5, 'silence');
    });
    await expect(Promise.race([health.lost, silence])).resolves.toBe('silence');
    expect(() => health.check()).not.toThrow();
  });

  it('announces a loss, which outranks what was reported before', async () => {
    const health = new DeviceHealth();
    const { device, raise, lose } = fakeDevice();
    health.watch(device);
    raise({ message: 'first' });
    lose('driver restarted');
    await expect(health.lost).resolves.toBe('The GPU device was lost (driver restarted).');
    expect(() => health.check()).toThrow(DeviceError);
    expect(() => health.check()).toThrow(expect.objectContaining({ kind: 'lost' }));
  });
});
