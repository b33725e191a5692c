/** What the page and its threads call. */
export {
  combineGradients,
  combineMoments,
  gradientSums,
  moments,
  normalise,
  normGradient,
  rectifyGradient,
  spreadFactors,
  spreadMeans,
} from './batch-norm';
export { correlate } from './correlate';
export { kernelGradient } from './gradient';
export { pack } from './pack';
export { follow, update } from './update';
