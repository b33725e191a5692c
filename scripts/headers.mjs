/** The headers of the studio's pages: cross-origin isolation (threads need it) and a strict content security policy. */

export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * No inline script or style, no eval; WebAssembly may compile; data sets may be fetched from hubs, over https alone.
 * Also stands as a meta tag in the built pages, for hosts that send no headers.
 */
export const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * For the benchmark of jax-js alone, which starts its threads from blobs: where that is forbidden it waits for them for
 * ever and says nothing.
 */
export const blobWorkersPolicy = contentSecurityPolicy.replace("worker-src 'self'", "worker-src 'self' blob:");
