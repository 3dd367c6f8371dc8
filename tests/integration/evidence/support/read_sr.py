"""Prints what highdicom and pydicom read in Comprehensive 3D SRs of TID 1500, as JSON.

Usage: read_sr.py FILE...; one object a file, by its path.
"""

import json
import sys

import pydicom
from highdicom.sr import srread
from pydicom.sr.coding import Code

CERTAINTY = Code("111012", "DCM", "Certainty of Finding")


def code_of(concept):
    return [concept.value, concept.scheme_designator, concept.meaning]


def name_of(item):
    names = item.get("ConceptNameCodeSequence")
    return names[0].CodeMeaning if names else ""


def place_of(item):
    """Of an item that says where: its value type, its name, and its coordinates or reference."""
    if item.ValueType in ("SCOORD", "SCOORD3D"):
        data = [float(value) for value in item.GraphicData]
        return [item.ValueType, name_of(item), item.GraphicType, data]
    return [item.ValueType, name_of(item), item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID]


def raw_groups(dataset):
    for item in dataset.ContentSequence:
        if name_of(item) == "Imaging Measurements":
            yield from item.ContentSequence


def raw_group(group):
    """What pydicom reads in a group and highdicom has no words for."""
    places = ("SCOORD", "SCOORD3D", "IMAGE", "COMPOSITE")
    return {
        "template": group.ContentTemplateSequence[0].TemplateIdentifier,
        "places": [place_of(i) for i in group.ContentSequence if i.ValueType in places],
        "texts": {name_of(i): i.TextValue for i in group.ContentSequence if i.ValueType == "TEXT"
                  and i.RelationshipType == "CONTAINS"},
    }


def group_of(group, raw):
    numbers = [m for m in group.get_measurements() if m.name != CERTAINTY]
    return {
        "trackingUID": group.tracking_uid,
        "trackingIdentifier": group.tracking_identifier,
        "finding": code_of(group.finding_type),
        "category": code_of(group.finding_category) if group.finding_category else None,
        "certainty": [m.value for m in group.get_measurements(name=CERTAINTY)],
        "measurements": [[code_of(m.name), m.value, code_of(m.unit)] for m in numbers],
        "evaluations": {e.name.meaning: e.value.meaning for e in group.get_qualitative_evaluations()},
        **raw,
    }


def image_library(dataset):
    library = next(i for i in dataset.ContentSequence if name_of(i) == "Image Library")
    group = library.ContentSequence[0]
    images = [i for i in group.ContentSequence if i.ValueType == "IMAGE"]
    return {
        "descriptors": [name_of(i) for i in group.ContentSequence if i.ValueType != "IMAGE"],
        "positions": [
            [float(n.MeasuredValueSequence[0].NumericValue) for n in i.get("ContentSequence", [])]
            for i in images
        ],
    }


def read(path):
    dataset = pydicom.dcmread(path)
    report = srread(path)
    content = report.content
    groups = (
        content.get_planar_roi_measurement_groups()
        + content.get_volumetric_roi_measurement_groups()
        + content.get_image_measurement_groups()
    )
    raw = [raw_group(group) for group in raw_groups(dataset)]
    by_template = {
        "1410": content.get_planar_roi_measurement_groups(),
        "1411": content.get_volumetric_roi_measurement_groups(),
        "1501": content.get_image_measurement_groups(),
    }
    return {
        "patient": str(dataset.PatientName),
        "title": dataset.ConceptNameCodeSequence[0].CodeMeaning,
        "completion": report.CompletionFlag,
        "verification": report.VerificationFlag,
        "observers": [c.observer_type.meaning for c in content.get_observer_contexts()],
        "authors": [o.ObserverType for o in dataset.AuthorObserverSequence],
        "evidence": [
            i.ReferencedSOPInstanceUID
            for study in report.CurrentRequestedProcedureEvidenceSequence
            for series in study.ReferencedSeriesSequence
            for i in series.ReferencedSOPSequence
        ],
        "predecessors": [
            i.ReferencedSOPInstanceUID
            for study in dataset.get("PredecessorDocumentsSequence", [])
            for series in study.ReferencedSeriesSequence
            for i in series.ReferencedSOPSequence
        ],
        "library": image_library(dataset),
        "groups": [
            group_of(group, part)
            for template, found in by_template.items()
            for group, part in zip(found, [r for r in raw if r["template"] == template])
        ],
        "rawGroups": len(raw),
        "readGroups": len(groups),
    }


if __name__ == "__main__":
    print(json.dumps({path: read(path) for path in sys.argv[1:]}))
