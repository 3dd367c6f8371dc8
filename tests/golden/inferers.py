"""Golden scores of windows led over a volume.

The network is the same few lines here and in golden-parity.test.ts: its answer depends on where in
the window a voxel lies, on the whole window and on every channel, so weights and orders matter.
"""

import numpy as np
import torch
from monai.inferers import SliceInferer, sliding_window_inference
from scipy import ndimage

from arrays import packed, write

rng = np.random.default_rng(20240610)


def network(window):
    """[1, C, i, j(, k)] → [1, 3, i, j(, k)]: [x, 1 − x + mean / 10, x² + place], x the weighed channels."""
    weights = torch.arange(1, window.shape[1] + 1, dtype=torch.float32) / window.shape[1]
    x = (window * weights.reshape(1, -1, *[1] * (window.ndim - 2))).sum(dim=1, keepdim=True)
    place = torch.zeros(x.shape[2:])
    for axis, step in zip(range(x.ndim - 2), (0.01, 0.02, -0.03)):
        index = torch.arange(x.shape[2 + axis], dtype=torch.float32)
        place = place + step * index.reshape([-1 if a == axis else 1 for a in range(x.ndim - 2)])
    mean = x.mean(dim=tuple(range(2, x.ndim)), keepdim=True)
    return torch.cat([x, 1 - x + 0.1 * mean, x * x + place], dim=1)


def sliding_window():
    cases = []
    for name, shape, channels, roi, overlap, mode, padding, cval in (
        ("gaussian", (13, 10, 9), 1, (8, 8, 8), 0.25, "gaussian", "constant", 0.0),
        ("gaussian, half overlap", (11, 10, 7), 1, (8, 6, 5), 0.5, "gaussian", "constant", 0.0),
        ("constant", (8, 11, 6), 1, (5, 8, 4), 0.25, "constant", "constant", 0.0),
        ("window larger than the volume", (6, 13, 9), 1, (9, 8, 12), 0.25, "gaussian", "constant", -0.5),
        ("larger, replicate", (7, 5, 9), 1, (10, 8, 6), 0.4, "gaussian", "replicate", 0.0),
        ("larger, reflect", (7, 5, 9), 1, (10, 8, 6), 0.4, "gaussian", "reflect", 0.0),
        ("one window", (8, 8, 8), 1, (8, 8, 8), 0.25, "gaussian", "constant", 0.0),
        ("three channels", (9, 8, 7), 3, (6, 6, 5), 0.25, "gaussian", "constant", 0.0),
        ("two dimensions", (13, 11), 2, (8, 6), 0.5, "gaussian", "constant", 0.0),
        ("two dimensions, larger, reflect", (9, 12), 1, (13, 8), 0.25, "constant", "reflect", 0.0),
    ):
        array = rng.random((channels, *shape)).astype(np.float32)
        result = sliding_window_inference(
            torch.from_numpy(array)[None],
            roi,
            sw_batch_size=1,
            predictor=network,
            overlap=overlap,
            mode=mode,
            sigma_scale=0.125,
            padding_mode=padding,
            cval=cval,
        )
        flat = (1,) * (3 - len(shape))
        cases.append(
            {
                "name": name,
                "input": [packed(channel.reshape(*shape, *flat)) for channel in array],
                "flat": len(shape) == 2,
                "roiSize": (*roi, *flat),
                "overlap": overlap,
                "mode": mode,
                "sigmaScale": 0.125,
                "paddingMode": padding,
                "cval": cval,
                "expected": [packed(c) for c in result[0].numpy()],
            }
        )
    write("slidingWindow", cases)


def output_margin():
    """A network without padding answers for less than it sees: here the mean of 3 × 5 × 3 voxels.

    However its windows lie, its answers must be the filter of the whole volume.
    """
    cases = []
    size = (3, 5, 3)
    for name, shape, roi, padding, scipy_mode, cval in (
        ("constant", (10, 9, 7), (6, 8, 5), "constant", "constant", 0.5),
        ("replicate", (10, 9, 7), (6, 8, 5), "replicate", "nearest", 0.0),
        ("reflect", (11, 8, 6), (7, 9, 6), "reflect", "mirror", 0.0),
        ("window larger than the volume", (5, 6, 4), (9, 12, 8), "constant", "constant", -1.0),
    ):
        array = rng.random(shape).astype(np.float32)
        expected = ndimage.uniform_filter(array.astype(np.float64), size, mode=scipy_mode, cval=cval)
        cases.append(
            {
                "name": name,
                "input": packed(array),
                "roiSize": roi,
                "outputMargin": tuple(n // 2 for n in size),
                "paddingMode": padding,
                "cval": cval,
                "expected": packed(expected.astype(np.float32)),
            }
        )
    write("outputMargin", cases)


def slices():
    """MONAI's SliceInferer, a slice a call."""
    cases = []
    array = rng.random((2, 6, 5, 4)).astype(np.float32)
    for dim in (0, 1, 2):
        roi = [n for axis, n in enumerate(array.shape[1:]) if axis != dim]
        inferer = SliceInferer(roi_size=roi, spatial_dim=dim, sw_batch_size=1)
        result = inferer(torch.from_numpy(array)[None], network)
        cases.append(
            {
                "name": f"along {dim}",
                "input": [packed(channel) for channel in array],
                "spatialDim": dim,
                "expected": [packed(c) for c in result[0].numpy()],
            }
        )
    write("sliceInferer", cases)


def make():
    sliding_window()
    output_margin()
    slices()
