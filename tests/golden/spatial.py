"""Golden volumes of the steps on the grid.

`nearest` is compared off its ties, where MONAI's answer hangs on rounding in float arithmetic.
"""

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import (
    CenterSpatialCrop,
    Compose,
    CropForeground,
    DivisiblePad,
    Flip,
    GaussianSmooth,
    Orientation,
    ResampleToMatch,
    Resize,
    ResizeWithPadOrCrop,
    Spacing,
    SpatialCrop,
    SpatialPad,
)

from arrays import AFFINES, RAS, affine_of, case, case_of, smooth, volume, write

rng = np.random.default_rng(20240608)


def orientation():
    cases = []
    for name, affine in AFFINES.items():
        for axcodes in ("RAS", "LPS", "SPL"):
            array = rng.integers(-1000, 1000, (5, 4, 3)).astype(np.int16)
            step = {"transform": "orientation", "axcodes": axcodes}
            transform = Orientation(axcodes=axcodes, labels=RAS)
            cases.append(case(f"{name} to {axcodes}", [(array, affine)], step, transform))
    write("orientation", cases)


def spacing():
    by_mode = {"bilinear": [], "nearest": []}
    shapes = [(9, 7, 5), (5, 11, 4)]
    targets = [(1.45, 1.45, 1.45), (3.1, 3.1, 3.1), (0.55, 0.62, 1.1), (0.73, 2.15, 4.9)]
    for name in ("axial", "coronal", "oblique"):
        for index, pixdim in enumerate(targets):
            for mode in ("bilinear", "nearest"):
                for padding in ("border", "zeros"):
                    if padding == "zeros" and index % 2:
                        continue
                    image = (smooth(rng, shapes[index % 2]), AFFINES[name])
                    step = {"transform": "spacing", "pixdim": pixdim, "mode": mode, "paddingMode": padding}
                    transform = Spacing(pixdim=pixdim, mode=mode, padding_mode=padding)
                    by_mode[mode].append(case(f"{name}, {pixdim} mm, {padding}", [image], step, transform))
    for mode, cases in by_mode.items():
        write(f"spacing-{mode}", cases)


def smoothed(image, sigma, border):
    """GaussianSmooth, which reads zeros beyond the image; `border` repeats its outermost voxels."""
    if border == "zeros":
        return GaussianSmooth(sigma=sigma)(image)
    width = 12
    padded = np.pad(image.numpy(), [(0, 0)] + [(width, width)] * 3, mode="edge")
    inner = (slice(None),) + (slice(width, -width),) * 3
    result = GaussianSmooth(sigma=sigma)(torch.from_numpy(padded))[inner]
    return MetaTensor(result.contiguous(), meta=image.meta)


def spacing_anti_aliasing():
    """MONAI's Spacing has none: its GaussianSmooth (sigma as its Resize chooses it), then Spacing."""
    cases = []
    for name, pixdim, mode, padding in (
        ("axial", (2.1, 1.9, 2.0), "bilinear", "border"),
        ("axial", (2.1, 1.9, 1.1), "bilinear", "zeros"),
        ("oblique", (0.5, 2.3, 4.1), "bilinear", "border"),
        ("coronal", (2.05, 0.9, 5.3), "nearest", "border"),
    ):
        array, affine = smooth(rng, (11, 9, 7), sigma=0.5, low=-1, high=3), AFFINES[name]
        old = np.linalg.norm(affine[:3, :3], axis=0)
        sigma = np.maximum((np.asarray(pixdim) / old - 1) / 2, 0).tolist()
        result = Spacing(pixdim=pixdim, mode=mode, padding_mode=padding)(
            smoothed(volume(array, affine), sigma, padding)
        )
        step = {"transform": "spacing", "pixdim": pixdim, "mode": mode, "paddingMode": padding, "antiAliasing": True}
        cases.append(case_of(f"{name}, {pixdim} mm, {mode}, {padding}", [(array, affine)], step, result))
    write("spacing-antiAliasing", cases)


def resample_to_match():
    """Channels of series with other grids, onto the first one's."""
    reference_affine = affine_of("LPS", (0.9, 0.9, 2.0), (12, -15, -6))
    cases = []
    for name, affine in {
        "coarser, the same axes": affine_of("LPS", (1.7, 1.6, 3.0), (13.3, -14.2, -7.1)),
        "other axes": affine_of("IPR", (1.5, 1.1, 0.8), (2, -14, 12)),
        "oblique": affine_of("LPS", (1.1, 1.0, 1.9), (14, -13, -7), (8, -11, 25)),
        "oblique, other axes": affine_of("SLA", (1.3, 1.2, 0.9), (13, -24, -8), (-14, 9, 17)),
        "far away": affine_of("LPS", (1.0, 1.0, 2.0), (60, -15, -6), (0, 0, 30)),
    }.items():
        first = (smooth(rng, (9, 8, 7)), reference_affine)
        second = (smooth(rng, (8, 9, 6)), affine)
        matched = ResampleToMatch()(volume(*second), volume(*first))
        both = MetaTensor(
            torch.cat([volume(*first).as_tensor(), matched.as_tensor()]), affine=torch.from_numpy(reference_affine)
        )
        cases.append(case_of(name, [first, second], [], both))
        steps = [
            {"transform": "orientation", "axcodes": "RAS"},
            {"transform": "spacing", "pixdim": (1.3, 1.2, 1.7)},
        ]
        result = Compose(
            [
                Orientation(axcodes="RAS", labels=RAS),
                Spacing(pixdim=(1.3, 1.2, 1.7), mode="bilinear", padding_mode="border"),
            ]
        )(both)
        cases.append(case_of(f"{name}, then spacing", [first, second], steps, result))
    write("resampleToMatch", cases)


def object_in(shape, low, high, background=0):
    """Smooth values inside a box, `background` outside."""
    array = np.full(shape, background, np.int16)
    box = tuple(slice(a, b) for a, b in zip(low, high))
    array[box] = smooth(rng, array[box].shape, low=1, high=900)
    return array


def crop_foreground():
    cases = []
    for name, options, select in (
        ("as it is", {}, None),
        ("margin, cut at the border", {"margin": (2, 3, 1)}, None),
        ("margin, padded", {"margin": (2, 3, 1), "allowSmaller": False}, None),
        ("padded with the edge", {"margin": (2, 3, 2), "allowSmaller": False, "mode": "edge"}, None),
        ("padded by reflection", {"margin": (1, 3, 2), "allowSmaller": False, "mode": "reflect"}, None),
        ("padded with a value", {"margin": (2, 3, 1), "allowSmaller": False, "value": -7.5}, None),
        ("a multiple of k", {"kDivisible": (4, 8, 5)}, None),
        ("a multiple of k, with a margin", {"kDivisible": (4, 4, 4), "margin": (1, 1, 1)}, None),
        ("above a value", {"selectAbove": 400}, lambda x: x > 400),
        ("above half of the maximum", {"selectAbove": 0.5, "relativeToMaximum": True}, lambda x: x > x.max() * 0.5),
    ):
        array = object_in((11, 10, 8), (2, 1, 3), (8, 9, 7))
        cases.append(foreground_case(name, [(array, AFFINES["oblique"])], options, select))
    pair = [
        (object_in((9, 8, 7), (1, 1, 1), (8, 7, 6)), AFFINES["axial"]),
        (object_in((9, 8, 7), (3, 2, 2), (6, 6, 5), background=-3), AFFINES["axial"]),
    ]
    cases.append(foreground_case("two channels, by the first", pair, {}, None, channel=0))
    options = {"sourceKey": "image-1", "margin": (1, 0, 1)}
    cases.append(foreground_case("two channels, by the second", pair, options, None, channel=1))
    write("cropForeground", cases)


def foreground_case(name, images, options, select, channel=0):
    value = {"value": options["value"]} if "value" in options else {}
    transform = CropForeground(
        **({"select_fn": select} if select else {}),
        channel_indices=[channel],
        margin=options.get("margin", 0),
        k_divisible=options.get("kDivisible", 1),
        allow_smaller=options.get("allowSmaller", True),
        mode=options.get("mode", "constant"),
        **value,
    )
    return case(name, images, {"transform": "cropForeground", **options}, transform)


SIZES = ((9, 8, 7), (6, 11, 5))


def crops_and_pads():
    targets = {"smaller": (4, 5, 3), "odd": (5, 3, 1), "larger": (12, 13, 10), "mixed": (4, 13, 5)}
    crop, pad, both = [], [], []
    for number, shape in enumerate(SIZES):
        affine = AFFINES[("axial", "double oblique")[number]]
        for name, size in targets.items():
            image = (smooth(rng, shape), affine)
            crop.append(
                case(f"{shape} to {name}", [image], {"transform": "centerSpatialCrop", "roiSize": size}, CenterSpatialCrop(size))
            )
            for method in ("symmetric", "end"):
                step = {"spatialSize": size, "method": method}
                pad.append(
                    case(f"{shape} to {name}, {method}", [image], {"transform": "spatialPad", **step}, SpatialPad(size, method=method))
                )
                both.append(
                    case(
                        f"{shape} to {name}, {method}",
                        [image],
                        {"transform": "resizeWithPadOrCrop", **step},
                        ResizeWithPadOrCrop(size, method=method),
                    )
                )
    image = (smooth(rng, (6, 5, 4)), AFFINES["axial"])
    for mode, value in (("edge", {}), ("reflect", {}), ("constant", {"value": -1024})):
        for transform, ours, cases in ((SpatialPad, "spatialPad", pad), (ResizeWithPadOrCrop, "resizeWithPadOrCrop", both)):
            step = {"transform": ours, "spatialSize": (9, 9, 7), "mode": mode, **value}
            cases.append(case(f"with {mode}", [image], step, transform((9, 9, 7), mode=mode, **value)))
    write("centerSpatialCrop", crop)
    write("spatialPad", pad)
    write("resizeWithPadOrCrop", both)

    divisible = []
    for k, method, mode in (((4, 4, 4), "symmetric", "constant"), ((5, 3, 8), "end", "edge"), ((9, 4, 1), "symmetric", "reflect")):
        image = (smooth(rng, SIZES[0]), AFFINES["coronal"])
        step = {"transform": "divisiblePad", "k": k, "method": method, "mode": mode}
        divisible.append(case(f"{k}, {method}, {mode}", [image], step, DivisiblePad(k, method=method, mode=mode)))
    write("divisiblePad", divisible)


def flips_and_boxes():
    """With a generator of their own: the arrays made after these stay what they were."""
    own = np.random.default_rng(20_261_122)
    flips, boxes = [], []
    for name in ("axial", "double oblique"):
        image = (own.normal(size=SIZES[0]).astype(np.float32), AFFINES[name])
        for axis in range(3):
            flips.append(case(f"{name}, axis {axis}", [image], {"transform": "flip", "spatialAxis": axis}, Flip(axis)))
        for start, end in (((1, 2, 0), (5, 8, 4)), ((0, 0, 3), (20, 3, 20))):
            step = {"transform": "spatialCrop", "roiStart": start, "roiEnd": end}
            boxes.append(case(f"{name}, {start} to {end}", [image], step, SpatialCrop(roi_start=start, roi_end=end)))
    write("flip", flips)
    write("spatialCrop", boxes)


def resize():
    for mode in ("bilinear", "nearest", "area"):
        cases = []
        for shape, size in (
            ((9, 8, 7), (4, 5, 3)),
            ((9, 8, 7), (13, 17, 9)),
            ((6, 11, 5), (9, 4, 5)),
            ((10, 7, 6), (3, 3, 12)),
            ((13, 12, 1), (5, 7, 1)),
        ):
            for smoothing in (False, True):
                if smoothing and mode == "nearest":
                    continue
                image = (smooth(rng, shape, low=-1, high=4), AFFINES["oblique"])
                step = {"transform": "resize", "spatialSize": size, "mode": mode, "antiAliasing": smoothing}
                transform = Resize(size, mode="trilinear" if mode == "bilinear" else mode, anti_aliasing=smoothing)
                name = f"{shape} to {size}" + (", anti-aliased" if smoothing else "")
                cases.append(case(name, [image], step, transform))
        write(f"resize-{mode}", cases)


def letterbox():
    """Resize's size_mode "longest", then SpatialPad; flat pictures as MONAI's two axes."""
    cases = []
    for shape, edge, mode, value in (
        ((17, 12), 10, "bilinear", 0),
        ((12, 17), 10, "area", -5),
        ((7, 11), 16, "bilinear", 0),
        ((9, 9), 12, "nearest", 1),
        ((10, 8, 5), 7, "bilinear", 0),
        ((6, 8, 5), 11, "area", 0),
    ):
        array = smooth(rng, shape, low=0, high=255)
        affine = AFFINES["axial"]
        names = {"bilinear": "bilinear" if len(shape) == 2 else "trilinear"}
        transform = Compose(
            [
                Resize(spatial_size=edge, size_mode="longest", mode=names.get(mode, mode)),
                SpatialPad([edge] * len(shape), value=value),
            ]
        )
        result = transform(volume(array, affine))
        size = (edge,) * len(shape) + (1,) * (3 - len(shape))
        if len(shape) == 2:
            array = array[..., None]
            flat = torch.eye(4, dtype=torch.float64)
            flat[:] = torch.from_numpy(affine)
            flat[:3, :2] = result.affine[:3, :2]
            flat[:3, 3] = result.affine[:3, -1]
            result = MetaTensor(result.as_tensor()[..., None], affine=flat)
        step = {"transform": "letterbox", "spatialSize": size, "mode": mode, "value": value}
        cases.append(case_of(f"{shape} to {edge}, {mode}", [(array, affine)], step, result))
    write("letterbox", cases)


def make():
    orientation()
    spacing()
    spacing_anti_aliasing()
    resample_to_match()
    crop_foreground()
    crops_and_pads()
    flips_and_boxes()
    resize()
    letterbox()
