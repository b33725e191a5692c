/** What the page and its threads call. */
export { correlate } from './correlate';
export { kernelGradient } from './gradient';
export { pack } from './pack';
