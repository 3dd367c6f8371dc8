"""The viewer's pipeline for this package in Python: preprocess, slide, peaks, boxes. Reads model.json.

`detect` gives what the viewer gives: centres in mm (z, y, x) from the first voxel of the LPS volume,
scores and diameters, strongest first.
"""

from __future__ import annotations

from typing import Callable

import numpy as np
from scipy import ndimage

from scans import Volume, resample

# [1, 1, D, H, W] → heat logits and log diameters, each [D/s, H/s, W/s].
Network = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def starts(size: int, roi: int, overlap: float) -> list[int]:
    """Start of each window along one axis (MONAI's dense_patch_slices)."""
    if size <= roi:
        return [0]
    step = max(1, int(roi * (1 - overlap)))
    count = int(np.ceil((size - roi) / step)) + 1
    return [min(i * step, size - roi) for i in range(count)]


def importance(roi: list[int], mode: str, sigma_scale: float) -> np.ndarray:
    if mode == 'constant':
        return np.ones(roi, np.float32)
    axes = [np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (sigma_scale * n)) ** 2) for n in roi]
    return np.maximum(axes[0][:, None, None] * axes[1][None, :, None] * axes[2][None, None, :], 1e-3).astype(np.float32)


def slide(network: Network, image: np.ndarray, plan: dict, stride: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Scaled image [z, y, x], sides multiples of the stride → heat logits and log diameters over the image
    padded to at least one window, and how many voxels were padded in front."""
    roi = plan['roiSize'][::-1]
    lead = [max(0, r - n) // 2 for r, n in zip(roi, image.shape)]
    trail = [max(0, r - n) - a for r, n, a in zip(roi, image.shape, lead)]
    padded = np.pad(image, list(zip(lead, trail)), constant_values=plan['cval'])
    cells = [r // stride for r in roi]
    weight = importance(cells, plan['mode'], plan['sigmaScale'])
    heat = np.zeros([n // stride for n in padded.shape], np.float32)
    length, share = np.zeros_like(heat), np.zeros_like(heat)
    places = [starts(n, r, plan['overlap']) for n, r in zip(padded.shape, roi)]
    for z in places[0]:
        for y in places[1]:
            for x in places[2]:
                window = padded[z : z + roi[0], y : y + roi[1], x : x + roi[2]]
                h, d = network(np.ascontiguousarray(window)[None, None])
                at = tuple(slice(a // stride, a // stride + c) for a, c in zip((z, y, x), cells))
                heat[at] += h * weight
                length[at] += d * weight
                share[at] += weight
    return heat / share, length / share, lead


def foreground(image: np.ndarray, step: dict) -> tuple[list[int], list[int]]:
    """First and last (exclusive) voxel of what exceeds `selectAbove`, with the margin, inside the image."""
    inside = image > step['selectAbove']
    if not inside.any():
        return [0, 0, 0], list(image.shape)
    box = ndimage.find_objects(inside.astype(np.uint8))[0]
    margin = step['margin'][::-1]
    return (
        [max(0, s.start - m) for s, m in zip(box, margin)],
        [min(n, s.stop + m) for s, m, n in zip(box, margin, image.shape)],
    )


def overlap_of_boxes(a: np.ndarray, b: np.ndarray, da: float, db: float) -> float:
    """Intersection over union of two cubes."""
    side = np.minimum(a + da / 2, b + db / 2) - np.maximum(a - da / 2, b - db / 2)
    both = float(np.prod(np.maximum(side, 0)))
    return both / (da**3 + db**3 - both)


def peaks(
    heat: np.ndarray, length: np.ndarray, lead: list[int], stride: int, pixdim: float, threshold: float, iou: float, most: int
) -> list[tuple[float, np.ndarray, float]]:
    """(score, centre mm, diameter mm): maxima of 3x3x3 cells, then greedy suppression of overlapping boxes."""
    p = 1 / (1 + np.exp(-heat))
    top = np.argwhere((p == ndimage.maximum_filter(p, 3)) & (p >= threshold))
    order = np.argsort(-p[tuple(top.T)], kind='stable')
    kept: list[tuple[float, np.ndarray, float]] = []
    for cell in top[order]:
        centre = ((cell + 0.5) * stride - 0.5 - lead) * pixdim
        diameter = float(np.exp(length[tuple(cell)]))
        if all(overlap_of_boxes(centre, c, diameter, d) <= iou for _, c, d in kept):
            kept.append((float(p[tuple(cell)]), centre, diameter))
        if len(kept) == most:
            break
    return kept


def detect(network: Network, volume: Volume, manifest: dict, threshold: float) -> list[tuple[float, np.ndarray, float]]:
    steps = {s['transform']: s for s in manifest['preprocessing']}
    pixdim, scale = steps['spacing']['pixdim'][0], steps['scaleIntensityRange']
    output = manifest['outputs'][0]
    stride = output['stride'][0]
    image = resample(volume.voxels, volume.spacing, pixdim)
    image = np.clip((image - scale['aMin']) / (scale['aMax'] - scale['aMin']), 0, 1).astype(np.float32)
    first, last = foreground(image, steps['cropForeground'])
    image = image[tuple(slice(a, b) for a, b in zip(first, last))]
    # divisiblePad, behind: so the cells of all windows lie on one lattice.
    image = np.pad(image, [(0, -n % stride) for n in image.shape])
    heat, length, lead = slide(network, image, manifest['inference'], stride)
    lead = [a - b for a, b in zip(lead, first)]
    return peaks(heat, length, lead, stride, pixdim, threshold, output['iouThreshold'], output['maxDetections'])


def onnx_network(path: str, threads: int) -> Network:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        heat, size = session.run(['heatmap', 'log_diameter'], {'image': x})
        return heat[0, 0], size[0, 0]

    return run


def torch_network(path: str, threads: int) -> Network:
    import torch

    from detector import NoduleNet

    torch.set_num_threads(threads)
    net = NoduleNet().fold().to(memory_format=torch.channels_last_3d)
    net.load_state_dict(torch.load(path, weights_only=True))
    net.eval()

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            out = net(torch.from_numpy(x).contiguous(memory_format=torch.channels_last_3d))[0].numpy()
        return out[0], out[1]

    return run
