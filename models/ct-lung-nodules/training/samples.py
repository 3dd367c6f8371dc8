"""Random training patches with nodules put into them, and what the network should say of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from detector import STRIDE
from nodules import blur_of, insert, propose, random_recipe
from scans import HU_MAX, HU_MIN, SPACING, Nodule, Scan

PATCH = 48
CELLS = PATCH // STRIDE


@dataclass
class Patch:
    """image [D, H, W] scaled; heat, weight, size, sized [D/2, H/2, W/2]; where it was cut, how turned (None: not along the axes)."""

    image: np.ndarray
    heat: np.ndarray
    weight: np.ndarray
    size: np.ndarray
    sized: np.ndarray
    origin: np.ndarray
    mirrored: tuple[bool, bool, bool] | None


def scaled(hu: np.ndarray) -> np.ndarray:
    return ((np.clip(hu, HU_MIN, HU_MAX) - HU_MIN) / (HU_MAX - HU_MIN)).astype(np.float32)


def cut(array: np.ndarray, origin: np.ndarray, fill: float) -> np.ndarray:
    """PATCH³ voxels from `origin`, which may reach beyond the array."""
    low = np.clip(origin, 0, array.shape)
    high = np.clip(origin + PATCH, 0, array.shape)
    part = array[tuple(slice(a, b) for a, b in zip(low, high))]
    return np.pad(part, list(zip(low - origin, origin + PATCH - high)), constant_values=fill)


def targets(nodules: list[Nodule], ignore: np.ndarray) -> tuple[np.ndarray, ...]:
    """Heat as in CenterNet (Zhou et al. 2019): 1 in the cell of a centre, a Gaussian around it.

    Nodule centres in mm from the patch's first voxel. A cell lies between the two voxels it stands for.
    """
    heat = np.zeros((CELLS,) * 3, np.float32)
    size = np.zeros_like(heat)
    sized = np.zeros_like(heat)
    place = (np.arange(CELLS) * STRIDE + (STRIDE - 1) / 2) * SPACING
    for nodule in nodules:
        d = [(place - c) ** 2 for c in nodule.centre]
        squared = d[0][:, None, None] + d[1][None, :, None] + d[2][None, None, :]
        sigma = np.clip(0.2 * nodule.diameter, 1.8, 4.0)
        heat = np.maximum(heat, np.exp(-squared / (2 * sigma**2)).astype(np.float32))
        near = squared <= max(3.0, 0.25 * nodule.diameter) ** 2
        size[near] = np.log(nodule.diameter)
        sized[near] = 1
        cell = np.round((nodule.centre / SPACING - (STRIDE - 1) / 2) / STRIDE).astype(int)
        if (cell >= 0).all() and (cell < CELLS).all():
            heat[tuple(cell)] = 1
            size[tuple(cell)] = np.log(nodule.diameter)
            sized[tuple(cell)] = 1
    blocked = ignore.reshape(CELLS, STRIDE, CELLS, STRIDE, CELLS, STRIDE).any((1, 3, 5))
    weight = np.where(blocked & (heat < 0.5), 0, 1).astype(np.float32)
    return heat, weight, size, sized


def patient(hu: np.ndarray, lung: np.ndarray, rng: np.random.Generator) -> None:
    """Density of the lungs, contrast medium (in place)."""
    if rng.random() < 0.4:
        hu += lung * np.float32(rng.uniform(-50, 70))
    if rng.random() < 0.3:
        hu[...] = np.where(hu > 20, 20 + (hu - 20) * np.float32(rng.uniform(0.7, 1.6)), hu)


def scanner(hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Calibration, thicker slices, noise."""
    if rng.random() < 0.5:
        hu = (hu + 1000) * np.float32(rng.uniform(0.97, 1.03)) - 1000 + np.float32(rng.normal(0, 10))
    if rng.random() < 0.25:
        hu = ndimage.gaussian_filter1d(hu, rng.uniform(0.3, 0.9), 0, mode='nearest')
    if rng.random() < 0.5:
        grain = rng.standard_normal(hu.shape, dtype=np.float32)
        if rng.random() < 0.5:
            grain = ndimage.gaussian_filter(grain, (0, 0.6, 0.6), mode='wrap') * 1.9
        hu = hu + grain * np.float32(rng.uniform(4, 50))
    return hu


def patch(scan: Scan, rng: np.random.Generator, want: str, at: np.ndarray | None = None) -> Patch:
    """`want`: 'inserted' (one to three nodules are put in), 'own' (a phantom's), 'lung', 'any', 'here' (`at`)."""
    blur = blur_of(scan.slice_spacing, float(rng.uniform()))
    first = None
    inside = rng.uniform(5, PATCH - 5, 3)
    if want == 'inserted':
        recipe = random_recipe(rng)
        first = propose(scan, recipe, rng)
        centre = scan.lung_voxels[rng.integers(len(scan.lung_voxels))] if first is None else first / SPACING
    elif want == 'own' and scan.nodules:
        centre = scan.nodules[rng.integers(len(scan.nodules))].centre / SPACING
    elif want == 'here' and at is not None:
        centre = at
    elif want == 'any':
        centre = rng.uniform(0, 1, 3) * scan.image.shape
    else:
        centre = scan.lung_voxels[rng.integers(len(scan.lung_voxels))]
    origin = np.round(centre - inside).astype(int)
    hu = cut(scan.image, origin, HU_MIN).astype(np.float32)
    hu = np.maximum(hu, HU_MIN)
    lung = cut(scan.lung, origin, False)
    ignore = cut(scan.ignore, origin, False)
    patient(hu, lung, rng)
    spacing = np.full(3, SPACING)
    corner = origin * SPACING
    found = [Nodule(n.centre - corner, n.diameter) for n in scan.nodules]
    places = [(first, recipe)] if first is not None else []
    if want == 'inserted':
        for _ in range(int(rng.integers(0, 3))):
            other = random_recipe(rng)
            for _ in range(6):
                place = propose(scan, other, rng)
                if place is not None and ((place - corner > 6) & (place - corner < PATCH * SPACING - 6)).all():
                    places.append((place, other))
                    break
    for place, one in places:
        local = place - corner
        if any(np.linalg.norm(local - n.centre) < (one.diameter + n.diameter) / 2 + 2 for n in found):
            continue
        seen = insert(hu, lung, one, local, spacing, blur, scan.noise)
        if seen is not None:
            found.append(Nodule(seen[0], seen[1], one.texture, one.attachment))
    heat, weight, size, sized = targets(found, ignore)
    image = scaled(scanner(hu, rng))
    mirrored = tuple(bool(b) for b in rng.random(3) < 0.5)
    axes = [i for i in range(3) if mirrored[i]]
    maps = [np.flip(a, axes) for a in (image, heat, weight, size, sized)] if axes else [image, heat, weight, size, sized]
    if rng.random() < 0.5:
        maps = [a.transpose(0, 2, 1) for a in maps]
        # Hard places are only found again in patches that were not turned.
        mirrored = None
    return Patch(*[np.ascontiguousarray(m) for m in maps], origin, mirrored)
