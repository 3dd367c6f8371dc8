"""Prints what highdicom and pydicom read in Segmentations, as JSON, and writes their pixels.

Usage: read_seg.py FOLDER..., each of which holds seg.dcm and slices.json (instance and frame of each
source slice). Writes into it highdicom.bin, what highdicom makes of the source slices, and
pydicom.bin, pydicom's own pixels laid out by their source images: a byte a voxel, the Segment
Number or 0, i fastest.
"""

import json
import sys
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom


def code_of(concept):
    return {"value": concept.value, "scheme": concept.scheme_designator, "meaning": concept.meaning}


def segment_of(seg, number):
    description = seg.get_segment_description(number)
    item = next(i for i in seg.SegmentSequence if i.SegmentNumber == number)
    modifiers = item.SegmentedPropertyTypeCodeSequence[0].get(
        "SegmentedPropertyTypeModifierCodeSequence", []
    )
    algorithm = description.algorithm_identification
    parameters = item.SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters
    return {
        "number": int(number),
        "label": description.segment_label,
        "trackingIdentifier": description.tracking_id,
        "id": description.tracking_uid,
        "category": code_of(description.segmented_property_category),
        "type": code_of(description.segmented_property_type),
        "modifier": modifiers[0].CodeValue if modifiers else None,
        "algorithm": [
            description.algorithm_type.value,
            algorithm.name,
            algorithm.version,
            algorithm.family.value,
            json.loads(parameters)["output"]["value"],
        ],
        "colour": [int(v) for v in item.RecommendedDisplayCIELabValue],
    }


def voxels_of_highdicom(seg, slices):
    options = {
        "combine_segments": True,
        "relabel": False,
        "skip_overlap_checks": False,
        "assert_missing_frames_are_empty": True,
        "segment_numbers": [int(n) for n in seg.segment_numbers],
    }
    if slices[0].get("frame"):
        return seg.get_pixels_by_source_frame(
            slices[0]["instance"], [each["frame"] for each in slices], **options
        )
    return seg.get_pixels_by_source_instance([each["instance"] for each in slices], **options)


def voxels_of_pydicom(dataset, slices):
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    at = {(each["instance"], each.get("frame")): k for k, each in enumerate(slices)}
    voxels = np.zeros((len(slices), dataset.Rows, dataset.Columns), np.uint8)
    for frame, groups in zip(pixels, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        image = groups.DerivationImageSequence[0].SourceImageSequence[0]
        number = image.get("ReferencedFrameNumber")
        k = at[(image.ReferencedSOPInstanceUID, None if number is None else int(number))]
        if dataset.SegmentationType == "LABELMAP":
            voxels[k] = frame
        else:
            segment = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            voxels[k][frame == 1] = segment
    return voxels


def read(folder):
    slices = json.loads((folder / "slices.json").read_text())
    dataset = pydicom.dcmread(folder / "seg.dcm")
    seg = hd.seg.segread(folder / "seg.dcm")
    voxels_of_highdicom(seg, slices).astype(np.uint8).tofile(folder / "highdicom.bin")
    voxels_of_pydicom(dataset, slices).tofile(folder / "pydicom.bin")
    background = [i for i in dataset.SegmentSequence if i.SegmentNumber == 0]
    groups = dataset.PerFrameFunctionalGroupsSequence
    volume = seg.get_volume(combine_segments=True, relabel=False) if "frame" not in slices[0] else None
    return {
        "sopClass": dataset.SOPClassUID,
        "type": seg.segmentation_type.value,
        "syntax": dataset.file_meta.TransferSyntaxUID,
        "charset": dataset.SpecificCharacterSet,
        "patient": str(dataset.PatientName),
        "modelHash": dataset.ContributingEquipmentSequence[0].DeviceSerialNumber,
        "frames": int(dataset.NumberOfFrames),
        "bits": [dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit],
        "padding": dataset.get("PixelPaddingValue"),
        "background": [i.SegmentedPropertyTypeCodeSequence[0].CodeValue for i in background],
        "dimensions": [i.DimensionIndexPointer for i in dataset.DimensionIndexSequence],
        "identified": sum("SegmentIdentificationSequence" in g for g in groups),
        "segments": [segment_of(seg, n) for n in seg.segment_numbers],
        "spacing": [float(s) for s in volume.spacing] if volume else None,
    }


if __name__ == "__main__":
    print(json.dumps([read(Path(argument)) for argument in sys.argv[1:]], default=str))
