"""Makes tests/golden/data/*.json: small arrays as MONAI transforms them, which our own transforms
must give again.

    python3 -m venv <somewhere> && <somewhere>/bin/pip install -r tests/golden/requirements.txt
    <somewhere>/bin/python tests/golden/make_golden.py

Arrays are base64 of little-endian values with the first axis fastest (our i). MONAI's affines are
RAS+; geometries are written in LPS+, as our VolumeGeometry.

scikit-image is held at 0.25: from 0.26 on it takes the min_size that MONAI passes for its new
max_size, and removes objects of exactly that size too, which neither of them documents.
`nearest` is compared off its ties, where MONAI's answer hangs on rounding in float arithmetic.
"""

import base64
import json
import pathlib

import numpy as np
import torch
from monai.data import MetaTensor
from monai.inferers import sliding_window_inference
from monai.transforms import (
    Compose,
    FillHoles,
    Invertd,
    KeepLargestConnectedComponent,
    Orientation,
    Orientationd,
    RemoveSmallObjects,
    ScaleIntensityRange,
    Spacing,
    Spacingd,
)
from scipy import ndimage

OUT = pathlib.Path(__file__).parent / "data"
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
RAS = (("L", "R"), ("P", "A"), ("I", "S"))
rng = np.random.default_rng(20240607)


def packed(array):
    array = np.asarray(array)
    kind = {"i": "int16", "u": "uint8", "f": "float32", "b": "uint8"}[array.dtype.kind]
    array = array.astype(kind)
    data = base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes(order="F")).decode()
    return {"type": kind, "shape": list(array.shape), "data": data}


def geometry(affine_ras, shape):
    affine = LPS @ np.asarray(affine_ras, dtype=float)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    direction = (affine[:3, :3] / spacing).T
    return {
        "dimensions": [int(n) for n in shape],
        "spacing": spacing.tolist(),
        "origin": affine[:3, 3].tolist(),
        "direction": direction.tolist(),
    }


def rotation(degrees):
    a, b, c = np.deg2rad(degrees)
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return x @ y @ z


def affine_of(columns, spacing, origin, degrees=(0, 0, 0)):
    """columns: three axis codes, one per index axis, as a signed permutation in RAS+."""
    base = np.zeros((3, 3))
    for axis, code in enumerate(columns):
        row = {"L": 0, "R": 0, "P": 1, "A": 1, "I": 2, "S": 2}[code]
        base[row, axis] = 1 if code in "RAS" else -1
    affine = np.eye(4)
    affine[:3, :3] = rotation(degrees) @ base @ np.diag(spacing)
    affine[:3, 3] = origin
    return affine


def smooth(shape, sigma=1.0, low=-1000, high=1000):
    image = ndimage.gaussian_filter(rng.standard_normal(shape), sigma)
    image = (image - image.min()) / (image.max() - image.min())
    return np.round(image * (high - low) + low).astype(np.int16)


def volume(array, affine):
    return MetaTensor(torch.from_numpy(array.astype(np.float32))[None], affine=torch.from_numpy(affine))


def write(name, cases):
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{name}.json"
    path.write_text(json.dumps({"transform": name, "cases": cases}, separators=(",", ":")) + "\n")
    print(f"{name}: {len(cases)} cases, {path.stat().st_size} bytes")


AFFINES = {
    "axial": affine_of("LPS", (0.7, 0.8, 2.0), (10, -20, 30)),
    "axial, feet first": affine_of("RPI", (0.7, 0.7, 1.25), (-100, 120, -40)),
    "coronal": affine_of("LIP", (0.9, 0.9, 3.0), (5, 6, 7)),
    "sagittal": affine_of("PIL", (1.0, 1.1, 1.2), (-5, 60, 7)),
    "oblique": affine_of("LPS", (0.8, 0.8, 2.5), (1, 2, 3), (12, -7, 20)),
    "double oblique": affine_of("PIR", (0.8, 0.9, 2.5), (1, 2, 3), (-25, 18, 30)),
}


def orientation():
    cases = []
    for name, affine in AFFINES.items():
        for axcodes in ("RAS", "LPS", "SPL"):
            array = rng.integers(-1000, 1000, (5, 4, 3)).astype(np.int16)
            result = Orientation(axcodes=axcodes, labels=RAS)(volume(array, affine))
            cases.append(
                {
                    "name": f"{name} to {axcodes}",
                    "input": packed(array),
                    "geometry": geometry(affine, array.shape),
                    "axcodes": axcodes,
                    "expected": packed(result[0].numpy()),
                    "expectedGeometry": geometry(result.affine.numpy(), result.shape[1:]),
                }
            )
    write("orientation", cases)


def spacing():
    cases = []
    shapes = [(9, 7, 5), (5, 11, 4)]
    targets = [(1.45, 1.45, 1.45), (3.1, 3.1, 3.1), (0.55, 0.62, 1.1), (0.73, 2.15, 4.9)]
    for name in ("axial", "coronal", "oblique"):
        for index, pixdim in enumerate(targets):
            for mode in ("bilinear", "nearest"):
                for padding in ("border", "zeros"):
                    if padding == "zeros" and index % 2:
                        continue
                    affine = AFFINES[name]
                    array = smooth(shapes[index % 2])
                    result = Spacing(pixdim=pixdim, mode=mode, padding_mode=padding)(volume(array, affine))
                    cases.append(
                        {
                            "name": f"{name}, {pixdim} mm, {mode}, {padding}",
                            "input": packed(array),
                            "geometry": geometry(affine, array.shape),
                            "pixdim": pixdim,
                            "mode": mode,
                            "paddingMode": padding,
                            "expected": packed(result[0].numpy()),
                            "expectedGeometry": geometry(result.affine.numpy(), result.shape[1:]),
                        }
                    )
    write("spacing", cases)


def scale_intensity_range():
    cases = []
    for name, range_ in {
        "lung window, clipped": dict(a_min=-1000, a_max=400, b_min=0.0, b_max=1.0, clip=True),
        "lung window": dict(a_min=-1000, a_max=400, b_min=0.0, b_max=1.0, clip=False),
        "to -1…1": dict(a_min=-175, a_max=250, b_min=-1.0, b_max=1.0, clip=True),
        "turned over": dict(a_min=-500, a_max=500, b_min=1.0, b_max=-1.0, clip=False),
    }.items():
        array = rng.integers(-2048, 3071, (7, 6, 5)).astype(np.int16)
        result = ScaleIntensityRange(**range_)(volume(array, np.eye(4)))
        cases.append(
            {
                "name": name,
                "input": packed(array),
                "geometry": geometry(np.eye(4), array.shape),
                "aMin": range_["a_min"],
                "aMax": range_["a_max"],
                "bMin": range_["b_min"],
                "bMax": range_["b_max"],
                "clip": range_["clip"],
                "expected": packed(result[0].numpy()),
            }
        )
    write("scaleIntensityRange", cases)


def chain():
    """Whole preprocessing chains, and the way back (Invertd) of class scores."""
    cases = []
    for name, axcodes, pixdim, scale_first in (
        ("axial", "RAS", (1.5, 1.5, 1.5), False),
        ("axial", "LPS", (3.0, 3.0, 3.0), True),
        ("axial, feet first", "LPS", (2.0, 2.0, 2.0), False),
        ("coronal", "RAS", (2.0, 1.3, 1.7), True),
        ("oblique", "LAS", (1.9, 1.9, 1.1), False),
        ("double oblique", "SPL", (1.7, 2.2, 1.9), False),
    ):
        affine = AFFINES[name]
        array = smooth((12, 11, 9), sigma=1.5)
        scale = ScaleIntensityRange(a_min=-400, a_max=500, b_min=0.0, b_max=1.0, clip=True)
        spatial = Compose(
            [
                Orientationd(keys="image", axcodes=axcodes, labels=RAS),
                Spacingd(keys="image", pixdim=pixdim, mode="bilinear", padding_mode="border"),
            ]
        )
        image = volume(array, affine)
        prepared = spatial({"image": scale(image) if scale_first else image})
        data = prepared["image"] if scale_first else scale(prepared["image"])
        # Scores that vary smoothly and differ between classes.
        fields = [ndimage.gaussian_filter(rng.standard_normal(data.shape[1:]), 1.2) for _ in range(3)]
        scores = np.stack(fields).astype(np.float32)
        prepared["pred"] = MetaTensor(torch.from_numpy(scores), meta=prepared["image"].meta)
        back = Invertd(
            keys="pred", transform=spatial, orig_keys="image", nearest_interp=False, to_tensor=True
        )(prepared)["pred"]
        assert tuple(back.shape[1:]) == array.shape, back.shape
        cases.append(
            {
                "name": f"{name} to {axcodes}, {pixdim} mm" + (", clipped before" if scale_first else ""),
                "input": packed(array),
                "geometry": geometry(affine, array.shape),
                "axcodes": axcodes,
                "pixdim": pixdim,
                "scaleFirst": scale_first,
                "range": {"aMin": -400, "aMax": 500, "bMin": 0, "bMax": 1, "clip": True},
                "expected": packed(data[0].numpy()),
                "expectedGeometry": geometry(data.affine.numpy(), data.shape[1:]),
                "scores": [packed(s) for s in scores],
                "expectedLabels": packed(back.numpy().argmax(0).astype(np.uint8)),
                "leastMargin": float(np.min(np.diff(np.sort(back.numpy(), axis=0), axis=0)[-1])),
            }
        )
    write("chain", cases)


def network(window):
    """Depends on where in the window a voxel lies and on the whole window: weights matter."""
    x = window
    i, j, k = (torch.arange(n, dtype=torch.float32) for n in x.shape[2:])
    place = 0.01 * i[:, None, None] + 0.02 * j[None, :, None] - 0.03 * k[None, None, :]
    mean = x.mean(dim=(2, 3, 4), keepdim=True)
    return torch.cat([x, 1 - x + 0.1 * mean, x * x + place], dim=1)


def sliding_window():
    cases = []
    for name, shape, roi, overlap, mode, padding, cval in (
        ("gaussian", (13, 10, 9), (8, 8, 8), 0.25, "gaussian", "constant", 0.0),
        ("gaussian, half overlap", (11, 10, 7), (8, 6, 5), 0.5, "gaussian", "constant", 0.0),
        ("constant", (8, 11, 6), (5, 8, 4), 0.25, "constant", "constant", 0.0),
        ("window larger than the volume", (6, 13, 9), (9, 8, 12), 0.25, "gaussian", "constant", -0.5),
        ("larger, replicate", (7, 5, 9), (10, 8, 6), 0.4, "gaussian", "replicate", 0.0),
        ("one window", (8, 8, 8), (8, 8, 8), 0.25, "gaussian", "constant", 0.0),
    ):
        array = rng.random(shape).astype(np.float32)
        result = sliding_window_inference(
            torch.from_numpy(array)[None, None],
            roi,
            sw_batch_size=1,
            predictor=network,
            overlap=overlap,
            mode=mode,
            sigma_scale=0.125,
            padding_mode=padding,
            cval=cval,
        )
        cases.append(
            {
                "name": name,
                "input": packed(array),
                "roiSize": roi,
                "overlap": overlap,
                "mode": mode,
                "sigmaScale": 0.125,
                "paddingMode": padding,
                "cval": cval,
                "expected": [packed(c) for c in result[0].numpy()],
            }
        )
    write("slidingWindow", cases)


def label_map(shape, sigma, labels):
    field = ndimage.gaussian_filter(rng.standard_normal(shape), sigma)
    edges = np.quantile(field, np.linspace(0.35, 0.97, labels + 1)[:-1])
    return np.digitize(field, edges).astype(np.uint8)


def shuffled_map(shape, labels):
    """Salt and pepper: many small components, some touching by edges and corners only."""
    values = rng.choice(labels + 1, size=shape, p=[0.5] + [0.5 / labels] * labels)
    return values.astype(np.uint8)


def keep_largest():
    cases = []
    for source in ("smooth", "salt"):
        for independent in (True, False):
            for connectivity in (1, 2, 3):
                for count in (1, 2):
                    while True:
                        array = label_map((11, 10, 8), 1.0, 3) if source == "smooth" else shuffled_map((10, 8, 6), 3)
                        if not has_ties(array, (1, 3), independent, connectivity, count):
                            break
                    result = KeepLargestConnectedComponent(
                        applied_labels=[1, 3],
                        is_onehot=False,
                        independent=independent,
                        connectivity=connectivity,
                        num_components=count,
                    )(torch.from_numpy(array)[None])
                    cases.append(
                        {
                            "name": f"{source}, connectivity {connectivity}, {count} kept, "
                            + ("each label" if independent else "as one"),
                            "input": packed(array),
                            "appliedLabels": [1, 3],
                            "independent": independent,
                            "connectivity": connectivity,
                            "numComponents": count,
                            "expected": packed(result[0].numpy().astype(np.uint8)),
                        }
                    )
    write("keepLargestConnectedComponent", cases)


def has_ties(array, labels, independent, connectivity, count):
    """MONAI's choice between components of one size is numpy's sort's; ours is the first. Avoid them."""
    masks = [array == label for label in labels] if independent else [np.isin(array, labels)]
    structure = ndimage.generate_binary_structure(3, connectivity)
    for mask in masks:
        features, number = ndimage.label(mask, structure)
        sizes = np.sort(np.bincount(features[features > 0]))[::-1]
        if number > count and sizes[count - 1] == sizes[count]:
            return True
    return False


def fill_holes():
    cases = []
    ball = np.indices((15, 14, 13)).astype(float)
    radius = np.sqrt(sum((axis - centre) ** 2 for axis, centre in zip(ball, (7, 7, 6))))
    shell = np.where((radius < 5.5) & (radius > 3), 1, 0).astype(np.uint8)
    nested = shell.copy()
    nested[6:8, 6:8, 5:7] = 2
    open_ = shell.copy()
    open_[7, 7, 6:] = 0
    corner = shell.copy()
    corner[shell.shape[0] // 2 - 3, :, :] = np.where(radius[4] > 4.6, 0, corner[4])
    edge = np.ones((9, 8, 7), np.uint8)
    edge[4, 3, 3] = 0
    edge[2, 2, 0] = 0
    edge[0, 0, 0] = 2
    edge[5, 5, 5] = 2
    named = {
        "shell": (shell, [1]),
        "other label inside": (nested, [1]),
        "other label inside, both": (nested, [1, 2]),
        "open": (open_, [1]),
        "cut": (corner, [1]),
        "edge of the volume": (edge, [1, 2]),
    }
    for number in range(4):
        named[f"dense {number}"] = (rng.choice(3, size=(10, 9, 8), p=[0.12, 0.76, 0.12]).astype(np.uint8), [1, 2])
        named[f"smooth {number}"] = (label_map((11, 10, 9), 0.8, 2), [2, 1])
    for name, (array, labels) in named.items():
        # MONAI takes a set of labels: run them one by one, so that the order is the one written.
        result = torch.from_numpy(array.copy())[None]
        for label in labels:
            result = FillHoles(applied_labels=[label])(result)
        cases.append(
            {
                "name": name,
                "input": packed(array),
                "appliedLabels": labels,
                "expected": packed(np.asarray(result[0]).astype(np.uint8)),
            }
        )
    write("fillHoles", cases)


def remove_small_objects():
    cases = []
    for spacing_, least in (((1.0, 1.0, 1.0), 5.0), ((0.7, 0.8, 2.5), 12.0), ((0.5, 0.5, 1.0), 2.0)):
        array = shuffled_map((12, 11, 10), 2)
        result = array.copy()
        for label in (1, 2):
            onehot = torch.from_numpy((array == label).astype(np.uint8))[None]
            affine = torch.diag(torch.tensor([*spacing_, 1.0], dtype=torch.float64))
            kept = RemoveSmallObjects(min_size=least, connectivity=1, by_measure=True)(
                MetaTensor(onehot, affine=affine)
            )
            result[(array == label) & (kept[0].numpy() == 0)] = 0
        cases.append(
            {
                "name": f"{spacing_} mm, {least} mm³",
                "input": packed(array),
                "spacing": spacing_,
                "appliedLabels": [1, 2],
                "minSizeMm3": least,
                "expected": packed(result),
            }
        )
    write("removeSmallObjects", cases)


if __name__ == "__main__":
    orientation()
    spacing()
    scale_intensity_range()
    chain()
    sliding_window()
    keep_largest()
    fill_holes()
    remove_small_objects()
