/**
 * One thread of tfjs's WASM backend.
 *
 * tfjs starts its threads from blob: addresses, which a strict content security policy forbids; this file is the same
 * thread served from the site's own origin, so that `script-src 'self'; worker-src 'self'` is enough. It speaks the
 * protocol of Emscripten 3.1's pthreads, which the backend's binary was built with. A classic script on purpose:
 * Emscripten starts it without `type: 'module'` and it needs `importScripts`. It is served as it stands, not bundled.
 */
'use strict';

/** Emscripten's names of the calls the thread makes. */
const calls = {
  begin: '__emscripten_thread_init',
  end: '__emscripten_thread_exit',
  crashed: '__emscripten_thread_crashed',
  self: '_pthread_self',
};

/** The WASM module's instance in this thread, once it is there. */
let instance;
let running = false;
const waitingQueues = [];

// Called by the main script when the instance is ready.
self.startWorker = (ready) => {
  instance = ready;
  postMessage({ cmd: 'loaded' });
};

function load({ wasmModule, wasmMemory, handlers, urlOrBlob }) {
  importScripts(urlOrBlob);
  const settings = {
    wasmMemory,
    buffer: wasmMemory.buffer,
    ENVIRONMENT_IS_PTHREAD: true,
    instantiateWasm(imports, receive) {
      const created = new WebAssembly.Instance(wasmModule, imports);
      receive(created);
      return created.exports;
    },
  };
  for (const handler of handlers) {
    settings[handler] = (...args) => postMessage({ cmd: 'callHandler', handler, args });
  }
  self.WasmBackendModuleThreadedSimd(settings);
}

function run(message) {
  instance[calls.begin](message.pthread_ptr, 0, 0, 1);
  instance.establishStackSpace();
  instance.PThread.receiveObjectTransfer(message);
  instance.PThread.threadInitTLS();
  running = true;
  for (const queue of waitingQueues.splice(0)) instance.executeNotifiedProxyingQueue(queue);
  try {
    instance.invokeEntryPoint(message.start_routine, message.arg);
  } catch (error) {
    if (error === 'unwind') return;
    if (!(error instanceof instance.ExitStatus)) throw error;
    if (!instance.keepRuntimeAlive()) instance[calls.end](error.status);
  }
}

function takeQueue(queue) {
  if (running) instance.executeNotifiedProxyingQueue(queue);
  else waitingQueues.push(queue);
}

self.addEventListener('message', ({ data }) => {
  try {
    if (data.cmd === 'load') load(data);
    else if (data.cmd === 'run') run(data);
    else if (data.cmd === 'processProxyingQueue') takeQueue(data.queue);
    else if (data.cmd === 'cancel' && instance[calls.self]()) instance[calls.end](-1);
  } catch (error) {
    instance?.[calls.crashed]?.();
    throw error;
  }
});
