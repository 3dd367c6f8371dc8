"""Prints what highdicom and pydicom read in a Key Object Selection, as JSON.

Usage: read_ko.py FILE
"""

import json
import sys

import pydicom
from highdicom.ko import KeyObjectSelection
from highdicom.ko.sop import KeyObjectSelectionDocument
from pydicom.dataset import Dataset


def selection_of(dataset):
    """The content tree alone, as highdicom's template of it wants it."""
    root = Dataset()
    for keyword in (
        "ValueType",
        "ConceptNameCodeSequence",
        "ContinuityOfContent",
        "ContentTemplateSequence",
        "ContentSequence",
    ):
        setattr(root, keyword, getattr(dataset, keyword))
    return KeyObjectSelection.from_sequence([root])


def reference_of(item):
    referenced = item.ReferencedSOPSequence[0]
    frames = referenced.get("ReferencedFrameNumber", [])
    return {
        "type": item.ValueType,
        "instance": referenced.ReferencedSOPInstanceUID,
        "frames": [int(f) for f in frames] if hasattr(frames, "__iter__") else [int(frames)],
    }


def main(path):
    dataset = pydicom.dcmread(path)
    document = KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(path))
    selection = selection_of(dataset)
    references = [reference_of(item) for item in selection.get_references()]
    resolved = all(
        document.resolve_reference(each["instance"])[0] == dataset.StudyInstanceUID
        for each in references
    )
    texts = [i.TextValue for i in dataset.ContentSequence
             if i.ValueType == "TEXT"
             and i.ConceptNameCodeSequence[0].CodeValue == "113012"]
    print(json.dumps({
        "patient": str(dataset.PatientName),
        "charset": dataset.SpecificCharacterSet,
        "title": dataset.ConceptNameCodeSequence[0].CodeValue,
        "description": texts[0],
        "observers": [c.observer_type.meaning for c in selection.get_observer_contexts()],
        "references": references,
        "resolved": resolved,
    }))


if __name__ == "__main__":
    main(sys.argv[1])
