"""Prints as JSON what pydicom and highdicom read in Parametric Maps: FILE VALUES, the values as
32-bit little-endian floats, i fastest, of each map."""

import json
import sys

import highdicom as hd
import numpy as np
import pydicom


def code(item):
    return [item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning]


def told(path, values):
    dataset = pydicom.dcmread(path)
    image = hd.imread(path)
    meant = np.fromfile(values, "<f4").reshape(
        int(dataset.NumberOfFrames), dataset.Rows, dataset.Columns
    )
    by_pydicom = dataset.pixel_array.reshape(meant.shape)
    # By frames, real world values applied.
    by_highdicom = image.get_frames(apply_real_world_transform=True, dtype=np.float64)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    mapping = shared.RealWorldValueMappingSequence[0]
    volume = image.get_volume_geometry()
    groups = dataset.PerFrameFunctionalGroupsSequence
    finite = np.isfinite(meant)
    return {
        "patient": str(dataset.PatientName),
        "dtype": str(dataset.pixel_array.dtype),
        "sameByPydicom": bool(np.array_equal(by_pydicom, meant, equal_nan=True)),
        "sameByHighdicom": bool(np.array_equal(by_highdicom[finite], meant[finite].astype(float))),
        "padding": dataset.get("FloatPixelPaddingValue"),
        "nanByHighdicom": int(np.isnan(by_highdicom).sum()),
        "unit": code(mapping.MeasurementUnitsCodeSequence[0]),
        "quantity": code(mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0]),
        "range": [
            mapping.DoubleFloatRealWorldValueFirstValueMapped,
            mapping.DoubleFloatRealWorldValueLastValueMapped,
        ],
        "positions": [
            [float(x) for x in group.PlanePositionSequence[0].ImagePositionPatient]
            for group in groups
        ],
        "spacing": [float(x) for x in volume.spacing] if volume else None,
        "sources": [
            [
                source.ReferencedSOPInstanceUID
                for derivation in group.get("DerivationImageSequence", [])
                for source in derivation.SourceImageSequence
            ]
            for group in groups
        ],
    }


pairs = sys.argv[1:]
print(json.dumps([told(*pairs[at : at + 2]) for at in range(0, len(pairs), 2)]))
