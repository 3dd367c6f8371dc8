"""The classical pipeline that draws left and right lung for training.

A lung here is what its pleura encloses: parenchyma, vessels, nodules and the airways inside it.
Trachea, main bronchi, mediastinum, chest wall and gas elsewhere are background. Steps:

1. padding (below -1500 HU) is "no data", neither body nor air;
2. air that reaches the border of its axial slice or the padding is outside the body;
3. other air below -400 HU (halfway between parenchyma and chest wall), if it lies inside the body (the
   largest piece of soft tissue thicker than a table's shell, its holes filled slice by slice); the lungs
   are the largest three-dimensional components of it, which leaves bowel gas;
4. trachea and main bronchi: grown from the round air column in the highest slices at a threshold that
   is raised until the region leaks into the lungs, then taken as it was before the leak;
5. left and right by the distance transform's watershed where they touch;
6. each lung closed with a ball (vessels, hilum, juxtapleural nodules) and its holes filled.

The result is looked at by a person (see README.md) before it is trained on.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

PADDING_HU = -1500
LUNG_HU = -400


def ball(radius_mm: float, spacing: float) -> np.ndarray:
    r = max(1, int(round(radius_mm / spacing)))
    z, y, x = np.ogrid[-r : r + 1, -r : r + 1, -r : r + 1]
    return z * z + y * y + x * x <= r * r


def dilate(mask: np.ndarray, radius_mm: float, spacing: float) -> np.ndarray:
    """By the distance transform: a true ball, and quick for large radii."""
    if not mask.any():
        return mask.copy()
    return ndimage.distance_transform_edt(~mask) * spacing <= radius_mm


def close_ball(mask: np.ndarray, radius_mm: float, spacing: float) -> np.ndarray:
    pad = int(np.ceil(radius_mm / spacing)) + 1
    grown = dilate(np.pad(mask, pad), radius_mm, spacing)
    closed = ndimage.distance_transform_edt(grown) * spacing > radius_mm
    inner = (slice(pad, -pad),) * 3
    return closed[inner] | mask


def crop_box(mask: np.ndarray, margin: int) -> tuple[slice, ...]:
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    return tuple(slice(max(0, s.start - margin), min(n, s.stop + margin)) for s, n in zip(box, mask.shape))


def outside_air(air: np.ndarray, padding: np.ndarray) -> np.ndarray:
    """Air connected, within its own axial slice, to the slice's border or to padding."""
    outside = np.zeros_like(air)
    for k in range(air.shape[0]):
        region, _ = ndimage.label(air[k] | padding[k])
        seeds = np.concatenate([region[0], region[-1], region[:, 0], region[:, -1], region[padding[k]]])
        outside[k] = np.isin(region, np.unique(seeds[seeds > 0]))
    return outside


def body_mask(smooth: np.ndarray, spacing: float) -> np.ndarray:
    """The patient without the table: opening breaks thin shells and their contact with the skin."""
    tissue = smooth > -300
    eroded = ndimage.distance_transform_edt(tissue) * spacing > 5.0
    region, n = ndimage.label(eroded)
    sizes = ndimage.sum_labels(eroded, region, range(1, n + 1))
    body = dilate(region == 1 + int(np.argmax(sizes)), 5.0, spacing)
    for k in range(body.shape[0]):
        body[k] = ndimage.binary_fill_holes(body[k])
    return body


def trachea_seed(air: np.ndarray, spacing: float) -> tuple[int, int, int] | None:
    """A round, trachea-sized hole near the middle, followed over 30 mm from the highest slice it is in."""
    depth = max(3, int(round(24 / spacing)))
    middle = air.shape[2] / 2
    for top in range(air.shape[0] - 1, air.shape[0] // 3, -1):
        region, n = ndimage.label(air[top])
        best = None
        for i in range(1, n + 1):
            area = (region == i).sum() * spacing**2
            if not 60 <= area <= 700:
                continue
            cy, cx = ndimage.center_of_mass(region == i)
            ys, xs = np.nonzero(region == i)
            extent = (np.ptp(ys) + 1) * (np.ptp(xs) + 1) * spacing**2
            if abs(cx - middle) * spacing > 45 or area / extent < 0.55:
                continue
            y, x = int(round(cy)), int(round(cx))
            column = air[max(0, top - depth) : top + 1, max(0, y - 3) : y + 4, max(0, x - 3) : x + 4]
            if column.any(axis=(1, 2)).all() and (best is None or abs(cx - middle) < best[0]):
                best = (abs(cx - middle), (top, y, x))
        if best:
            return best[1]
    return None


def airways(smooth: np.ndarray, air: np.ndarray, spacing: float) -> np.ndarray:
    """Trachea and main bronchi, wall excluded."""
    seed = trachea_seed(air, spacing)
    empty = np.zeros_like(air)
    if seed is None:
        return empty
    voxel_ml = spacing**3 / 1000
    previous, last = empty, 0.0
    for threshold in range(-985, -800, 10):
        mask = (smooth < threshold) & air
        region, _ = ndimage.label(mask)
        z, y, x = seed
        near = region[max(0, z - 2) : z + 3, max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]
        ids = np.unique(near[near > 0])
        if not len(ids):
            continue
        tree = np.isin(region, ids)
        volume = tree.sum() * voxel_ml
        if volume > 140 or (last > 15 and volume > 1.6 * last):
            break
        previous, last = tree, volume
    # The tree's own thin branches lie inside the lungs and belong to them.
    trunk = ndimage.binary_opening(np.pad(previous, 4, mode='edge'), ball(3.0, spacing))[4:-4, 4:-4, 4:-4]
    trunk &= previous
    region, n = ndimage.label(trunk)
    if n > 1:
        sizes = ndimage.sum_labels(trunk, region, range(1, n + 1))
        trunk = region == 1 + int(np.argmax(sizes))
    return dilate(trunk, 2.2, spacing)


def split_sides(lungs: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """(left, right): +x is the patient's left. Touching lungs are cut where they are thinnest."""
    depth = ndimage.distance_transform_edt(lungs) * spacing
    for erosion in (0.0, 2.0, 4.0, 6.0, 9.0, 12.0, 16.0):
        core, n = ndimage.label(depth > erosion)
        if n < 2:
            continue
        sizes = ndimage.sum_labels(np.ones_like(core), core, range(1, n + 1))
        order = np.argsort(sizes)[::-1][:2]
        if sizes[order[1]] > 0.25 * sizes[order[0]]:
            markers = np.zeros(lungs.shape, np.int32)
            for value, i in enumerate(order, start=1):
                markers[core == i + 1] = value
            if erosion > 0:
                cut = watershed(-depth, markers, mask=lungs)
            else:
                nearest = ndimage.distance_transform_edt(markers == 0, return_distances=False, return_indices=True)
                cut = np.where(lungs, markers[tuple(nearest)], 0)
            a, b = cut == 1, cut == 2
            if ndimage.center_of_mass(a)[2] < ndimage.center_of_mass(b)[2]:
                a, b = b, a
            return a, b
    raise ValueError('left and right lung could not be told apart')


def lung_labels(image: np.ndarray, spacing: float) -> np.ndarray:
    """HU [z, y, x] in LPS on an isotropic grid → 0 background, 1 left lung, 2 right lung (uint8)."""
    padding = image < PADDING_HU
    clipped = np.clip(image, -1024, 600)
    smooth = ndimage.gaussian_filter(clipped, 0.8 / spacing)
    low = (smooth < LUNG_HU) & ~padding
    air = low & ~outside_air(low, padding)
    region, n = ndimage.label(air)
    sizes = ndimage.sum_labels(air, region, range(1, n + 1))
    if n == 0 or sizes.max() * spacing**3 / 1000 < 300:
        return np.zeros(image.shape, np.uint8)
    inside = ndimage.mean(body_mask(smooth, spacing), region, range(1, n + 1)) > 0.5
    sizes[~inside] = 0
    if sizes.max() * spacing**3 / 1000 < 300:
        return np.zeros(image.shape, np.uint8)
    lungs = np.isin(region, 1 + np.flatnonzero(sizes >= 0.2 * sizes.max()))
    tube = airways(smooth, air, spacing)
    lungs &= ~tube
    region, n = ndimage.label(lungs)
    sizes = ndimage.sum_labels(lungs, region, range(1, n + 1))
    lungs = np.isin(region, 1 + np.flatnonzero(sizes >= 0.15 * sizes.max()))
    left, right = split_sides(lungs, spacing)
    label = np.zeros(image.shape, np.uint8)
    for value, side, other in ((1, left, right), (2, right, left)):
        box = crop_box(side, int(np.ceil(16 / spacing)))
        closed = close_ball(side[box], 8.0, spacing)
        closed = ndimage.binary_fill_holes(closed)
        closed &= ~tube[box] & ~other[box] & (label[box] == 0)
        region, n = ndimage.label(closed)
        closed = region == 1 + int(np.argmax(ndimage.sum_labels(closed, region, range(1, n + 1))))
        label[box][closed] = value
    return label
