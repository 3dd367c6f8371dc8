"""Draws nodules and puts them into lungs: any grid, partial volume and the scan's own noise kept.

A nodule is a turned ellipsoid with waves on its surface. It is drawn on a finer grid than the scan's,
blurred by the scanner's point spread (in plane) and slice profile (along z), sampled at the voxel
centres, and clipped by the lung. Inside it the density becomes the nodule's, plus the grain the scan
had there: the difference to its locally smoothed self, limited to noise so that a vessel leaves no
ghost; what is denser already (a vessel, the wall) stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

TEXTURES = ('solid', 'part-solid', 'ground-glass')
ATTACHMENTS = ('isolated', 'vascular', 'pleural')
# Drawing grid, mm, at the coarsest.
FINE = 0.75
LARGEST = 28.0


@dataclass
class Recipe:
    """Everything about one nodule but its place. `core` is the solid part's share of the diameter."""

    diameter: float
    texture: str
    attachment: str
    hounsfield: float
    core: float
    core_hounsfield: float
    axes: np.ndarray
    turn: np.ndarray
    waves: np.ndarray
    lobulation: float


def turned(rng: np.random.Generator) -> np.ndarray:
    """A random rotation (QR of a Gaussian matrix)."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    return q * np.sign(np.diag(r))


def random_recipe(rng: np.random.Generator, diameter: float | None = None) -> Recipe:
    """Sizes are drawn evenly in the logarithm from 4 to 28 mm; ground glass is at least 6 mm."""
    if diameter is None:
        diameter = float(np.exp(rng.uniform(np.log(4), np.log(LARGEST))))
    texture = 'solid'
    if diameter >= 6:
        texture = str(rng.choice(TEXTURES, p=(0.6, 0.2, 0.2)))
    solid = float(rng.uniform(100, 300)) if rng.random() < 0.06 else float(rng.uniform(-60, 90))
    glass = float(rng.uniform(-680, -420))
    axes = np.exp(rng.uniform(-0.22, 0.22, 3))
    return Recipe(
        diameter=diameter,
        texture=texture,
        attachment=str(rng.choice(ATTACHMENTS, p=(0.4, 0.3, 0.3))),
        hounsfield=solid if texture == 'solid' else glass,
        core=float(rng.uniform(0.35, 0.65)) if texture == 'part-solid' else 0.0,
        core_hounsfield=float(rng.uniform(-80, 60)),
        axes=axes / np.prod(axes) ** (1 / 3),
        turn=turned(rng),
        waves=np.concatenate([3 * rng.standard_normal((6, 3)), rng.uniform(0, 2 * np.pi, (6, 1))], 1),
        lobulation=float(rng.uniform(0, 0.14)),
    )


def coverage(
    recipe: Recipe, size: float, centre: np.ndarray, low: np.ndarray, high: np.ndarray, spacing: np.ndarray, blur: np.ndarray
) -> np.ndarray:
    """Share of each voxel of the box [low, high) that the nodule covers after the scanner's blur.

    `size` scales the nodule (1, or the core's share); `centre`, `spacing`, `blur` (a Gaussian's sigma)
    are in mm (z, y, x), the box in voxels.
    """
    factor = np.maximum(1, np.ceil(spacing / FINE - 1e-6)).astype(int)
    fine = spacing / factor
    pad = np.ceil(3 * blur / fine).astype(int)
    axes = [
        (np.arange(-p, (b - a - 1) * f + 1 + p)) * s + a * f * s - c
        for a, b, f, s, c, p in zip(low, high, factor, fine, centre, pad)
    ]
    z, y, x = np.meshgrid(*[a.astype(np.float32) for a in axes], indexing='ij', sparse=True)
    m = recipe.turn.T / recipe.axes[:, None]
    u = [m[i, 0] * z + m[i, 1] * y + m[i, 2] * x for i in range(3)]
    length = np.sqrt(u[0] ** 2 + u[1] ** 2 + u[2] ** 2) + np.float32(1e-3)
    radius = np.float32(recipe.diameter / 2 * size)
    if recipe.lobulation > 0.01:
        bump = np.zeros_like(length)
        for *k, phase in recipe.waves.astype(np.float32):
            bump += np.cos((k[0] * u[0] + k[1] * u[1] + k[2] * u[2]) / length + phase)
        radius = radius * (1 + np.float32(recipe.lobulation / 2.5) * bump)
    edge = np.float32(fine.mean())
    inside = np.clip((radius - length) / edge + 0.5, 0, 1)
    blurred = ndimage.gaussian_filter(inside, blur / fine, mode='nearest', truncate=3)
    return blurred[tuple(slice(p, p + (b - a - 1) * f + 1, f) for p, a, b, f in zip(pad, low, high, factor))]


def blur_of(slice_spacing: float, sharpness: float) -> np.ndarray:
    """Sigma (z, y, x) in mm of a scanner: slices as thick as they are apart; `sharpness` 0 to 1 in plane."""
    plane = 0.85 - 0.45 * sharpness
    return np.array([max(0.5, slice_spacing / np.sqrt(12)), plane, plane])


def insert(
    image: np.ndarray,
    lung: np.ndarray,
    recipe: Recipe,
    centre: np.ndarray,
    spacing: np.ndarray,
    blur: np.ndarray,
    noise: float,
) -> tuple[np.ndarray, float] | None:
    """Puts the nodule into `image` (float32 HU, changed in place).

    → the centroid (z, y, x) mm and equivalent diameter (mm) of what can be seen of it, or None if the
    box misses the lung or less than a third of the nodule would be inside it.
    """
    reach = recipe.diameter * 0.75 + 3 * blur
    low = np.maximum(np.floor((centre - reach) / spacing).astype(int), 0)
    high = np.minimum(np.ceil((centre + reach) / spacing).astype(int) + 1, image.shape)
    if (high - low < 2).any():
        return None
    box = tuple(slice(a, b) for a, b in zip(low, high))
    part = coverage(recipe, 1.0, centre, low, high, spacing, blur)
    allowed = ndimage.gaussian_filter(lung[box].astype(np.float32), 0.7 / spacing)
    share = part * allowed
    total = float(share.sum())
    if total < 0.33 * float(part.sum()) or total <= 0:
        return None
    old = image[box]
    smooth = ndimage.gaussian_filter(old, 1.5 / spacing)
    grain = np.clip(old - smooth, -2.5 * noise, 2.5 * noise)
    wanted = np.full(old.shape, recipe.hounsfield, np.float32)
    if recipe.texture != 'solid':
        # Ground glass is seen by its contrast to the lung around it, whatever that lung's density.
        around = float(np.median(old[(part > 0.02) & (lung[box])])) if (lung[box] & (part > 0.02)).any() else -850.0
        wanted[:] = max(recipe.hounsfield, around + 170)
    if recipe.core > 0:
        core = coverage(recipe, recipe.core, centre, low, high, spacing, blur)
        wanted += core * (recipe.core_hounsfield - wanted)
    denser = np.clip((wanted - smooth) / 60, 0, 1)
    weight = share * denser
    image[box] = old + weight * (wanted + grain - old)
    places = [np.arange(a, b) * s for a, b, s in zip(low, high, spacing)]
    middle = np.array([
        float((share.sum(tuple(j for j in range(3) if j != i)) * p).sum()) / total for i, p in enumerate(places)
    ])
    return middle, float((6 / np.pi * total * spacing.prod()) ** (1 / 3))


def propose(scan, recipe: Recipe, rng: np.random.Generator) -> np.ndarray | None:
    """A centre (z, y, x) in mm on the working grid where a nodule of this attachment may lie."""
    from scans import DISTANCE_STEP, SPACING

    radius = recipe.diameter / 2
    if recipe.attachment == 'vascular' and len(scan.vessel_voxels):
        for _ in range(12):
            vessel = scan.vessel_voxels[rng.integers(len(scan.vessel_voxels))].astype(float)
            away = rng.standard_normal(3)
            at = vessel + away / np.linalg.norm(away) * (radius * rng.uniform(0.5, 1.0) + 0.7) / SPACING
            voxel = np.round(at).astype(int)
            if (voxel >= 0).all() and (voxel < scan.lung.shape).all() and free_here(scan, voxel, recipe, 2.0):
                return at * SPACING
        return None
    for _ in range(40):
        voxel = scan.lung_voxels[rng.integers(len(scan.lung_voxels))].astype(int)
        depth = scan.distance[tuple(voxel)] * DISTANCE_STEP
        if recipe.attachment == 'pleural':
            if not (0.3 * radius <= depth <= 0.9 * radius + 1 and free_here(scan, voxel, recipe, 0.0)):
                continue
        elif depth < radius + 2 or not free_here(scan, voxel, recipe, radius + 2):
            continue
        else:
            r = int(np.ceil((radius + 2) / SPACING))
            near = tuple(slice(max(0, v - r), v + r + 1) for v in voxel)
            if np.mean(scan.image[near] > -550) > 0.03:
                continue
        return (voxel + rng.uniform(-0.5, 0.5, 3)) * SPACING
    return None


def free_here(scan, voxel: np.ndarray, recipe: Recipe, depth: float) -> bool:
    """In the lung, at least `depth` mm from its border, off the lesions that the patient has."""
    from scans import DISTANCE_STEP

    at = tuple(voxel)
    return bool(scan.lung[at]) and scan.distance[at] * DISTANCE_STEP >= depth and not scan.ignore[at]
