"""Prints as JSON what pydicom reads in presentation states: FILE..."""

import json
import sys

import pydicom


def uids(items):
    return [
        {"instance": item.ReferencedSOPInstanceUID, "frames": frames(item)} for item in items
    ]


def frames(item):
    numbers = item.get("ReferencedFrameNumber", [])
    return [int(n) for n in numbers] if hasattr(numbers, "__iter__") else [int(numbers)]


def annotation(item):
    [text] = item.TextObjectSequence
    return {
        "images": uids(item.ReferencedImageSequence),
        "layer": item.GraphicLayer,
        "text": text.UnformattedTextValue,
        "tracking": text.TrackingUID,
        "lines": [
            {
                "units": graphic.GraphicAnnotationUnits,
                "type": graphic.GraphicType,
                "points": graphic.NumberOfGraphicPoints,
                "data": [float(value) for value in graphic.GraphicData],
            }
            for graphic in item.GraphicObjectSequence
        ],
    }


def state(path):
    dataset = pydicom.dcmread(path)
    return {
        "sopClass": dataset.SOPClassUID.name,
        "patient": str(dataset.PatientName),
        "description": dataset.StudyDescription,
        "manufacturer": dataset.Manufacturer,
        "images": uids(
            image
            for series in dataset.ReferencedSeriesSequence
            for image in series.ReferencedImageSequence
        ),
        "layers": [layer.GraphicLayer for layer in dataset.GraphicLayerSequence],
        "windows": [
            [float(item.WindowCenter), float(item.WindowWidth)]
            for item in dataset.get("SoftcopyVOILUTSequence", [])
        ],
        "annotations": [annotation(item) for item in dataset.GraphicAnnotationSequence],
    }


print(json.dumps([state(path) for path in sys.argv[1:]]))
