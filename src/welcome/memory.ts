/** Whether the welcome was dismissed for good in this browser. */
const key = 'espalier.welcome';

export function isDismissed(): boolean {
  try {
    return localStorage.getItem(key) === 'dismissed';
  } catch {
    // Without storage it would come back for ever: better never.
    return true;
  }
}

export function dismiss(): void {
  try {
    localStorage.setItem(key, 'dismissed');
  } catch {
    return;
  }
}
