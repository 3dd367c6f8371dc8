"""Golden volumes of the steps on values. What MONAI lacks is from pydicom and plain arithmetic."""

import datetime
import os
import pathlib

import numpy as np
import pydicom
import torch
from monai.data import MetaTensor
from monai.transforms import (
    NormalizeIntensity,
    RepeatChannel,
    ScaleIntensity,
    ScaleIntensityRange,
    ScaleIntensityRangePercentiles,
    ThresholdIntensity,
)
from pydicom.pixels import apply_windowing

from arrays import AFFINES, case, case_of, smooth, volume, write

rng = np.random.default_rng(20240609)
AXIAL = AFFINES["axial"]


def hounsfield(shape=(7, 6, 5)):
    return rng.integers(-2048, 3071, shape).astype(np.int16)


def only(transform, channel):
    """A transform on one channel of several, as MONAI's dictionary transforms do it by `keys`."""

    def apply(image):
        channels = [transform(c[None]) if n == channel else c[None] for n, c in enumerate(image)]
        return MetaTensor(torch.cat([c.as_tensor() for c in channels]), meta=image.meta)

    return apply


def each(transform):
    """A transform on each channel by itself."""

    def apply(image):
        return MetaTensor(torch.cat([transform(c[None]).as_tensor() for c in image]), meta=image.meta)

    return apply


def scale_intensity_range():
    cases = []
    for name, (a_min, a_max, b_min, b_max, clip) in {
        "lung window, clipped": (-1000, 400, 0.0, 1.0, True),
        "lung window": (-1000, 400, 0.0, 1.0, False),
        "to -1…1": (-175, 250, -1.0, 1.0, True),
        "turned over": (-500, 500, 1.0, -1.0, False),
        "an empty range": (100, 100, 0.0, 1.0, True),
    }.items():
        step = {"transform": "scaleIntensityRange", "aMin": a_min, "aMax": a_max, "bMin": b_min, "bMax": b_max, "clip": clip}
        transform = ScaleIntensityRange(a_min=a_min, a_max=a_max, b_min=b_min, b_max=b_max, clip=clip)
        cases.append(case(name, [(hounsfield(), AXIAL)], step, transform))
    pair = [(hounsfield(), AXIAL), (hounsfield(), AXIAL)]
    step = {"transform": "scaleIntensityRange", "aMin": 0, "aMax": 100, "bMin": 0, "bMax": 1, "keys": ["image-1"]}
    cases.append(case("one channel of two", pair, step, only(ScaleIntensityRange(0, 100, 0, 1), 1)))
    write("scaleIntensityRange", cases)


def percentiles():
    cases = []
    for lower, upper, b_min, b_max, clip in (
        (0, 100, 0, 1, False),
        (1, 99, 0, 1, True),
        (0, 99.9, 0, 255, True),
        (5.5, 62.25, -1, 1, False),
    ):
        step = {
            "transform": "scaleIntensityRangePercentiles",
            "lower": lower,
            "upper": upper,
            "bMin": b_min,
            "bMax": b_max,
            "clip": clip,
        }
        transform = ScaleIntensityRangePercentiles(lower, upper, b_min, b_max, clip=clip, channel_wise=True)
        images = [(hounsfield(), AXIAL), (hounsfield() // 5, AXIAL)]
        cases.append(case(f"{lower} to {upper} %", images, step, transform))
    write("scaleIntensityRangePercentiles", cases)


def scale_intensity():
    flat = np.full((4, 3, 2), 7, np.int16)
    cases = [
        case("0 to 1", [(hounsfield(), AXIAL), (hounsfield() // 9, AXIAL)], {"transform": "scaleIntensity"}, each(ScaleIntensity())),
        case(
            "-1 to 3",
            [(hounsfield(), AXIAL)],
            {"transform": "scaleIntensity", "minv": -1, "maxv": 3},
            ScaleIntensity(minv=-1, maxv=3),
        ),
        case("all the same", [(flat, AXIAL)], {"transform": "scaleIntensity", "minv": 0.5}, ScaleIntensity(minv=0.5)),
    ]
    write("scaleIntensity", cases)


def with_background(shape=(7, 6, 5), scale=1):
    array = smooth(rng, shape, low=0, high=1500)
    return np.where(array > 500, array // scale, 0).astype(np.int16)


def normalize_intensity():
    cases = []
    for nonzero in (False, True):
        for channel_wise in (False, True):
            for given in ({}, {"subtrahend": [300, 20], "divisor": [150, 7]}, {"subtrahend": [300, 20]}):
                if given and not channel_wise:
                    continue
                images = [(with_background(), AXIAL), (with_background(scale=7), AXIAL)]
                step = {"transform": "normalizeIntensity", "nonzero": nonzero, "channelWise": channel_wise, **given}
                transform = NormalizeIntensity(nonzero=nonzero, channel_wise=channel_wise, **given)
                name = ("nonzero" if nonzero else "all") + (", by channel" if channel_wise else ", together")
                cases.append(case(name + "".join(f", {key}" for key in given), images, step, transform))
    images = [(with_background(), AXIAL), (with_background(), AXIAL)]
    step = {"transform": "normalizeIntensity", "subtrahend": 100, "divisor": 40}
    cases.append(case("one number for all", images, step, NormalizeIntensity(subtrahend=100, divisor=40)))
    step = {"transform": "normalizeIntensity", "nonzero": True, "keys": ["image-0"]}
    cases.append(case("one channel of two", images, step, only(NormalizeIntensity(nonzero=True, channel_wise=True), 0)))
    flat = [(np.full((4, 3, 2), 7, np.int16), AXIAL), (np.zeros((4, 3, 2), np.int16), AXIAL)]
    step = {"transform": "normalizeIntensity", "nonzero": True}
    cases.append(case("all the same", flat, step, NormalizeIntensity(nonzero=True, channel_wise=True)))
    write("normalizeIntensity", cases)


def threshold_intensity():
    cases = []
    for above in (True, False):
        for threshold, cval in ((0, 0), (-500, -1024), (300.5, 1)):
            step = {"transform": "thresholdIntensity", "threshold": threshold, "above": above, "cval": cval}
            transform = ThresholdIntensity(threshold=threshold, above=above, cval=cval)
            name = f"{'above' if above else 'below'} {threshold}"
            cases.append(case(name, [(hounsfield(), AXIAL)], step, transform))
    write("thresholdIntensity", cases)


def repeat_channel():
    step = {"transform": "repeatChannel", "repeats": 3}
    pair = [(hounsfield((4, 3, 2)), AXIAL), (hounsfield((4, 3, 2)), AXIAL)]
    write("repeatChannel", [case("one", pair[:1], step, RepeatChannel(3)), case("two", pair, step, RepeatChannel(3))])


def voi_lut():
    """pydicom writes a window onto the stored range, 0 … 4095 here: divided by it, 0 … 1."""
    cases = []
    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        for center, width in ((2048, 4096), (600, 400), (1800.5, 1), (300, 901)):
            array = rng.integers(0, 4096, (9, 8, 1)).astype(np.int16)
            array[0, :6, 0] = [center - width // 2, center - 1, center, center + 1, center + width // 2, 4095]
            dataset = pydicom.Dataset()
            dataset.PhotometricInterpretation = "MONOCHROME2"
            dataset.BitsStored = 12
            dataset.PixelRepresentation = 0
            dataset.WindowCenter = center
            dataset.WindowWidth = width
            dataset.VOILUTFunction = function
            shown = apply_windowing(array.astype(np.float64), dataset) / 4095
            result = volume(shown, AXIAL)
            facts = [{"voi": {"center": center, "width": width, "function": function}}]
            name = f"{function}, {center} ± {width}"
            cases.append(case_of(name, [(array, AXIAL)], {"transform": "voiLut"}, result, facts=facts))
    write("voiLut", cases)


def moment(date, time):
    whole, _, part = time.partition(".")
    at = datetime.datetime.strptime(date + whole, "%Y%m%d%H%M%S")
    return at + datetime.timedelta(seconds=float("0." + (part or "0")))


def suv_factor(weight, dose, half_life, start, scan):
    """Surviving activity from the decay constant."""
    elapsed = (scan - start).total_seconds()
    surviving = dose * np.exp(-np.log(2) / half_life * elapsed)
    return weight * 1000 / surviving


def suvbw():
    values = rng.integers(0, 30000, (6, 5, 4)).astype(np.int16)
    factors = {
        "18F, an hour": suv_factor(
            72.5, 3.7e8, 6586.2, datetime.datetime(2024, 3, 1, 9), datetime.datetime(2024, 3, 1, 10, 2, 30)
        ),
        "68Ga, past midnight": suv_factor(
            61, 1.5e8, 4062.6, datetime.datetime(2024, 2, 29, 23, 20), datetime.datetime(2024, 3, 1, 0, 20)
        ),
    }
    cases = []
    for name, factor in factors.items():
        result = volume(values.astype(np.float64) * factor, AXIAL)
        facts = [{"suvbwFactor": {"ok": True, "value": factor}}]
        cases.append(case_of(name, [(values, AXIAL)], {"transform": "suvbw"}, result, facts=facts))
    write("suvbw", cases)

    data = pathlib.Path(os.environ.get("SECOND_READER_DATA", pathlib.Path(__file__).parents[3] / "shared/data"))
    series = sorted((data / "dicom/chest_petct_acrin_nsclc/pet_ac").glob("*.dcm"))
    if not series:
        print("suvbwFactor: no PET series here; the file stays as it is")
        return
    header = pydicom.dcmread(series[0], stop_before_pixels=True)
    dose = header.RadiopharmaceuticalInformationSequence[0]
    factor = suv_factor(
        float(header.PatientWeight),
        float(dose.RadionuclideTotalDose),
        float(dose.RadionuclideHalfLife),
        moment(header.SeriesDate, dose.RadiopharmaceuticalStartTime),
        moment(header.SeriesDate, header.SeriesTime),
    )
    write("suvbwFactor", [{"name": "chest_petct_acrin_nsclc/pet_ac", "factor": factor}])


def make():
    scale_intensity_range()
    percentiles()
    scale_intensity()
    normalize_intensity()
    threshold_intensity()
    repeat_channel()
    voi_lut()
    suvbw()
