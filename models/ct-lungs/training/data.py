"""Reading CT, bringing it onto one grid, and the cases the recipe is trained and judged on.

Every array is indexed [z, y, x] in patient axes LPS: x grows to the patient's Left, y to Posterior,
z to Superior. Spacing is (z, y, x) in millimetres. Nothing here is written back to the data folder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

# A little finer than the network's grid: labels are drawn here and augmentation samples from here.
WORK_SPACING = 1.5
# What the network sees (model.json repeats these three).
NETWORK_SPACING = 4.0
HU_MIN, HU_MAX = -1024.0, 600.0


@dataclass(frozen=True)
class Case:
    """One scan. `patient` groups scans for leave-one-patient-out; phantoms are always trained on."""

    name: str
    patient: str
    path: str
    kind: str = 'dicom'
    # 'pipeline' draws labels with labels.py; a path points at a label map (see `label_values`).
    label: str = 'pipeline'
    # label map values of (left lung, right lung)
    label_values: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


REAL_CASES = [
    Case('nlst', '101287', 'dicom/chest_ct_nlst'),
    Case('acrin', 'ACRIN-NSCLC-FDG-PET-042', 'dicom/chest_petct_acrin_nsclc/ct'),
    Case('cptac', 'C3N-00247', 'dicom/chest_ct_cptac_lscc'),
    # TotalSegmentator's classes 10, 11 are the left lung's lobes, 12, 13, 14 the right lung's.
    Case(
        'totalseg',
        'totalsegmentator-example',
        'nifti/totalsegmentator_ct/example_ct.nii.gz',
        kind='nifti',
        label='nifti/totalsegmentator_ct/example_seg_fast_force_split.nii.gz',
        label_values=((10, 11), (12, 13, 14)),
    ),
    # Pelvis: no lung in it, every label must stay empty.
    Case(
        'abdomen',
        'totalsegmentator-dicom',
        'dicom/abdomen_ct_totalsegmentator_j2k',
        label='nifti/totalsegmentator_ct/example_seg_dicom.nii.gz',
        label_values=((10, 11), (12, 13, 14)),
    ),
]


def phantom_cases(folder: Path) -> list[Case]:
    """What `cli/src/phantom/generate.ts` writes: `<stem>.image.nii.gz` and `<stem>.label.nii.gz`."""
    cases = []
    for image in sorted(folder.absolute().glob('*.image.nii.gz')):
        stem = image.name[: -len('.image.nii.gz')]
        truth = image.with_name(f'{stem}.label.nii.gz')
        cases.append(Case(stem, 'phantom', str(image), kind='nifti', label=str(truth), label_values=((1,), (2,))))
    return cases


@dataclass
class Volume:
    """HU (or labels) [z, y, x] in LPS axes, spacing (z, y, x) in mm, centre of voxel 0 as (z, y, x) mm."""

    voxels: np.ndarray
    spacing: np.ndarray
    origin: np.ndarray


def read_dicom(folder: Path) -> Volume:
    """An axial series, slices sorted along the normal; refuses oblique, tilted or uneven stacks."""
    import pydicom

    slices = [pydicom.dcmread(p) for p in sorted(folder.glob('*.dcm'))]
    if not slices:
        raise ValueError(f'no .dcm file in {folder}')
    orientation = np.array(slices[0].ImageOrientationPatient, float).reshape(2, 3)
    if not np.allclose(np.abs(orientation), [[1, 0, 0], [0, 1, 0]], atol=1e-3):
        raise ValueError(f'axial slices only, ImageOrientationPatient is {orientation.ravel().tolist()}')
    slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
    z = np.array([float(s.ImagePositionPatient[2]) for s in slices])
    step = np.diff(z)
    if step.min() <= 0 or np.ptp(step) > 0.02 * step.mean():
        raise ValueError(f'slice spacing from {step.min():.3f} to {step.max():.3f} mm')
    voxels = np.stack(
        [s.pixel_array.astype(np.float32) * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices]
    )
    origin = np.array(slices[0].ImagePositionPatient, float)[::-1].copy()
    spacing = np.array([step.mean(), *map(float, slices[0].PixelSpacing)])
    for axis, sign in ((2, orientation[0, 0]), (1, orientation[1, 1])):
        if sign < 0:
            voxels = np.flip(voxels, axis)
            origin[axis] -= spacing[axis] * (voxels.shape[axis] - 1)
    return Volume(np.ascontiguousarray(voxels), spacing, origin)


def read_nifti(path: Path) -> Volume:
    """NIfTI is RAS+; the two in-plane axes are turned to LPS. Axis-aligned images only."""
    import nibabel as nib

    image = nib.as_closest_canonical(nib.load(path))
    affine = image.affine
    spacing = np.sqrt((affine[:3, :3] ** 2).sum(0))
    if not np.allclose(affine[:3, :3], np.diag(spacing), atol=1e-2):
        raise ValueError(f'axis-aligned images only: {path.name}')
    voxels = np.asarray(image.dataobj)[::-1, ::-1].transpose(2, 1, 0)
    far = affine[:3, 3] + spacing * (np.array(image.shape[:3]) - 1)
    origin = np.array([affine[2, 3], -far[1], -far[0]])
    return Volume(np.ascontiguousarray(voxels, np.float32), spacing[::-1].copy(), origin)


def read_case(root: Path, case: Case) -> Volume:
    path = root / case.path
    return read_dicom(path) if case.kind == 'dicom' else read_nifti(path)


def grid_shape(shape: tuple[int, ...], spacing: np.ndarray, pixdim: float) -> list[int]:
    """Samples that fit between the first and the last voxel centre (MONAI Spacing, rounded)."""
    return [int(np.round((n - 1) * s / pixdim)) + 1 for n, s in zip(shape, spacing)]


def resample(voxels: np.ndarray, spacing: np.ndarray, pixdim: float, order: int = 1) -> np.ndarray:
    """Point samples at 0, pixdim, 2·pixdim … mm from the first voxel centre; edges are repeated."""
    shape = grid_shape(voxels.shape, spacing, pixdim)
    return ndimage.affine_transform(
        voxels, np.full(3, pixdim) / spacing, output_shape=shape, order=order, mode='nearest', prefilter=False
    )


def soften(mask: np.ndarray, spacing: float) -> np.ndarray:
    """Share of a network voxel's neighbourhood that the mask covers: a border falls on 0.5."""
    return ndimage.gaussian_filter(mask.astype(np.float32), 0.35 * NETWORK_SPACING / spacing)


def prepare(root: Path, case: Case, cache: Path) -> Path:
    """Writes `<cache>/<name>.npz`: `image` int16 HU and `label` uint8 (0, 1 left, 2 right) at 1.5 mm."""
    from labels import lung_labels

    target = cache / f'{case.name}.npz'
    if target.exists():
        return target
    volume = read_case(root, case)
    image = resample(volume.voxels, volume.spacing, WORK_SPACING)
    if case.label == 'pipeline':
        label = lung_labels(image, WORK_SPACING)
    else:
        truth = read_nifti(root / case.label)
        if not np.allclose(truth.origin, volume.origin, atol=0.1) or truth.voxels.shape != volume.voxels.shape:
            raise ValueError(f'{case.name}: label map and image lie on different grids')
        label = np.zeros(image.shape, np.uint8)
        for value, sources in enumerate(case.label_values, start=1):
            share = resample(np.isin(truth.voxels, sources).astype(np.float32), truth.spacing, WORK_SPACING)
            label[share >= 0.5] = value
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(target, image=np.clip(np.round(image), -32768, 32767).astype(np.int16), label=label)
    meta = {str(i): float((label == i).sum() * WORK_SPACING**3 / 1000) for i in (1, 2)}
    print(f'{case.name}: {image.shape}, left {meta["1"]:.0f} mL, right {meta["2"]:.0f} mL', flush=True)
    (cache / f'{case.name}.json').write_text(json.dumps(meta))
    return target
