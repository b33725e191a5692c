/**
 * Asks for cross-origin isolation where the host did not send the headers (GitHub Pages and the like): a service worker
 * adds them, which takes one reload. Without it, or where service workers are not allowed, one thread computes.
 */
const attempted = 'espalier.isolation';

/** Resolves true when the page is about to reload and nothing should be started any more. */
export async function isolatePage(): Promise<boolean> {
  if (globalThis.crossOriginIsolated || !('serviceWorker' in navigator)) return false;
  try {
    // Once per tab: a host that forbids it must not send the page round in circles.
    if (sessionStorage.getItem(attempted) !== null) return false;
    sessionStorage.setItem(attempted, 'yes');
    await navigator.serviceWorker.register(new URL('isolation.js', document.baseURI));
    await navigator.serviceWorker.ready;
    location.reload();
    return true;
  } catch {
    return false;
  }
}
