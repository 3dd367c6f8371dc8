"""What the golden arrays are made with: small volumes, their grids, and how they are written.

Arrays are base64 of little-endian values with the first axis fastest (our i). MONAI's affines are
RAS+; geometries are written in LPS+, as our VolumeGeometry.
"""

import base64
import json
import pathlib

import numpy as np
import torch
from monai.data import MetaTensor
from scipy import ndimage

OUT = pathlib.Path(__file__).parent / "data"
TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
RAS = (("L", "R"), ("P", "A"), ("I", "S"))


def packed(array):
    array = np.asarray(array)
    kind = {"i": "int16", "u": "uint8", "f": "float32", "b": "uint8"}[array.dtype.kind]
    array = array.astype(kind)
    data = base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes(order="F")).decode()
    return {"type": kind, "shape": list(array.shape), "data": data}


def geometry(affine_ras, shape):
    affine = TO_LPS @ np.asarray(affine_ras, dtype=float)
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


def smooth(rng, shape, sigma=1.0, low=-1000, high=1000):
    image = ndimage.gaussian_filter(rng.standard_normal(shape), sigma)
    image = (image - image.min()) / (image.max() - image.min())
    return np.round(image * (high - low) + low).astype(np.int16)


def volume(array, affine):
    """[i, j, k] or [C, i, j, k] as MONAI's loaders give it."""
    tensor = torch.from_numpy(array.astype(np.float32))
    return MetaTensor(tensor if tensor.ndim == 4 else tensor[None], affine=torch.from_numpy(affine))


def case(name, images, steps, transform, *, keys=None, facts=None):
    """One case: images ([i, j, k] arrays with their affines) through MONAI, and our steps for it.

    `facts` are what the headers say of each channel (`voi`, `suvbwFactor`).
    """
    stacked = np.stack([array for array, _ in images])
    result = transform(volume(stacked, images[0][1]))
    return case_of(name, images, steps, result, keys=keys, facts=facts)


def case_of(name, images, steps, result, *, keys=None, facts=None):
    """The same, of a result [C, i, j, k] with its affine that was made elsewhere."""
    keys = keys or (["image"] if len(images) == 1 else [f"image-{n}" for n in range(len(images))])
    return {
        "name": name,
        "channels": [
            {
                "key": key,
                "input": packed(array),
                "geometry": geometry(affine, array.shape),
                **(facts[n] if facts else {}),
            }
            for n, (key, (array, affine)) in enumerate(zip(keys, images))
        ],
        "steps": steps if isinstance(steps, list) else [steps],
        "expected": [packed(channel) for channel in result.numpy().astype(np.float32)],
        "expectedGeometry": geometry(result.affine.numpy(), result.shape[1:]),
    }


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
