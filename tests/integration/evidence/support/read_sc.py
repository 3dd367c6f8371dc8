"""Prints as JSON what pydicom and highdicom read in Secondary Captures: FILE..., and after a file
its pixels at "frame,column,row"."""

import json
import sys

import highdicom as hd
import numpy as np
import pydicom


def told(path, places):
    dataset = pydicom.dcmread(path)
    frames = int(dataset.NumberOfFrames)
    pixels = dataset.pixel_array.reshape(frames, dataset.Rows, dataset.Columns, 3)
    by_highdicom = hd.imread(path).get_frames().reshape(pixels.shape)
    return {
        "patient": str(dataset.PatientName),
        "frames": frames,
        "rows": dataset.Rows,
        "columns": dataset.Columns,
        "photometric": dataset.PhotometricInterpretation,
        "burnedIn": dataset.BurnedInAnnotation,
        "conversion": dataset.ConversionType,
        "derivation": dataset.DerivationDescription,
        "sources": [item.ReferencedSOPInstanceUID for item in dataset.SourceImageSequence],
        "same": bool(np.array_equal(pixels, by_highdicom)),
        "places": [
            [int(sample) for sample in pixels[frame, row, column]]
            for frame, column, row in places
        ],
    }


files = []
for argument in sys.argv[1:]:
    if "," in argument:
        files[-1][1].append(tuple(map(int, argument.split(","))))
    else:
        files.append((argument, []))
print(json.dumps([told(*each) for each in files]))
