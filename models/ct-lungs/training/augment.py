"""Random training samples: geometry, scanner, patient and pathology are varied, in this order.

A sample is cut from the 1.5 mm cache by one affine and elastic sampling grid, so that the network sees
each scan at 4 mm once interpolated, as it will when it is used. All randomness comes from the
generator that is passed in.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from data import HU_MAX, HU_MIN, NETWORK_SPACING, WORK_SPACING, soften

# Window sizes (z, y, x), smaller than the one that is used: the network is convolutional.
WINDOWS = ((48, 64, 80), (48, 80, 80), (64, 64, 80))
# Value of "no scan here"; the pipeline pads with the same (cval 0 after scaling).
OUTSIDE_HU = HU_MIN


class Scan:
    """One cached case, its labels as the share of each lung (uint8, 255 = all) around each voxel."""

    def __init__(self, path: str) -> None:
        stored = np.load(path)
        label = stored['label']
        self.image = stored['image']
        self.share = np.stack([np.round(soften(label == i, WORK_SPACING) * 255).astype(np.uint8) for i in (1, 2)])
        inside = np.argwhere(label[::4, ::4, ::4] > 0) * 4
        self.box = (inside.min(0), inside.max(0)) if len(inside) else None


def rotation(angles: np.ndarray) -> np.ndarray:
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles), np.cos(angles)
    rz = np.array([[1, 0, 0], [0, cz, -sz], [0, sz, cz]])
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rx = np.array([[cx, -sx, 0], [sx, cx, 0], [0, 0, 1]])
    return rz @ ry @ rx


def smooth_field(rng: np.random.Generator, shape: tuple[int, ...], knots: int, channels: int = 1) -> torch.Tensor:
    """[channels, *shape] of unit-variance noise at `knots` points an axis, interpolated between them."""
    coarse = torch.from_numpy(rng.standard_normal((1, channels, knots, knots, knots)).astype(np.float32))
    return F.interpolate(coarse, size=shape, mode='trilinear', align_corners=True)[0]


def sample(scan: Scan, shape: tuple[int, int, int], rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """→ image [1, D, H, W] scaled, target [3, D, H, W] shares, weight [D, H, W] (0 where nothing was scanned)."""
    size = np.array(scan.image.shape)
    if scan.box is not None and rng.random() < 0.85:
        centre = rng.uniform(*scan.box)
        centre = 0.5 * centre + 0.5 * (scan.box[0] + scan.box[1]) / 2
    else:
        centre = rng.uniform(0.15, 0.85, 3) * size
    angles = np.radians(rng.uniform(-1, 1, 3) * (15, 10, 10))[[2, 1, 0]] * (rng.random() < 0.8)
    scale = rng.uniform(0.8, 1.25) * rng.uniform(0.9, 1.1, 3)
    step = NETWORK_SPACING / WORK_SPACING * scale
    axes = [torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in shape]
    grid = torch.stack(torch.meshgrid(*axes, indexing='ij'), -1)
    matrix = torch.from_numpy((rotation(angles) * step[None, :]).astype(np.float32))
    points = grid @ matrix.T + torch.from_numpy(centre.astype(np.float32))
    if rng.random() < 0.7:
        bend = smooth_field(rng, shape, int(rng.integers(4, 7)), 3)
        points += bend.permute(1, 2, 3, 0) * float(rng.uniform(1, 5))
    low = np.clip(np.floor(points.amin((0, 1, 2)).numpy()).astype(int) - 1, 0, size - 2)
    high = np.clip(np.ceil(points.amax((0, 1, 2)).numpy()).astype(int) + 2, low + 2, size)
    box = tuple(slice(a, b) for a, b in zip(low, high))
    block = np.concatenate([scan.image[None][(slice(None), *box)], scan.share[(slice(None), *box)]]).astype(np.float32)
    extent = torch.tensor((high - low - 1).astype(np.float32))
    unit = (points - torch.from_numpy(low.astype(np.float32))) / extent * 2 - 1
    block[0] = np.clip(block[0], -3100, 3100)
    drawn = F.grid_sample(torch.from_numpy(block)[None], unit.flip(-1)[None], align_corners=True, padding_mode='border')[0]
    hu, share = drawn[0], drawn[1:] / 255
    weight = ((points >= -0.5) & (points <= torch.from_numpy(size.astype(np.float32)) - 0.5)).all(-1).float()
    hu = patient(hu, share, rng)
    hu, share, weight = scanner(hu, share, weight, rng)
    hu = torch.where(weight > 0, hu, torch.full_like(hu, OUTSIDE_HU))
    share = share * weight
    image = (hu.clamp(HU_MIN, HU_MAX) - HU_MIN) / (HU_MAX - HU_MIN)
    target = torch.cat([(1 - share.sum(0, keepdim=True)).clamp(min=0), share])
    return image[None], target, weight


def ellipsoid(rng: np.random.Generator, shape: tuple[int, ...], centre: np.ndarray, low: float, high: float) -> torch.Tensor:
    """Soft-edged, radii in voxels."""
    radii = rng.uniform(low, high) * rng.uniform(0.6, 1.6, 3)
    parts = [((torch.arange(n) - float(c)) / float(r)) ** 2 for n, c, r in zip(shape, centre, radii)]
    distance = (parts[0][:, None, None] + parts[1][None, :, None] + parts[2][None, None, :]).sqrt()
    return ((1 - distance) * float(radii.mean()) + 0.5).clamp(0, 1)


def any_voxel(mask: torch.Tensor, rng: np.random.Generator) -> np.ndarray | None:
    coarse = mask[::3, ::3, ::3].nonzero()
    return coarse[int(rng.integers(len(coarse)))].numpy() * 3.0 if len(coarse) else None


def patient(hu: torch.Tensor, share: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Density of the lungs, opacities in them, contrast medium, gas elsewhere."""
    lung = share.sum(0)
    shape = tuple(hu.shape)
    if rng.random() < 0.75:
        # From emphysema as dark as the air around the patient to oedema.
        shift = float(rng.uniform(-160, 140))
        hu = hu + lung * (smooth_field(rng, shape, 4)[0] * float(rng.uniform(0, 80)) + shift)
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 5))):
            centre = any_voxel(lung > 0.9, rng)
            if centre is not None:
                blob = ellipsoid(rng, shape, centre, 1.5, 9) * lung
                hu = hu * (1 - blob) + blob * float(rng.uniform(-350, 60))
    if rng.random() < 0.5:
        hu = torch.where(hu > 0, hu * float(rng.uniform(0.6, 1.7)), hu)
    near = F.max_pool3d(lung[None, None], 3, 1, 1)[0, 0]
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 6))):
            centre = any_voxel((hu > -200) & (near < 0.01), rng)
            if centre is not None:
                blob = ellipsoid(rng, shape, centre, 1.5, 10) * (near < 0.01)
                gas = -1000 if rng.random() < 0.7 else float(rng.uniform(-1000, -500))
                hu = hu * (1 - blob) + blob * gas
    if rng.random() < 0.4:
        hu = table(hu, near, rng)
    return hu


def table(hu: torch.Tensor, near: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """A hollow shell along z, drawn where there is air outside the lungs (a couch, a cushion)."""
    depth, rows, columns = hu.shape
    top = int(rng.integers(rows // 3, rows - 4))
    bottom = min(rows, top + int(rng.integers(4, 24)))
    left = int(rng.integers(0, columns // 3))
    right = int(rng.integers(2 * columns // 3, columns + 1))
    wall = int(rng.integers(1, 3))
    free = (hu < -850) & (near < 0.01)
    shell = torch.zeros(rows, columns, dtype=torch.bool)
    shell[top:bottom, left:right] = True
    core = shell.clone()
    core[top + wall : bottom - wall, left + wall : right - wall] = False
    hu = torch.where(free & shell[None], torch.full_like(hu, float(rng.uniform(-1010, -880))), hu)
    return torch.where(free & (shell & core)[None], torch.full_like(hu, float(rng.uniform(-500, 300))), hu)


def scanner(
    hu: torch.Tensor, share: torch.Tensor, weight: torch.Tensor, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Calibration, noise, thick slices, a narrow field of view, a short scan."""
    hu = hu.clamp(HU_MIN, 3100)
    if rng.random() < 0.5:
        hu = (hu + 1000) * float(rng.uniform(0.96, 1.04)) - 1000 + float(rng.normal(0, 12))
    if rng.random() < 0.3:
        kernel = torch.tensor([0.25, 0.5, 0.25]).view(1, 1, 3, 1, 1)
        hu = F.conv3d(F.pad(hu[None, None], (0, 0, 0, 0, 1, 1), mode='replicate'), kernel)[0, 0]
    if rng.random() < 0.6:
        noise = torch.from_numpy(rng.standard_normal(hu.shape, dtype=np.float32))
        hu = hu + noise * float(rng.uniform(5, 90)) * (1 if rng.random() < 0.5 else (hu > -950).float())
    if rng.random() < 0.3:
        depth, rows, columns = hu.shape
        radius = rng.uniform(34, 60)
        cy, cx = rows / 2 + rng.uniform(-10, 10), columns / 2 + rng.uniform(-10, 10)
        y, x = torch.meshgrid(torch.arange(rows) - cy, torch.arange(columns) - cx, indexing='ij')
        keep = ((y * y + x * x) < radius**2).float()[None]
        hu = torch.where(keep > 0, hu, torch.full_like(hu, OUTSIDE_HU))
        share = share * keep
    if rng.random() < 0.35:
        depth = hu.shape[0]
        cut = int(rng.integers(4, depth // 2))
        weight = weight.clone()
        if rng.random() < 0.5:
            weight[:cut] = 0
        else:
            weight[-cut:] = 0
    return hu, share, weight
