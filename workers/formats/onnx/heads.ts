/** Matrix products, and means over space. */
import type { LayerId, Tensor } from '../../network/graph';
import { arranged, arrangedView, commonChannels, NotUnderstood, vector } from './builder';
import { broadcastTo, type Constant, transposed } from './constant';
import { axesOf, axisOf } from './fold';
import type { Handler, Site } from './site';
import { dimsOf, inOrder, readingPlaces, type View } from './view';
import { weightedName } from './windows';

/** A layer whose rows of weights follow the flat numbers of `view` in memory order. */
interface FlatInput {
  readonly layer: LayerId;
  /** Rows of the file's matrix, by the place of their number in memory; undefined where the two agree. */
  readonly places: Int32Array | undefined;
}

function flatInput(site: Site, view: View): FlatInput {
  const size = dimsOf(view).reduce((product, axis) => product * axis, 1);
  const layer = site.builder.shaped(view.layer, [size]);
  return { layer, places: inOrder(view) ? undefined : readingPlaces(view) };
}

/** Rows of a `[features, units]` matrix in the order of `places`, scaled. */
function denseKernel(matrix: Constant, places: Int32Array | undefined, scale: number): Tensor {
  const [features = 0, units = 0] = matrix.dims;
  const values = new Float32Array(features * units);
  for (let row = 0; row < features; row++) {
    const from = (places?.[row] ?? row) * units;
    for (let unit = 0; unit < units; unit++) values[row * units + unit] = (matrix.values[from + unit] ?? 0) * scale;
  }
  return { shape: [features, units], values };
}

export const gemm: Handler = (site) => {
  const { node } = site;
  const view = site.view(0);
  if (node.int('transA', 0) !== 0 || view.axes.length !== 1) throw new NotUnderstood('multiplies a turned tensor');
  const given = site.required(1, 'matrix');
  const turned = node.int('transB', 0) !== 0;
  const matrix = turned ? transposed(given, [1, 0]) : given;
  const [features = 0, units = 0] = matrix.dims;
  if (features !== dimsOf(view)[0]) {
    throw new NotUnderstood(`has a matrix of ${features} rows for ${dimsOf(view)[0]} features`);
  }
  const { layer, places } = flatInput(site, view);
  const alpha = node.float('alpha', 1);
  const wish = weightedName(site);
  const turn = `dense ${turned} ${alpha} ${places === undefined ? '' : view.layer}`;
  const kernel = site.builder.tensor(`${wish}.kernel`, site.source(1), turn, () => denseKernel(matrix, places, alpha));
  const shift = site.constant(2);
  const beta = node.float('beta', 1);
  const bias =
    shift === undefined
      ? {}
      : {
          bias: site.builder.tensor(`${wish}.bias`, site.source(2), `vector ${beta}`, () =>
            vector(broadcastTo(shift, [1, units]).values.map((value) => value * beta)),
          ),
        };
  const id = site.layer({ op: 'dense', units, kernel, ...bias }, [layer], wish);
  return [arrangedView(site.builder, id, 1, 0, [])];
};

/** Along the last axis: a dense layer on flat features, a 1x1 convolution where there are positions before it. */
export const matMul: Handler = (site) => {
  const view = site.view(0);
  const matrix = site.required(1, 'matrix');
  const axis = view.axes.length - 1;
  const [features = 0, units = 0] = matrix.dims;
  if (matrix.dims.length !== 2 || features !== dimsOf(view)[axis]) {
    throw new NotUnderstood(`multiplies by a matrix [${matrix.dims.join(', ')}]`);
  }
  const wish = weightedName(site);
  if (axis === 0) {
    const { layer, places } = flatInput(site, view);
    const turn = `dense false 1 ${places === undefined ? '' : view.layer}`;
    const kernel = site.builder.tensor(`${wish}.kernel`, site.source(1), turn, () => denseKernel(matrix, places, 1));
    const id = site.layer({ op: 'dense', units, kernel }, [layer], wish);
    return [arrangedView(site.builder, id, 1, 0, [])];
  }
  const { layer, spatial } = arranged(site.builder, view, axis);
  const kernel = site.builder.tensor(`${wish}.kernel`, site.source(1), 'pointwise', () => ({
    shape: [1, 1, features, units],
    values: Float32Array.from(matrix.values),
  }));
  const point = { kernelSize: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const;
  const id = site.layer({ op: 'conv', filters: units, ...point, kernel }, [layer], wish);
  return [arrangedView(site.builder, id, axis + 1, axis, spatial)];
};

/** A mean or maximum over height and width, or a mean over one of them. */
export const reduce =
  (mode: 'average' | 'max'): Handler =>
  (site) => {
    const view = site.view(0);
    const { node } = site;
    const rank = view.axes.length + 1;
    const axes = axesOf(node, site.constants())?.map((axis) => axisOf(axis, rank) - 1);
    const kept = view.axes.flatMap((_, axis) => (axes?.includes(axis) === false ? [axis] : []));
    if (axes === undefined || axes.includes(-1)) throw new NotUnderstood('takes the mean over the batch');
    const channels = commonChannels(site.builder, [view]);
    if (channels === undefined || !kept.includes(channels)) throw new NotUnderstood('takes the mean over the channels');
    const { layer, shape, spatial } = arranged(site.builder, view, channels);
    const [height, width] = shape;
    if (width === undefined) return [view];
    const gone = spatial.map((axis) => axis === undefined || axes.includes(axis));
    const whole = gone[0] === true && gone[1] === true;
    if (!whole && mode === 'max') throw new NotUnderstood('takes the maximum over one axis');
    const kernelSize = [gone[0] === true ? height : 1, gone[1] === true ? width : 1] as const;
    const window = { kernelSize, stride: [1, 1], padding: [0, 0, 0, 0], countPadding: false } as const;
    const id = whole
      ? site.layer({ op: 'globalPool', mode, keepSpatial: true }, [layer])
      : site.layer({ op: 'averagePool', ...window }, [layer]);
    const all = arrangedView(site.builder, id, view.axes.length, channels, spatial);
    if (node.int('keepdims', 1) === 1) return [all];
    return [{ ...all, axes: all.axes.filter((_, axis) => !axes.includes(axis)) }];
  };

/** A sum over height and width: the mean, times the number of positions. */
export const reduceSum: Handler = (site) => {
  const positions = dimsOf(site.view(0))
    .slice(1)
    .reduce((product, size) => product * size, 1);
  const [mean] = reduce('average')(site);
  const left =
    mean === undefined
      ? 0
      : dimsOf(mean)
          .slice(1)
          .reduce((product, size) => product * size, 1);
  if (mean === undefined || left !== 1) throw new NotUnderstood('takes the sum over one axis');
  return [{ ...mean, layer: site.layer({ op: 'scale', factor: positions, offset: 0 }, [mean.layer]) }];
};
