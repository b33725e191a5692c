/** What the page and its threads call. */
export {
  combineGradients,
  combineMoments,
  gradientSums,
  moments,
  normalise,
  normGradient,
  clipGradient,
  spreadFactors,
  spreadMeans,
} from './batch-norm';
export { centripetal } from './centripetal';
export { correlate } from './correlate';
export { addParts, depthwiseGradient, maxGradient, windowSum } from './depthwise';
export { kernelGradient } from './gradient';
export { pack } from './pack';
export { follow, update } from './update';
