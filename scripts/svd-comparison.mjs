/**
 * Singular value decompositions side by side: time, and error against spectra known by construction.
 *
 *   node scripts/svd-comparison.mjs [--only=192x192]
 *
 * Prints the table of docs/methods/trp.md. `library` is ml-matrix (the final factors), `Jacobi` the one-sided reference,
 * `fast cut` what training uses (float64 Gram matrix, a third of the vectors), `float32 Gram` the same from a Gram matrix
 * rounded to single precision, as one computed on the device would be.
 */
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const load = async (path) =>
  (await runnerImport(new URL(`../workers/linalg/${path}`, import.meta.url).pathname)).module;
const { svd } = await load('svd.ts');
const { jacobiSvd } = await load('jacobi-reference.ts');
const { truncateMatrix } = await load('truncation.ts');
const { gramMatrix, upright } = await load('gram.ts');
const { symmetricEigen } = await load('symmetric.ts');
const { createRandom } = await load('random.ts');

/** `H ... H D H ... H`: reflections are orthogonal by construction, so the spectrum is known. */
function withSpectrum(rows, cols, spectrum) {
  const random = createRandom(rows * cols);
  const m = new Float64Array(rows * cols);
  spectrum.forEach((value, k) => (m[k * cols + k] = value));
  const unit = (length) => {
    const raw = Float64Array.from({ length }, () => random.normal());
    const norm = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0));
    return raw.map((value) => value / norm);
  };
  for (let turn = 0; turn < 3; turn++) {
    const [a, b] = [unit(rows), unit(cols)];
    for (let j = 0; j < cols; j++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += a[i] * m[i * cols + j];
      for (let i = 0; i < rows; i++) m[i * cols + j] -= 2 * sum * a[i];
    }
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < cols; j++) sum += b[j] * m[i * cols + j];
      for (let j = 0; j < cols; j++) m[i * cols + j] -= 2 * sum * b[j];
    }
  }
  return m;
}

function float32Spectrum(rows, cols, matrix) {
  const x = upright(rows, cols, matrix, 1);
  const gram = gramMatrix({ ...x, values: Float64Array.from(Float32Array.from(x.values)) });
  return symmetricEigen(x.size, Float64Array.from(gram, Math.fround)).values.map((value) =>
    Math.sqrt(Math.max(0, value)),
  );
}

/** Largest relative error of the singular values above 1e-4 of the largest; absolute where all are zero. */
function spectrumError(found, wanted) {
  return wanted.reduce((most, value, k) => {
    if (value <= 1e-4 * wanted[0] && wanted[0] > 0) return most;
    const error = Math.abs(found[k] - value) / (value || 1);
    return Number.isNaN(error) ? NaN : Math.max(most, error);
  }, 0);
}

/** Largest entry of `|U diag(s) V^T - M|`. */
function residual(rows, cols, matrix, { u, s, v }) {
  let most = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      let sum = -matrix[i * cols + j];
      for (let k = 0; k < s.length; k++) sum += u[i * s.length + k] * s[k] * v[j * s.length + k];
      most = Math.max(most, Math.abs(sum));
    }
  }
  return most;
}

function timed(compute, repeats) {
  const times = [];
  let result;
  for (let turn = 0; turn < repeats; turn++) {
    const start = process.cpuUsage();
    result = compute();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  return { result, ms: times.toSorted((a, b) => a - b)[0] };
}

const graded = (count, lowest) => Array.from({ length: count }, (_, k) => lowest ** (k / Math.max(1, count - 1)));
const cases = [
  ['576x64', 576, 64, graded(64, 1e-3)],
  ['192x192', 192, 192, graded(192, 1e-3)],
  ['1152x256', 1152, 256, graded(256, 1e-3)],
  ['512x512', 512, 512, graded(512, 1e-3)],
  ['192x192, rank 40', 192, 192, [...graded(40, 1e-2), ...new Array(152).fill(0)]],
  ['64x576, zero', 64, 576, new Array(64).fill(0)],
  ['64x576 (wide)', 64, 576, graded(64, 1e-3)],
  ['1152x16 (tall)', 1152, 16, graded(16, 1e-3)],
];

const { values } = parseArgs({ options: { only: { type: 'string' } } });
console.log(
  '| matrix | library ms | error | residual | Jacobi ms | error | residual | fast cut ms | error | float32 Gram error |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
);
for (const [name, rows, cols, spectrum] of cases) {
  if (values.only !== undefined && name !== values.only) continue;
  const matrix = withSpectrum(rows, cols, spectrum);
  const repeats = rows * cols > 100_000 ? 1 : 5;
  const library = timed(() => svd(rows, cols, matrix), repeats);
  const jacobi = timed(() => jacobiSvd(rows, cols, matrix), repeats);
  const cut = timed(() => truncateMatrix(rows, cols, matrix, 0.05), repeats);
  const figure = (value) => (value === 0 ? '0' : value.toExponential(0));
  const cells = [
    name,
    library.ms.toFixed(1),
    figure(spectrumError(library.result.s, spectrum)),
    figure(residual(rows, cols, matrix, library.result)),
    jacobi.ms.toFixed(1),
    figure(spectrumError(jacobi.result.s, spectrum)),
    figure(residual(rows, cols, matrix, jacobi.result)),
    cut.ms.toFixed(1),
    figure(spectrumError(cut.result.spectrum, spectrum)),
    figure(spectrumError(float32Spectrum(rows, cols, matrix), spectrum)),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
