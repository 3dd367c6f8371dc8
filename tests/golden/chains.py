"""Three whole chains: CT, multi-channel MR, X-ray; the first two with their network's windows and the
way back (Invertd) of its scores."""

import numpy as np
import torch
from monai.data import MetaTensor
from monai.inferers import sliding_window_inference
from monai.transforms import (
    Compose,
    CropForegroundd,
    DivisiblePadd,
    Invertd,
    NormalizeIntensity,
    NormalizeIntensityd,
    Orientationd,
    RepeatChannel,
    Resize,
    ResampleToMatch,
    ScaleIntensityRange,
    ScaleIntensityRanged,
    Spacingd,
    SpatialPad,
    SpatialPadd,
)
from pydicom import Dataset
from pydicom.pixels import apply_windowing
from scipy import ndimage

from arrays import AFFINES, RAS, affine_of, case_of, packed, smooth, volume, write
from inferers import network

rng = np.random.default_rng(20240611)


def score_fields(shape):
    """Scores that vary smoothly and differ between classes."""
    fields = [ndimage.gaussian_filter(rng.standard_normal(shape), 1.2) for _ in range(3)]
    return np.stack(fields).astype(np.float32)


def inverted(prepared, scores, transform):
    """Scores of [3, i, j, k] back onto the grid the image came from; their classes."""
    prepared["pred"] = MetaTensor(torch.from_numpy(scores), meta=prepared["image"].meta)
    back = Invertd(keys="pred", transform=transform, orig_keys="image", nearest_interp=False, to_tensor=True)(prepared)["pred"]
    return back.numpy().argmax(0).astype(np.uint8)


def ct():
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
        array = smooth(rng, (12, 11, 9), sigma=1.5)
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
        ours = [
            {"transform": "orientation", "axcodes": axcodes},
            {"transform": "spacing", "pixdim": pixdim},
        ]
        ours.insert(0 if scale_first else 2, scaling(-400, 500))
        title = f"{name} to {axcodes}, {pixdim} mm" + (", clipped before" if scale_first else "")
        scores = score_fields(data.shape[1:])
        cases.append(
            {
                **case_of(title, [(array, affine)], ours, data),
                "scores": [packed(s) for s in scores],
                "expectedLabels": packed(inverted(prepared, scores, spatial)),
            }
        )
    cases.append(ct_cropped())
    write("chain-ct", cases)


def scaling(a_min, a_max):
    return {"transform": "scaleIntensityRange", "aMin": a_min, "aMax": a_max, "bMin": 0, "bMax": 1, "clip": True}


def ct_cropped():
    """As for an abdomen: the air around the patient cut away, then whole blocks for the network."""
    affine = AFFINES["axial, feet first"]
    array = np.full((16, 15, 10), -1000, np.int16)
    array[3:13, 2:12, 1:9] = smooth(rng, (10, 10, 8), low=-150, high=300)
    transform = Compose(
        [
            Orientationd(keys="image", axcodes="RAS", labels=RAS),
            Spacingd(keys="image", pixdim=(1.1, 1.1, 1.6), mode="bilinear", padding_mode="border"),
            ScaleIntensityRanged(keys="image", a_min=-175, a_max=250, b_min=0.0, b_max=1.0, clip=True),
            CropForegroundd(keys="image", source_key="image", margin=1, allow_smaller=True),
            DivisiblePadd(keys="image", k=4),
        ]
    )
    prepared = transform({"image": volume(array, affine)})
    ours = [
        {"transform": "orientation", "axcodes": "RAS"},
        {"transform": "spacing", "pixdim": (1.1, 1.1, 1.6)},
        scaling(-175, 250),
        {"transform": "cropForeground", "margin": (1, 1, 1)},
        {"transform": "divisiblePad", "k": (4, 4, 4)},
    ]
    data = prepared["image"]
    scores = score_fields(data.shape[1:])
    return {
        **case_of("cropped to the patient, blocks of 4", [(array, affine)], ours, data),
        "scores": [packed(s) for s in scores],
        "expectedLabels": packed(inverted(prepared, scores, transform)),
    }


def mr():
    """Four sequences, the last with its own oblique grid; skull-stripped, so 0 is background."""
    shape, affine = (13, 12, 9), affine_of("LPS", (1.0, 1.0, 1.5), (6, -7, -5), (3, -4, 6))
    grid = np.indices(shape)
    radius = sum(((axis - (n - 1) / 2) / (n / 2.6)) ** 2 for axis, n in zip(grid, shape))
    images = []
    for number in range(4):
        if number < 3:
            array = np.where(radius < 1, smooth(rng, shape, low=50 * number + 1, high=900), 0)
            images.append((array.astype(np.int16), affine))
        else:
            other = affine_of("LPS", (1.4, 1.4, 2.1), (7, -8, -6), (-8, 5, 14))
            images.append((smooth(rng, (10, 9, 7), low=1, high=500), other))
    first = volume(*images[0])
    tensors = [ResampleToMatch()(volume(*image), first).as_tensor() for image in images]
    stacked = MetaTensor(torch.cat(tensors), affine=torch.from_numpy(affine))
    transform = Compose(
        [
            CropForegroundd(
                keys="image", source_key="image", channel_indices=[0], margin=1, allow_smaller=True
            ),
            NormalizeIntensityd(keys="image", nonzero=True, channel_wise=True),
            SpatialPadd(keys="image", spatial_size=(16, 8, 10)),
        ]
    )
    prepared = transform({"image": stacked})
    data = prepared["image"]
    window = {"roiSize": (8, 8, 6), "overlap": 0.5, "mode": "gaussian", "sigmaScale": 0.125, "paddingMode": "constant", "cval": 0}
    scores = sliding_window_inference(
        data.as_tensor()[None], window["roiSize"], sw_batch_size=1, predictor=network, overlap=0.5, mode="gaussian"
    )[0].numpy()
    ours = [
        {"transform": "cropForeground", "margin": (1, 1, 1)},
        {"transform": "normalizeIntensity", "nonzero": True},
        {"transform": "spatialPad", "spatialSize": (16, 8, 10)},
    ]
    write(
        "chain-mr",
        [
            {
                **case_of("four sequences", images, ours, data),
                "window": window,
                "scores": [packed(s) for s in scores],
                "expectedLabels": packed(inverted(prepared, scores, transform)),
            }
        ],
    )


def xray():
    """A film of one slice: its window, a square of the network's size, three channels, ImageNet's numbers."""
    affine = affine_of("LPS", (0.3, 0.3, 1.0), (0, 0, 0))
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    cases = []
    for name, shape, framing in (
        ("portrait, letterbox", (26, 33), "letterbox"),
        ("landscape, letterbox", (40, 27), "letterbox"),
        ("resized", (37, 29), "resize"),
    ):
        array = smooth(rng, shape, low=0, high=4095)
        dataset = Dataset()
        dataset.update({"PhotometricInterpretation": "MONOCHROME2"})
        dataset.BitsStored, dataset.PixelRepresentation = 12, 0
        dataset.WindowCenter, dataset.WindowWidth = 1900, 2600
        shown = volume(apply_windowing(array.astype(np.float64), dataset) / 4095, affine)
        if framing == "letterbox":
            fit = [Resize(spatial_size=20, size_mode="longest", mode="bilinear"), SpatialPad((20, 20))]
            step = {"transform": "letterbox", "spatialSize": (20, 20, 1)}
        else:
            fit = [Resize(spatial_size=(20, 20), mode="area")]
            step = {"transform": "resize", "spatialSize": (20, 20, 1), "mode": "area"}
        result = Compose([*fit, RepeatChannel(3), NormalizeIntensity(mean, deviation, channel_wise=True)])(shown)
        placed = torch.from_numpy(affine.copy())
        placed[:3, :2] = result.affine[:3, :2]
        placed[:3, 3] = result.affine[:3, -1]
        ours = [
            {"transform": "voiLut"},
            step,
            {"transform": "repeatChannel", "repeats": 3},
            {"transform": "normalizeIntensity", "subtrahend": mean, "divisor": deviation},
        ]
        facts = [{"voi": {"center": 1900, "width": 2600, "function": "LINEAR"}}]
        flat = MetaTensor(result.as_tensor()[..., None], affine=placed)
        cases.append(case_of(name, [(array[..., None], affine)], ours, flat, facts=facts))
    write("chain-xray", cases)


def make():
    ct()
    mr()
    xray()
