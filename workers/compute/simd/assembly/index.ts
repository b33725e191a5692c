/** What the page and its threads call. */
export { combineMoments, moments, normalise, spreadFactors } from './batch-norm';
export { centripetal } from './centripetal';
export { correlate } from './correlate';
export { addParts, depthwiseGradient, maxGradient, windowSum } from './depthwise';
export { kernelGradient } from './gradient';
export { clipGradient, combineGradients, gradientSums, normGradient, spreadMeans } from './norm-gradient';
export { pack } from './pack';
export { follow, update } from './update';
