"""Runs the exported model as the viewer does (model.json's contract) and compares with the labels.

    python evaluate.py --package <models/ct-lungs> --data <folder> [--phantoms <folder>] \
        --cache <folder> [--only <case name>] [--pictures <folder>] [--threads 2]

Dice and volumes are computed on the scan's own grid. For real scans the label is the pipeline's, drawn
at 1.5 mm and brought to that grid; for phantoms it is the truth.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime
from scipy import ndimage

from data import REAL_CASES, WORK_SPACING, Volume, phantom_cases, prepare, read_case, read_nifti, resample


def windows(size: int, roi: int, overlap: float) -> list[int]:
    """Start of each window along one axis (MONAI's dense_patch_slices)."""
    if size <= roi:
        return [0]
    step = max(1, int(roi * (1 - overlap)))
    count = int(np.ceil((size - roi) / step)) + 1
    return [min(i * step, size - roi) for i in range(count)]


def importance(roi: list[int], sigma_scale: float) -> np.ndarray:
    axes = [np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (sigma_scale * n)) ** 2) for n in roi]
    weight = axes[0][:, None, None] * axes[1][None, :, None] * axes[2][None, None, :]
    return np.maximum(weight, 1e-3).astype(np.float32)


def infer(session: onnxruntime.InferenceSession, image: np.ndarray, plan: dict) -> np.ndarray:
    """Scaled image [z, y, x] → logits [3, z, y, x], by weighted windows; padding is split on both sides."""
    roi = plan['roiSize'][::-1]
    lead = [max(0, r - n) // 2 for r, n in zip(roi, image.shape)]
    trail = [max(0, r - n) - a for r, n, a in zip(roi, image.shape, lead)]
    padded = np.pad(image, list(zip(lead, trail)), constant_values=plan['cval'])
    weight = importance(roi, plan['sigmaScale'])
    total = np.zeros((3, *padded.shape), np.float32)
    share = np.zeros(padded.shape, np.float32)
    for z in windows(padded.shape[0], roi[0], plan['overlap']):
        for y in windows(padded.shape[1], roi[1], plan['overlap']):
            for x in windows(padded.shape[2], roi[2], plan['overlap']):
                at = (slice(z, z + roi[0]), slice(y, y + roi[1]), slice(x, x + roi[2]))
                logits = session.run(None, {'image': np.ascontiguousarray(padded[at])[None, None]})[0][0]
                total[(slice(None), *at)] += logits * weight
                share[at] += weight
    inner = tuple(slice(a, a + n) for a, n in zip(lead, image.shape))
    return (total / share)[(slice(None), *inner)]


def invert(logits: np.ndarray, shape: tuple[int, ...], spacing: np.ndarray, pixdim: float) -> np.ndarray:
    """Class scores resampled linearly onto the source grid, then the arg-max."""
    step = np.asarray(spacing) / pixdim
    best = np.full(shape, -np.inf, np.float32)
    label = np.zeros(shape, np.uint8)
    for value, scores in enumerate(logits):
        fine = ndimage.affine_transform(scores, step, output_shape=shape, order=1, mode='nearest')
        label[fine > best] = value
        best = np.maximum(best, fine)
    return label


def tidy(label: np.ndarray) -> np.ndarray:
    """keepLargestConnectedComponent (each label on its own, faces), then fillHoles."""
    out = np.zeros_like(label)
    for value in (1, 2):
        region, n = ndimage.label(label == value)
        if n:
            largest = region == 1 + int(np.argmax(np.bincount(region.ravel())[1:]))
            filled = ndimage.binary_fill_holes(largest)
            out[filled & ((label == 0) | (label == value) | largest)] = value
    return out


def segment(session: onnxruntime.InferenceSession, volume: Volume, manifest: dict) -> np.ndarray:
    steps = {s['transform']: s for s in manifest['preprocessing']}
    pixdim = steps['spacing']['pixdim'][0]
    scale = steps['scaleIntensityRange']
    image = resample(volume.voxels, volume.spacing, pixdim)
    image = np.clip((image - scale['aMin']) / (scale['aMax'] - scale['aMin']), 0, 1).astype(np.float32)
    logits = infer(session, image, manifest['inference'])
    return tidy(invert(logits, volume.voxels.shape, volume.spacing, pixdim))


def dice(a: np.ndarray, b: np.ndarray) -> float:
    total = int(a.sum()) + int(b.sum())
    return 1.0 if total == 0 else 2 * int((a & b).sum()) / total


def reference(args: argparse.Namespace, case, volume: Volume) -> np.ndarray:
    if case.label != 'pipeline':
        truth = read_nifti(args.data / case.label).voxels
        return sum(v * np.isin(truth, s).astype(np.uint8) for v, s in enumerate(case.label_values, start=1))
    label = np.load(prepare(args.data, case, args.cache))['label']
    step = volume.spacing / WORK_SPACING
    out = np.zeros(volume.voxels.shape, np.uint8)
    for value in (1, 2):
        share = ndimage.affine_transform(
            (label == value).astype(np.float32), step, output_shape=out.shape, order=1, mode='nearest'
        )
        out[share >= 0.5] = value
    return out


def picture(volume: Volume, label: np.ndarray, truth: np.ndarray, path: Path) -> None:
    import matplotlib

    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(3, 6, figsize=(24, 12.5))
    depth, rows, _ = volume.voxels.shape
    aspect = volume.spacing[0] / volume.spacing[2]
    views = []
    for k in np.linspace(0.02, 0.98, 12) * (depth - 1):
        views.append((*(v[int(k)] for v in (volume.voxels, label, truth)), f'z {int(k)}', 1.0))
    for j in np.linspace(0.25, 0.75, 6) * rows:
        views.append((*(v[::-1, int(j)] for v in (volume.voxels, label, truth)), f'y {int(j)}', aspect))
    for axis, (image, result, wanted, title, ratio) in zip(axes.ravel(), views):
        axis.imshow(image, cmap='gray', vmin=-1100, vmax=300, aspect=ratio)
        for value, colour in ((1, 'red'), (2, 'yellow')):
            if (result == value).any():
                axis.contour(result == value, [0.5], colors=colour, linewidths=1)
            if (wanted == value).any():
                axis.contour(wanted == value, [0.5], colors='cyan', linewidths=0.5)
        axis.set_title(title)
        axis.axis('off')
    figure.tight_layout(pad=0.2)
    figure.savefig(path, dpi=60)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--package', type=Path, required=True)
    parser.add_argument('--onnx', type=Path, help='another network than the package holds')
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--cache', type=Path, required=True)
    parser.add_argument('--phantoms', type=Path)
    parser.add_argument('--only', nargs='*')
    parser.add_argument('--pictures', type=Path)
    parser.add_argument('--threads', type=int, default=2)
    args = parser.parse_args()
    manifest = json.loads((args.package / 'model.json').read_text(encoding='utf-8'))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    network = args.onnx or args.package / manifest['files'][0]['path']
    session = onnxruntime.InferenceSession(str(network), options, providers=['CPUExecutionProvider'])
    cases = REAL_CASES + (phantom_cases(args.phantoms) if args.phantoms else [])
    for case in cases:
        if args.only and case.name not in args.only:
            continue
        volume = read_case(args.data, case)
        start, cpu = time.time(), time.process_time()
        label = segment(session, volume, manifest)
        took, cpu = time.time() - start, time.process_time() - cpu
        truth = reference(args, case, volume)
        parts = []
        millilitres = float(np.prod(volume.spacing)) / 1000
        for value, side in ((1, 'left'), (2, 'right')):
            a, b = label == value, truth == value
            off = f'{100 * (a.sum() / b.sum() - 1):+.2f} %' if b.any() else '-'
            parts.append(f'{side} Dice {dice(a, b):.4f}, {a.sum() * millilitres:.0f} mL ({off})')
        print(f'{case.name}: {"; ".join(parts)}; {took:.1f} s wall, {cpu:.1f} s CPU', flush=True)
        if args.pictures:
            args.pictures.mkdir(parents=True, exist_ok=True)
            picture(volume, label, truth, args.pictures / f'{case.name}.png')


if __name__ == '__main__':
    main()
