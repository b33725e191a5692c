"""Makes vectors.json: outputs and gradients of every trainable layer, from NumPy in float64.

    python3 workers/compute/golden/make.py        (NumPy 2.x; nothing else)

Independent of the studio's code: the formulas are written out here, and every gradient is checked against central
finite differences before anything is written. Layers are the studio's own JSON (workers/network/graph.ts), layout NHWC.
Inputs are not stored: a case names a seed, and `noise` below (the minimal standard generator, exact in doubles) gives
the same numbers in Python and in TypeScript. The loss is sum(output * noise(dy seed)).
"""

import json
import math
import pathlib

import numpy as np

STEP = 1e-6


def noise(seed, shape, scale=1.0, offset=0.0, quantum=0.0):
    """Values in (-scale, scale) + offset; with `quantum`, rounded down to multiples of it (makes ties)."""
    size = math.prod(shape)
    state = seed * 7919 + 17
    values = np.empty(size)
    for at in range(size):
        state = state * 48271 % 2147483647
        values[at] = (state / 2147483647 * 2 - 1) * scale + offset
    if quantum:
        values = np.floor(values / quantum) * quantum
    # What the device gets is float32.
    return values.astype(np.float32).astype(np.float64).reshape(shape)


def positions(length, before, after, kernel, stride, dilation):
    return (length + before + after - dilation * (kernel - 1) - 1) // stride + 1


def taps(layer, shape):
    """Yields (row tap, column tap, output rows, input rows, output columns, input columns) of a window, inside only."""
    (kh, kw), (sy, sx) = layer["kernelSize"], layer["stride"]
    (dy, dx), (top, bottom, left, right) = layer.get("dilation", (1, 1)), layer["padding"]
    _, h, w, _ = shape
    oh, ow = positions(h, top, bottom, kh, sy, dy), positions(w, left, right, kw, sx, dx)
    for a in range(kh):
        rows = np.arange(oh) * sy - top + a * dy
        oy = np.flatnonzero((rows >= 0) & (rows < h))
        for b in range(kw):
            columns = np.arange(ow) * sx - left + b * dx
            ox = np.flatnonzero((columns >= 0) & (columns < w))
            yield a, b, oy, rows[oy], ox, columns[ox]


def out_size(layer, shape):
    (kh, kw), (sy, sx) = layer["kernelSize"], layer["stride"]
    (dy, dx), (top, bottom, left, right) = layer.get("dilation", (1, 1)), layer["padding"]
    return positions(shape[1], top, bottom, kh, sy, dy), positions(shape[2], left, right, kw, sx, dx)


def at(x, rows, columns):
    return x[:, rows[:, None], columns[None, :], :]


# Every layer: forward(layer, inputs, tensors) -> output; backward(layer, inputs, tensors, output, dy) -> (d inputs, d tensors).


def conv_forward(layer, inputs, tensors):
    (x,), k = inputs, tensors["kernel"]
    groups, filters = layer["groups"], layer["filters"]
    ci, co = x.shape[3] // groups, filters // groups
    y = np.zeros((x.shape[0], *out_size(layer, x.shape), filters))
    for a, b, oy, iy, ox, ix in taps(layer, x.shape):
        for g in range(groups):
            part = at(x, iy, ix)[..., g * ci : (g + 1) * ci] @ k[a, b, :, g * co : (g + 1) * co]
            y[:, oy[:, None], ox[None, :], g * co : (g + 1) * co] += part
    return y + tensors.get("bias", 0.0)


def conv_backward(layer, inputs, tensors, _, dy):
    (x,), k = inputs, tensors["kernel"]
    groups, filters = layer["groups"], layer["filters"]
    ci, co = x.shape[3] // groups, filters // groups
    dx, dk = np.zeros_like(x), np.zeros_like(k)
    for a, b, oy, iy, ox, ix in taps(layer, x.shape):
        for g in range(groups):
            out, into = slice(g * co, (g + 1) * co), slice(g * ci, (g + 1) * ci)
            d = at(dy, oy, ox)[..., out]
            dx[:, iy[:, None], ix[None, :], into] += d @ k[a, b, :, out].T
            dk[a, b, :, out] += np.einsum("nijc,nijf->cf", at(x, iy, ix)[..., into], d)
    grads = {"kernel": dk}
    if "bias" in tensors:
        grads["bias"] = dy.sum((0, 1, 2))
    return [dx], grads


def depthwise_forward(layer, inputs, tensors):
    (x,), k = inputs, tensors["kernel"]
    y = np.zeros((x.shape[0], *out_size(layer, x.shape), x.shape[3]))
    for a, b, oy, iy, ox, ix in taps(layer, x.shape):
        y[:, oy[:, None], ox[None, :], :] += at(x, iy, ix) * k[a, b, :, 0]
    return y + tensors.get("bias", 0.0)


def depthwise_backward(layer, inputs, tensors, _, dy):
    (x,), k = inputs, tensors["kernel"]
    dx, dk = np.zeros_like(x), np.zeros_like(k)
    for a, b, oy, iy, ox, ix in taps(layer, x.shape):
        dx[:, iy[:, None], ix[None, :], :] += at(dy, oy, ox) * k[a, b, :, 0]
        dk[a, b, :, 0] += (at(x, iy, ix) * at(dy, oy, ox)).sum((0, 1, 2))
    grads = {"kernel": dk}
    if "bias" in tensors:
        grads["bias"] = dy.sum((0, 1, 2))
    return [dx], grads


def dense_forward(layer, inputs, tensors):
    return inputs[0] @ tensors["kernel"] + tensors.get("bias", 0.0)


def dense_backward(layer, inputs, tensors, _, dy):
    grads = {"kernel": inputs[0].T @ dy}
    if "bias" in tensors:
        grads["bias"] = dy.sum(0)
    return [dy @ tensors["kernel"].T], grads


def bn_parts(layer, x):
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axes), x.var(axes)
    return axes, (x - mean) / np.sqrt(variance + layer["epsilon"]), np.sqrt(variance + layer["epsilon"])


def bn_forward(layer, inputs, tensors):
    _, xhat, _ = bn_parts(layer, inputs[0])
    return xhat * tensors.get("gamma", 1.0) + tensors.get("beta", 0.0)


def bn_backward(layer, inputs, tensors, _, dy):
    axes, xhat, deviation = bn_parts(layer, inputs[0])
    dxhat = dy * tensors.get("gamma", 1.0)
    dx = (dxhat - dxhat.mean(axes) - xhat * (dxhat * xhat).mean(axes)) / deviation
    grads = {"gamma": (dy * xhat).sum(axes), "beta": dy.sum(axes)}
    return [dx], {name: value for name, value in grads.items() if name in tensors}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


erf = np.vectorize(math.erf)


def hard_slope(layer):
    return layer.get("slope", 1 / 6)


def hard_line(layer, x):
    return hard_slope(layer) * x + layer.get("offset", 0.5)


def leaky_slope(layer):
    return layer.get("slope", 0.01)


def bounds(layer):
    return layer.get("min", -math.inf), layer.get("max", math.inf)


# Function and derivative of (x, layer).
ACTIVATIONS = {
    "relu": (lambda x, l: np.maximum(x, 0), lambda x, l: (x > 0) * 1.0),
    "relu6": (lambda x, l: np.clip(x, 0, 6), lambda x, l: ((x > 0) & (x < 6)) * 1.0),
    "clip": (
        lambda x, l: np.clip(x, *bounds(l)),
        lambda x, l: ((x > bounds(l)[0]) & (x < bounds(l)[1])) * 1.0,
    ),
    "leakyRelu": (
        lambda x, l: np.where(x < 0, leaky_slope(l) * x, x),
        lambda x, l: np.where(x < 0, leaky_slope(l), 1.0),
    ),
    "elu": (lambda x, l: np.where(x < 0, np.expm1(x), x), lambda x, l: np.where(x < 0, np.exp(x), 1.0)),
    "softplus": (lambda x, l: np.logaddexp(x, 0), lambda x, l: sigmoid(x)),
    "gelu": (
        lambda x, l: x * (1 + erf(x / math.sqrt(2))) / 2,
        lambda x, l: (1 + erf(x / math.sqrt(2))) / 2 + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    ),
    "hardSwish": (
        lambda x, l: x * np.clip(x + 3, 0, 6) / 6,
        lambda x, l: np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, (2 * x + 3) / 6)),
    ),
    "swish": (lambda x, l: x * sigmoid(x), lambda x, l: sigmoid(x) * (1 + x * (1 - sigmoid(x)))),
    "hardSigmoid": (
        lambda x, l: np.clip(hard_line(l, x), 0, 1),
        lambda x, l: np.where((hard_line(l, x) > 0) & (hard_line(l, x) < 1), hard_slope(l), 0.0),
    ),
    "sigmoid": (lambda x, l: sigmoid(x), lambda x, l: sigmoid(x) * (1 - sigmoid(x))),
    "tanh": (lambda x, l: np.tanh(x), lambda x, l: 1 - np.tanh(x) ** 2),
}


def activation_forward(layer, inputs, tensors):
    return ACTIVATIONS[layer["kind"]][0](inputs[0], layer)


def activation_backward(layer, inputs, tensors, _, dy):
    return [dy * ACTIVATIONS[layer["kind"]][1](inputs[0], layer)], {}


def factor(inputs):
    x, f = inputs
    return f[:, None, None, :] if x.ndim == 4 and f.ndim == 2 else f


def multiply_backward(layer, inputs, tensors, _, dy):
    f = factor(inputs)
    df = dy * inputs[0]
    for axis, length in enumerate(f.shape):
        if length == 1 and df.shape[axis] > 1:
            df = df.sum(axis, keepdims=True)
    return [dy * f, df.reshape(inputs[1].shape)], {}


def concat_axis(layer):
    return {"height": 1, "width": 2}.get(layer.get("axis"), -1)


def concat_backward(layer, inputs, tensors, _, dy):
    axis = concat_axis(layer)
    edges = np.cumsum([x.shape[axis] for x in inputs])[:-1]
    return np.split(dy, edges, axis=axis), {}


def windows(layer, x):
    """Per output pixel the list of (input row, input column), in row-major order of the window."""
    found = {}
    for _, _, oy, iy, ox, ix in taps(layer, x.shape):
        for y, r in zip(oy, iy):
            for c, q in zip(ox, ix):
                found.setdefault((y, c), []).append((r, q))
    return found


def max_forward(layer, inputs, tensors):
    (x,) = inputs
    y = np.empty((x.shape[0], *out_size(layer, x.shape), x.shape[3]))
    for (r, c), pixels in windows(layer, x).items():
        y[:, r, c, :] = np.stack([x[:, a, b, :] for a, b in pixels]).max(0)
    return y


def max_backward(layer, inputs, tensors, _, dy):
    (x,) = inputs
    dx = np.zeros_like(x)
    n, ch = np.indices((x.shape[0], x.shape[3]))
    for (r, c), pixels in windows(layer, x).items():
        best = np.stack([x[:, a, b, :] for a, b in pixels]).argmax(0)
        rows, columns = np.array(pixels)[best, 0], np.array(pixels)[best, 1]
        np.add.at(dx, (n, rows, columns, ch), dy[:, r, c, :])
    return [dx], {}


def mean_sizes(layer, x):
    full = layer["kernelSize"][0] * layer["kernelSize"][1]
    return {key: full if layer["countPadding"] else len(pixels) for key, pixels in windows(layer, x).items()}


def mean_forward(layer, inputs, tensors):
    (x,) = inputs
    y, sizes = np.zeros((x.shape[0], *out_size(layer, x.shape), x.shape[3])), mean_sizes(layer, x)
    for (r, c), pixels in windows(layer, x).items():
        y[:, r, c, :] = sum(x[:, a, b, :] for a, b in pixels) / sizes[r, c]
    return y


def mean_backward(layer, inputs, tensors, _, dy):
    (x,) = inputs
    dx, sizes = np.zeros_like(x), mean_sizes(layer, x)
    for (r, c), pixels in windows(layer, x).items():
        for a, b in pixels:
            dx[:, a, b, :] += dy[:, r, c, :] / sizes[r, c]
    return [dx], {}


def global_forward(layer, inputs, tensors):
    keep = layer.get("keepSpatial", False)
    return inputs[0].mean((1, 2), keepdims=keep) if layer["mode"] == "average" else inputs[0].max((1, 2), keepdims=keep)


def global_backward(layer, inputs, tensors, _, dy):
    (x,) = inputs
    n, h, w, c = x.shape
    dy = dy.reshape(n, c)
    if layer["mode"] == "average":
        return [np.broadcast_to(dy[:, None, None, :] / (h * w), x.shape).copy()], {}
    best = x.reshape(n, h * w, c).argmax(1)
    dx = np.zeros((n, h * w, c))
    batch, channel = np.indices((n, c))
    dx[batch, best, channel] = dy
    return [dx.reshape(x.shape)], {}


def pad_forward(layer, inputs, tensors):
    top, bottom, left, right = layer["padding"]
    return np.pad(inputs[0], [(0, 0), (top, bottom), (left, right), tuple(layer["channels"])])


def pad_backward(layer, inputs, tensors, _, dy):
    _, h, w, c = inputs[0].shape
    top, _, left, _ = layer["padding"]
    before = layer["channels"][0]
    return [dy[:, top : top + h, left : left + w, before : before + c]], {}


def cut(layer):
    return (slice(None), *(slice(b, e, s) for b, e, s in zip(layer["begin"], layer["end"], layer["stride"])))


def slice_backward(layer, inputs, tensors, _, dy):
    dx = np.zeros_like(inputs[0])
    dx[cut(layer)] = dy
    return [dx], {}


def resize_position(i, length, out, grid):
    if grid == "halfPixel":
        return (i + 0.5) * length / out - 0.5
    if grid == "asymmetric":
        return i * length / out
    return 0.0 if out == 1 else i * (length - 1) / (out - 1)


def resize_matrix(length, out, mode, grid):
    m = np.zeros((out, length))
    for i in range(out):
        place = resize_position(i, length, out, grid)
        if mode == "nearest":
            # The pixel whose area holds the place; on the asymmetric grid pixels begin at their place.
            m[i, min(math.floor(place + (0.0 if grid == "asymmetric" else 0.5) + 1e-9), length - 1)] = 1
        else:
            low = math.floor(place)
            m[i, min(max(low, 0), length - 1)] += 1 - (place - low)
            m[i, min(max(low + 1, 0), length - 1)] += place - low
    return m


def resize_matrices(layer, x):
    sizes = zip(x.shape[1:3], layer["size"])
    return (resize_matrix(length, out, layer["mode"], layer["grid"]) for length, out in sizes)


def resize_forward(layer, inputs, tensors):
    rows, columns = resize_matrices(layer, inputs[0])
    return np.einsum("ih,jw,nhwc->nijc", rows, columns, inputs[0])


def resize_backward(layer, inputs, tensors, _, dy):
    rows, columns = resize_matrices(layer, inputs[0])
    return [np.einsum("ih,jw,nijc->nhwc", rows, columns, dy)], {}


def transposed_taps(layer, shape):
    """Yields (row tap, column tap, input rows, output rows, input columns, output columns), inside only."""
    (kh, kw), (sy, sx) = layer["kernelSize"], layer["stride"]
    top, bottom, left, right = layer["padding"]
    h, w = shape[1:3]
    oh = (h - 1) * sy + kh - top - bottom + layer["outputPadding"][0]
    ow = (w - 1) * sx + kw - left - right + layer["outputPadding"][1]
    for a in range(kh):
        rows = np.arange(h) * sy + a - top
        iy = np.flatnonzero((rows >= 0) & (rows < oh))
        for b in range(kw):
            columns = np.arange(w) * sx + b - left
            ix = np.flatnonzero((columns >= 0) & (columns < ow))
            yield (oh, ow), a, b, iy, rows[iy], ix, columns[ix]


def transposed_forward(layer, inputs, tensors):
    (x,), k = inputs, tensors["kernel"]
    y = None
    for size, a, b, iy, oy, ix, ox in transposed_taps(layer, x.shape):
        y = np.zeros((x.shape[0], *size, layer["filters"])) if y is None else y
        y[:, oy[:, None], ox[None, :], :] += at(x, iy, ix) @ k[a, b].T
    return y + tensors.get("bias", 0.0)


def transposed_backward(layer, inputs, tensors, _, dy):
    (x,), k = inputs, tensors["kernel"]
    dx, dk = np.zeros_like(x), np.zeros_like(k)
    for _, a, b, iy, oy, ix, ox in transposed_taps(layer, x.shape):
        d = at(dy, oy, ox)
        dx[:, iy[:, None], ix[None, :], :] += d @ k[a, b]
        dk[a, b] += np.einsum("nijf,nijc->fc", d, at(x, iy, ix))
    grads = {"kernel": dk}
    if "bias" in tensors:
        grads["bias"] = dy.sum((0, 1, 2))
    return [dx], grads


def prelu_forward(layer, inputs, tensors):
    (x,) = inputs
    return np.where(x < 0, x * tensors["slope"], x)


def prelu_backward(layer, inputs, tensors, _, dy):
    (x,) = inputs
    axes = tuple(range(x.ndim - 1))
    return [np.where(x < 0, dy * tensors["slope"], dy)], {"slope": (dy * np.minimum(x, 0)).sum(axes)}


def softmax_forward(layer, inputs, tensors):
    powers = np.exp(inputs[0] - inputs[0].max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def softmax_backward(layer, inputs, tensors, y, dy):
    return [y * (dy - (dy * y).sum(-1, keepdims=True))], {}


LAYERS = {
    "conv": (conv_forward, conv_backward),
    "depthwise": (depthwise_forward, depthwise_backward),
    "dense": (dense_forward, dense_backward),
    "batchNorm": (bn_forward, bn_backward),
    "activation": (activation_forward, activation_backward),
    "add": (lambda l, x, t: sum(x), lambda l, x, t, y, dy: ([dy] * len(x), {})),
    "multiply": (lambda l, x, t: x[0] * factor(x), multiply_backward),
    "concat": (lambda l, x, t: np.concatenate(x, concat_axis(l)), concat_backward),
    "maxPool": (max_forward, max_backward),
    "averagePool": (mean_forward, mean_backward),
    "globalPool": (global_forward, global_backward),
    "flatten": (lambda l, x, t: x[0].reshape(x[0].shape[0], -1), lambda l, x, t, y, dy: ([dy.reshape(x[0].shape)], {})),
    "pad": (pad_forward, pad_backward),
    "slice": (lambda l, x, t: x[0][cut(l)], slice_backward),
    "reshape": (
        lambda l, x, t: x[0].reshape(x[0].shape[0], *l["shape"]),
        lambda l, x, t, y, dy: ([dy.reshape(x[0].shape)], {}),
    ),
    "resize": (resize_forward, resize_backward),
    "scale": (lambda l, x, t: l["factor"] * x[0] + l["offset"], lambda l, x, t, y, dy: ([l["factor"] * dy], {})),
    "prelu": (prelu_forward, prelu_backward),
    "convTranspose": (transposed_forward, transposed_backward),
    "softmax": (softmax_forward, softmax_backward),
}


def check_gradient(name, loss, array, gradient, seed):
    """Central differences along each axis for small arrays, along random directions for larger ones."""
    random = np.random.default_rng(seed)
    if array.size <= 60:
        directions = np.eye(array.size).reshape(-1, *array.shape)
    else:
        directions = random.standard_normal((12, *array.shape))
    kept = array.copy()
    for direction in directions:
        array[...] = kept + STEP * direction
        up = loss()
        array[...] = kept - STEP * direction
        down = loss()
        array[...] = kept
        measured, claimed = (up - down) / (2 * STEP), (gradient * direction).sum()
        if abs(measured - claimed) > 1e-6 * max(1.0, abs(claimed)):
            raise SystemExit(f"{name}: finite difference {measured} but formula {claimed}")


def digits(array):
    return [float(f"{value:.7g}") for value in array.ravel()]


def make(name, layer, inputs, tensors=None, dy_seed=99, smooth=True):
    """`inputs` and `tensors` hold arguments of `noise`. `smooth=False` skips finite differences (ties)."""
    tensors = tensors or {}
    forward, backward = LAYERS[layer["op"]]
    xs = [noise(**source) for source in inputs]
    ts = {key: noise(**source) for key, source in tensors.items()}
    y = forward(layer, xs, ts)
    dy = noise(dy_seed, y.shape)
    dxs, dts = backward(layer, xs, ts, y, dy)
    loss = lambda: (forward(layer, xs, ts) * dy).sum()
    if smooth:
        for index, (x, dx) in enumerate(zip(xs, dxs)):
            check_gradient(f"{name}, input {index}", loss, x, dx, index)
        for key, dt in dts.items():
            check_gradient(f"{name}, {key}", loss, ts[key], dt, 7)
    plain = lambda source: {**source, "shape": list(source["shape"])}
    named = {key: key for key in tensors}
    if layer["op"] == "batchNorm":
        named |= {"mean": "mean", "variance": "variance"}
    return {
        "name": name,
        "layer": {"id": "layer", "inputs": [f"x{i}" for i in range(len(xs))], **layer, **named},
        "inputs": [plain(source) for source in inputs],
        "tensors": {key: plain(source) for key, source in tensors.items()},
        "gradientSeed": dy_seed,
        "output": {"shape": list(y.shape), "values": digits(y)},
        "inputGradients": [digits(dx) for dx in dxs],
        "tensorGradients": {key: digits(dt) for key, dt in dts.items()},
    }


def source(seed, *shape, **more):
    return {"seed": seed, "shape": shape, **more}


def conv(name, x, kernel, filters, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1, bias=False):
    layer = dict(op="conv", filters=filters, kernelSize=kernel, stride=stride, padding=padding, dilation=dilation, groups=groups)
    tensors = {"kernel": source(2, *kernel, x[3] // groups, filters)}
    if bias:
        tensors["bias"] = source(3, filters)
    return make("conv " + name, layer, [source(1, *x)], tensors)


def depthwise(name, x, kernel, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), bias=False):
    layer = dict(op="depthwise", kernelSize=kernel, stride=stride, padding=padding, dilation=dilation)
    tensors = {"kernel": source(2, *kernel, x[3], 1)}
    if bias:
        tensors["bias"] = source(3, x[3])
    return make("depthwise " + name, layer, [source(1, *x)], tensors)


def norm(name, x, gamma=True, beta=True, **more):
    tensors = {}
    if gamma:
        tensors["gamma"] = source(2, x[-1], offset=1.5)
    if beta:
        tensors["beta"] = source(3, x[-1])
    return make("batchNorm " + name, dict(op="batchNorm", epsilon=1e-5), [source(1, *x, **more)], tensors)


def pool(op, name, x, kernel, stride, padding=(0, 0, 0, 0), quantum=0.0, **more):
    layer = dict(op=op, kernelSize=kernel, stride=stride, padding=padding, **more)
    return make(f"{op} {name}", layer, [source(1, *x, quantum=quantum)], smooth=quantum == 0)


def transposed(name, x, kernel, filters, stride=(1, 1), padding=(0, 0, 0, 0), extra=(0, 0), bias=False):
    layer = dict(op="convTranspose", filters=filters, kernelSize=kernel, stride=stride, padding=padding, outputPadding=extra)
    tensors = {"kernel": source(2, *kernel, filters, x[3])}
    if bias:
        tensors["bias"] = source(3, filters)
    return make("convTranspose " + name, layer, [source(1, *x)], tensors)


def resizes():
    """Up, down and both at once, odd and whole factors, on every grid."""
    for grid in ("halfPixel", "asymmetric", "alignCorners"):
        for mode in ("nearest", "bilinear"):
            for x, size in (
                ((2, 3, 4, 3), (6, 8)),
                ((5, 3, 2, 2), (7, 5)),
                ((2, 7, 5, 13), (3, 4)),
                ((1, 5, 3, 2), (4, 7)),
                ((1, 1, 3, 2), (4, 1)),
            ):
                layer = dict(op="resize", size=size, mode=mode, grid=grid)
                yield make(f"resize {mode} {grid}, {x[1]}x{x[2]} to {size[0]}x{size[1]}", layer, [source(1, *x)])


def more_activations():
    x = [source(1, 2, 3, 5, 4, scale=8.0)]
    for kind in ("softplus", "gelu", "hardSigmoid"):
        yield make(f"activation {kind}", dict(op="activation", kind=kind), x)
    yield make("activation hardSigmoid 0.2", dict(op="activation", kind="hardSigmoid", slope=0.2, offset=0.4), x)
    yield make("activation clip", dict(op="activation", kind="clip", min=-1.5, max=2.5), x)
    yield make("activation clip from below", dict(op="activation", kind="clip", min=0.5), x)
    yield make("activation clip from above, flat", dict(op="activation", kind="clip", max=0.5), [source(1, 5, 7)])
    yield make("scale", dict(op="scale", factor=-2.5, offset=0.75), x)
    yield make("prelu, 4 channels", dict(op="prelu"), x, {"slope": source(2, 4)})
    yield make("prelu, batch 5, 13 channels", dict(op="prelu"), [source(1, 5, 3, 1, 13)], {"slope": source(2, 13)})
    yield make("prelu, flat", dict(op="prelu"), [source(1, 5, 7)], {"slope": source(2, 7)})


def cases():
    yield conv("3x3, batch 2, non-square, bias", (2, 5, 7, 3), (3, 3), 4, padding=(1, 1, 1, 1), bias=True)
    yield conv("3x3 stride 2, padding 0 1 0 1, 5 to 13", (1, 6, 8, 5), (3, 3), 13, (2, 2), (0, 1, 0, 1))
    yield conv("3x3 stride 2, odd, batch 5, 13 to 3", (5, 7, 5, 13), (3, 3), 3, (2, 2), (1, 1, 1, 1))
    yield conv("3x3 stride 2, padding 1 0 2 1", (2, 8, 5, 2), (3, 3), 3, (2, 2), (1, 0, 2, 1))
    yield conv("1x1", (2, 3, 5, 4), (1, 1), 6)
    yield conv("1x1 stride 2", (2, 7, 6, 3), (1, 1), 5, (2, 2))
    yield conv("1x1, padding 1", (1, 3, 4, 2), (1, 1), 3, (1, 1), (1, 1, 1, 1))
    yield conv("5x3, stride 1 2, padding 2 1 0 2", (2, 7, 9, 3), (5, 3), 4, (1, 2), (2, 1, 0, 2))
    yield conv("3x3 dilation 2", (2, 7, 8, 3), (3, 3), 4, (1, 1), (2, 2, 2, 2), (2, 2))
    yield conv("3x2 dilation 1 3", (1, 6, 9, 2), (3, 2), 3, (1, 1), (1, 1, 0, 2), (1, 3))
    yield conv("3x3 stride 2, dilation 2", (2, 9, 8, 3), (3, 3), 2, (2, 2), (2, 1, 1, 2), (2, 2))
    yield conv("2x2 stride 3: pixels no window reaches", (2, 8, 9, 2), (2, 2), 3, (3, 3))
    yield conv("3x3 stride 2: a last row no window reaches", (1, 6, 6, 2), (3, 3), 3, (2, 2))
    yield conv("3x3, padding wider than the kernel", (1, 4, 3, 2), (3, 3), 2, (1, 1), (3, 2, 3, 1))
    yield conv("whole image", (5, 4, 3, 3), (4, 3), 2)
    yield conv("groups 2, bias", (2, 5, 4, 6), (3, 3), 4, (1, 1), (1, 1, 1, 1), groups=2, bias=True)
    yield conv("groups 3, stride 2", (2, 5, 6, 3), (3, 3), 6, (2, 2), (0, 1, 1, 0), groups=3)
    yield conv("one filter, one channel", (1, 5, 5, 1), (3, 3), 1, (1, 1), (1, 1, 1, 1))
    yield depthwise("3x3, batch 2, bias", (2, 5, 7, 4), (3, 3), (1, 1), (1, 1, 1, 1), bias=True)
    yield depthwise("3x3 stride 2, padding 0 1 0 1", (1, 6, 8, 3), (3, 3), (2, 2), (0, 1, 0, 1))
    yield depthwise("3x3 stride 2, odd, batch 5, 13 channels", (5, 5, 3, 13), (3, 3), (2, 2), (1, 1, 1, 1))
    yield depthwise("3x3 dilation 2", (2, 7, 6, 3), (3, 3), (1, 1), (2, 2, 2, 2), (2, 2))
    yield depthwise("5x3 stride 2 1", (1, 9, 5, 2), (5, 3), (2, 1), (2, 2, 1, 1))
    yield make("dense, batch 1", dict(op="dense", units=3), [source(1, 1, 5)], {"kernel": source(2, 5, 3)})
    dense = {"kernel": source(2, 13, 7), "bias": source(3, 7)}
    yield make("dense, batch 5, bias", dict(op="dense", units=7), [source(1, 5, 13)], dense)
    yield norm("images, 13 channels", (2, 3, 5, 13))
    yield norm("batch 1", (1, 4, 3, 2))
    yield norm("flat", (5, 7))
    yield norm("without gamma and beta", (5, 3, 1, 3), gamma=False, beta=False)
    yield norm("mean a hundred deviations away", (2, 5, 4, 3), offset=60.0)
    for kind in ("relu", "relu6", "leakyRelu", "elu", "hardSwish", "swish", "sigmoid", "tanh"):
        slope = {"slope": 0.2} if kind == "leakyRelu" else {}
        yield make(f"activation {kind}", dict(op="activation", kind=kind, **slope), [source(1, 2, 3, 5, 4, scale=8.0)])
    yield make("activation relu, flat", dict(op="activation", kind="relu"), [source(1, 5, 7)])
    yield from more_activations()
    yield transposed("3x3 stride 2, padding 1, one more row and column, bias", (2, 3, 4, 3), (3, 3), 4, (2, 2), (1, 1, 1, 1), (1, 1), True)
    yield transposed("2x2 stride 2, batch 5, 13 to 5", (5, 3, 2, 13), (2, 2), 5, (2, 2))
    yield transposed("4x3 stride 2 3, padding 2 1 0 1, 3 to 13", (1, 4, 3, 3), (4, 3), 13, (2, 3), (2, 1, 0, 1), (0, 2), True)
    yield transposed("3x3 stride 1, padding 1", (2, 5, 4, 6), (3, 3), 2, (1, 1), (1, 1, 1, 1))
    yield transposed("1x1 stride 3: rows of bias alone", (2, 3, 3, 2), (1, 1), 3, (3, 3), (0, 0, 0, 0), (2, 1), True)
    yield transposed("2x3 stride 1 2, 37 to 1", (1, 2, 3, 37), (2, 3), 1, (1, 2))
    images = (2, 3, 5, 4)
    yield make("add of three", dict(op="add"), [source(1, *images), source(2, *images), source(3, *images)])
    yield make("multiply, equal shapes", dict(op="multiply"), [source(1, *images), source(2, *images)])
    yield make("multiply by [1, 1, c]", dict(op="multiply"), [source(1, *images), source(2, 2, 1, 1, 4)])
    yield make("multiply by [h, w, 1]", dict(op="multiply"), [source(1, *images), source(2, 2, 3, 5, 1)])
    yield make("multiply by [c]", dict(op="multiply"), [source(1, *images), source(2, 2, 4)])
    yield make("multiply, flat", dict(op="multiply"), [source(1, 5, 7), source(2, 5, 7)])
    yield make("concat of three", dict(op="concat"), [source(1, 2, 3, 5, 2), source(2, 2, 3, 5, 1), source(3, 2, 3, 5, 4)])
    yield make("concat, flat", dict(op="concat"), [source(1, 5, 3), source(2, 5, 2)])
    stacked = [source(1, 2, 3, 5, 4), source(2, 2, 1, 5, 4), source(3, 2, 2, 5, 4)]
    yield make("concat along height", dict(op="concat", axis="height"), stacked)
    yield make("concat along width", dict(op="concat", axis="width"), [source(1, 5, 3, 2, 3), source(2, 5, 3, 1, 3)])
    yield make("reshape", dict(op="reshape", shape=(15, 1, 2)), [source(1, 2, 3, 5, 2)])
    yield make("reshape, flat to image", dict(op="reshape", shape=(2, 3, 5)), [source(1, 5, 30)])
    yield pool("maxPool", "2x2", (2, 4, 6, 3), (2, 2), (2, 2))
    yield pool("maxPool", "3x3 stride 2, odd, padding 1", (5, 7, 5, 3), (3, 3), (2, 2), (1, 1, 1, 1))
    yield pool("maxPool", "3x2 stride 1, padding 2 0 0 1", (1, 5, 6, 2), (3, 2), (1, 1), (2, 0, 0, 1))
    yield pool("maxPool", "3x3 stride 2, ties", (2, 6, 6, 2), (3, 3), (2, 2), (0, 1, 0, 1), quantum=0.5)
    yield pool("averagePool", "2x2", (2, 4, 6, 3), (2, 2), (2, 2), countPadding=False)
    yield pool("averagePool", "3x3 stride 2, odd, padding 1", (5, 7, 5, 2), (3, 3), (2, 2), (1, 1, 1, 1), countPadding=False)
    yield pool("averagePool", "3x3 stride 2, padding counted", (2, 7, 5, 3), (3, 3), (2, 2), (1, 1, 1, 1), countPadding=True)
    yield pool("averagePool", "3x2 stride 1, padding 2 0 0 1", (1, 5, 6, 2), (3, 2), (1, 1), (2, 0, 0, 1), countPadding=False)
    for mode in ("average", "max"):
        yield make(f"globalPool {mode}", dict(op="globalPool", mode=mode), [source(1, 5, 3, 4, 3)])
        kept = dict(op="globalPool", mode=mode, keepSpatial=True)
        yield make(f"globalPool {mode}, kept spatial", kept, [source(1, 2, 3, 4, 3)])
    ties = [source(1, 2, 3, 4, 3, quantum=0.5)]
    yield make("globalPool max, ties", dict(op="globalPool", mode="max"), ties, smooth=False)
    yield pool("maxPool", "2x2 stride 3: pixels no window reaches", (2, 9, 8, 2), (2, 2), (3, 3))
    yield make("globalPool average, 1x1", dict(op="globalPool", mode="average"), [source(1, 2, 1, 1, 3)])
    yield make("flatten", dict(op="flatten"), [source(1, 2, 3, 5, 2)])
    yield make("pad space", dict(op="pad", padding=(1, 0, 2, 3), channels=(0, 0)), [source(1, 2, 3, 4, 3)])
    yield make("pad channels", dict(op="pad", padding=(0, 0, 0, 0), channels=(2, 3)), [source(1, 2, 3, 4, 3)])
    crop = dict(op="slice", begin=(1, 0, 1), end=(4, 5, 3), stride=(1, 1, 1))
    yield make("slice", crop, [source(1, 2, 5, 6, 4)])
    strided = dict(op="slice", begin=(1, 0, 0), end=(6, 7, 5), stride=(2, 3, 2))
    yield make("slice, strided", strided, [source(1, 2, 6, 7, 5)])
    half = dict(op="slice", begin=(0, 0, 0), end=(8, 6, 3), stride=(2, 2, 1))
    yield make("slice, every second pixel", half, [source(1, 5, 8, 6, 3)])
    yield from resizes()
    yield make("softmax", dict(op="softmax"), [source(1, 5, 7, scale=4.0)])


if __name__ == "__main__":
    made = list(cases())
    target = pathlib.Path(__file__).with_name("vectors.json")
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in made)
    target.write_text("[\n" + lines + "\n]\n")
    print(f"{len(made)} cases, {target.stat().st_size} bytes")
