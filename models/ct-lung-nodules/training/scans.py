"""The scans nodules are put into: reading, the lungs in them, what must not be learnt from, the cache.

Reading and the lungs' outline are ct-lungs' own (`../../ct-lungs/training`). Arrays are [z, y, x] in
patient axes LPS; places are millimetres (z, y, x) from the centre of the first voxel.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import ndimage

sys.path.append(str(Path(__file__).resolve().parents[2] / 'ct-lungs' / 'training'))
import data as lungs  # noqa: E402
from data import Case, Volume, read_case, read_nifti, resample  # noqa: E402
from labels import lung_labels  # noqa: E402

# model.json repeats these three.
SPACING = 1.5
HU_MIN, HU_MAX = -1024.0, 400.0
# Stored distances to the lung's border: quarter millimetres in a byte.
DISTANCE_STEP = 0.25

REAL_CASES = [c for c in lungs.REAL_CASES if c.name in ('nlst', 'acrin', 'cptac')]
# Lesions and what looks like one in the patients' own lungs, by eye: (z, y, x, radius) mm. They are
# neither nodules nor their absence: nothing is learnt there, no detection there is counted.
SEEN_LESIONS: dict[str, list[tuple[float, float, float, float]]] = {
    # At the left apex, against the spine.
    'nlst': [(252, 164, 156, 12)],
    # A nodule in the right upper lobe; the mass in the right hilum.
    'acrin': [(239, 199, 162, 14), (225, 225, 205, 32)],
    # The tumour.
    'cptac': [(96, 95, 62, 18)],
}


@dataclass
class Nodule:
    """Centre (z, y, x) in mm, diameter of the sphere of the same volume in mm, what it is."""

    centre: np.ndarray
    diameter: float
    texture: str = 'solid'
    attachment: str = 'isolated'


@dataclass
class Scan:
    """One scan on an isotropic grid of `SPACING`."""

    name: str
    patient: str
    image: np.ndarray  # int16 HU
    lung: np.ndarray  # bool
    ignore: np.ndarray  # bool
    distance: np.ndarray  # uint8, from inside the lung to its border, DISTANCE_STEP mm
    slice_spacing: float
    nodules: list[Nodule] = field(default_factory=list)
    noise: float = 20.0
    lung_voxels: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), int))
    vessel_voxels: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), int))


def phantom_cases(folder: Path) -> list[Case]:
    return lungs.phantom_cases(folder)


def phantom_nodules(image_path: Path) -> list[Nodule]:
    """The phantom's own nodules, from the truth that `generate.ts` writes beside it."""
    stem = image_path.name[: -len('.image.nii.gz')]
    truth = json.loads(image_path.with_name(f'{stem}.json').read_text(encoding='utf-8'))['truth']
    origin = np.array(truth['geometry']['origin'])
    if truth['geometry']['direction'] != [[1, 0, 0], [0, 1, 0], [0, 0, 1]]:
        raise ValueError(f'{stem}: an axial grid along L, P and S is needed')
    return [
        Nodule((np.array(n['centre']) - origin)[::-1].copy(), n['diameter'], 'solid', n['kind']) for n in truth['nodules']
    ]


def ignored(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Where nothing is known for certain, on the working grid."""
    mask = np.zeros(shape, bool)
    for *centre, radius in SEEN_LESIONS.get(name, []):
        axes = np.ogrid[tuple(slice(0, n) for n in shape)]
        mask |= sum((a * SPACING - c) ** 2 for a, c in zip(axes, centre)) <= radius**2
    return mask


def lung_of(root: Path, case: Case, volume: Volume, image: np.ndarray) -> np.ndarray:
    """Both lungs on the working grid: the classical pipeline's, or the phantom's truth."""
    if case.label == 'pipeline':
        return lung_labels(image, SPACING) > 0
    truth = read_nifti(root / case.label)
    inside = np.isin(truth.voxels, [v for values in case.label_values for v in values])
    return resample(inside.astype(np.float32), truth.spacing, SPACING) >= 0.5


def prepare(root: Path, case: Case, cache: Path) -> Scan:
    """The scan from `<cache>/<name>.npz`, which is written first if it is not there."""
    target = cache / f'{case.name}.npz'
    if not target.exists():
        volume = read_case(root, case)
        image = resample(volume.voxels, volume.spacing, SPACING)
        lung = lung_of(root, case, volume, image)
        distance = ndimage.distance_transform_edt(lung) * SPACING / DISTANCE_STEP
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(
            target,
            image=np.clip(np.round(image), -32768, 32767).astype(np.int16),
            lung=lung,
            distance=np.minimum(distance, 255).astype(np.uint8),
            slice_spacing=volume.spacing[0],
        )
        print(f'{case.name}: {image.shape}, lungs {lung.sum() * SPACING**3 / 1000:.0f} mL', flush=True)
    stored = np.load(target)
    scan = Scan(
        case.name,
        case.patient,
        stored['image'],
        stored['lung'],
        ignored(case.name, stored['image'].shape),
        stored['distance'],
        float(stored['slice_spacing']),
        phantom_nodules(Path(case.path)) if case.patient == 'phantom' else [],
    )
    return with_places(scan)


def with_places(scan: Scan) -> Scan:
    """Noise in the lung, and lists of voxels in parenchyma and in vessels that nodules are placed by."""
    smooth = ndimage.gaussian_filter(scan.image.astype(np.float32), 1.0)
    parenchyma = scan.lung & (smooth < -700) & (scan.distance > 3 / DISTANCE_STEP)
    residual = (scan.image - smooth)[parenchyma]
    # The residual of white noise under a Gaussian of one voxel keeps about 0.95 of its deviation.
    scan.noise = float(1.4826 * np.median(np.abs(residual - np.median(residual))) / 0.95)
    free = scan.lung & ~scan.ignore
    scan.lung_voxels = np.argwhere(free)[::7].astype(np.int16)
    vessel = free & (smooth > -550) & (scan.distance > 5 / DISTANCE_STEP)
    scan.vessel_voxels = np.argwhere(vessel)[::2].astype(np.int16)
    return scan
