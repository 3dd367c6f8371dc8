"""Golden label maps of the postprocessing steps.

scikit-image is held at 0.25: from 0.26 on it takes the min_size that MONAI passes for its new
max_size, and removes objects of exactly that size too, which neither of them documents.
"""

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import FillHoles, KeepLargestConnectedComponent, RemoveSmallObjects
from scipy import ndimage

from arrays import packed, write

rng = np.random.default_rng(20240607)


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


def make():
    keep_largest()
    fill_holes()
    remove_small_objects()
