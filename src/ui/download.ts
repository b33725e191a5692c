/** Hands bytes to the browser as a file to keep. */

/** Long enough for the browser to have taken the bytes. */
const REVOKE_MS = 60_000;

export function download(name: string, blob: Blob): void {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), REVOKE_MS);
}
