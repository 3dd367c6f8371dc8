"""Reads a SEG and an SR with pydicom and highdicom and compares them with what was meant.

Usage: check.py FOLDER..., each of which holds seg.dcm, sr.dcm, labels.bin (the label map, one byte
a voxel, i fastest) and expected.json, or of a result without segments sr.dcm and expected.json. Prints one line a folder, or one a difference; exits with 1
when there is any.
"""

import json
import sys
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from highdicom.sr import srread
from pydicom.sr.coding import Code

differences = []


def same(what, met, meant):
    if met != meant:
        differences.append(f"{what}: met {met!r}, meant {meant!r}")


def near(what, met, meant, tolerance=1e-6):
    if not np.allclose(met, meant, atol=tolerance, rtol=0):
        differences.append(f"{what}: met {met!r}, meant {meant!r}")


def code_of(concept):
    return {"value": concept.value, "scheme": concept.scheme_designator, "meaning": concept.meaning}


def check_general(name, dataset, expected):
    for keyword, meant in expected["patientAndStudy"].items():
        same(f"{name} {keyword}", str(dataset.get(keyword, "")), meant)
    same(f"{name} charset", dataset.SpecificCharacterSet, "ISO_IR 192")
    equipment = dataset.ContributingEquipmentSequence[0]
    same(f"{name} model hash", equipment.DeviceSerialNumber, expected["sha256"])
    same(f"{name} model version", equipment.SoftwareVersions, expected["modelVersion"])


def check_segments(seg, labels, expected):
    same("number of segments", seg.number_of_segments, len(expected["findings"]))
    slices = expected["slices"]
    for number, finding in enumerate(expected["findings"], start=1):
        description = seg.get_segment_description(number)
        same("segment label", description.segment_label, finding["label"])
        same("tracking id", description.tracking_id, finding["trackingIdentifier"])
        same("tracking uid", description.tracking_uid, finding["id"])
        same("category", code_of(description.segmented_property_category), finding["category"])
        same("type", code_of(description.segmented_property_type), finding["type"])
        modifiers = description.SegmentedPropertyTypeCodeSequence[0].get(
            "SegmentedPropertyTypeModifierCodeSequence", []
        )
        if finding.get("modifier"):
            same("modifier", modifiers[0].CodeValue, finding["modifier"]["value"])
        algorithm = description.algorithm_identification
        same("algorithm type", description.algorithm_type.value, "AUTOMATIC")
        same("algorithm name", algorithm.name, expected["modelName"])
        same("algorithm version", algorithm.version, expected["modelVersion"])
        same("algorithm family", algorithm.family.value, "123110")
        meant = labels == finding["value"]
        if expected["multiFrame"]:
            pixels = seg.get_pixels_by_source_frame(
                slices[0]["instance"],
                [each["frame"] for each in slices],
                segment_numbers=[number],
                assert_missing_frames_are_empty=True,
            )
        else:
            pixels = seg.get_pixels_by_source_instance(
                [each["instance"] for each in slices],
                segment_numbers=[number],
                assert_missing_frames_are_empty=True,
            )
        same(f"pixels of segment {number}", bool((pixels[..., 0] == meant).all()), True)


def check_geometry(seg, labels, expected):
    volume = seg.get_volume(combine_segments=True, relabel=False)
    origin = np.array(expected["origin"])
    spacing = np.array(expected["spacing"])
    direction = np.array(expected["direction"])
    affine = np.array(volume.affine)
    # A volume of highdicom is indexed slice, row, column.
    near("row and column steps", affine[:3, 2], direction[0] * spacing[0])
    near("row steps", affine[:3, 1], direction[1] * spacing[1])
    steps = direction[2] * spacing[2]
    shown = np.flatnonzero(labels.any(axis=(1, 2)))
    first = shown[0] if shown.size else len(labels) // 2
    # It counts slices so that the axes are right-handed, which may be from the other end.
    if np.dot(affine[:3, 0], steps) < 0:
        first = shown[-1] if shown.size else first
        steps = -steps
    near("slice steps", affine[:3, 0], steps, 1e-4)
    near("first position", affine[:3, 3], origin + first * direction[2] * spacing[2], 1e-3)


def meaning(item):
    concept = item.get("ConceptNameCodeSequence")
    return concept[0].CodeMeaning if concept else ""


def properties_of_review(raw, tracking_uid):
    measurements = next(i for i in raw.ContentSequence if meaning(i) == "Imaging Measurements")
    for group in measurements.ContentSequence:
        items = {meaning(item): item for item in group.ContentSequence}
        if items["Tracking Unique Identifier"].UID == tracking_uid:
            review = items["AI finding review"]
            return {meaning(item): item for item in review.get("ContentSequence", [])}
    return {}


def check_report(sr, raw, seg, expected):
    same("completion", sr.CompletionFlag, expected["completion"])
    same("verification", sr.VerificationFlag, expected["verification"])
    verifying = sr.get("VerifyingObserverSequence", [])
    same("verifying observers", [str(o.VerifyingObserverName) for o in verifying], expected["verifying"])
    content = sr.content
    groups = content.get_volumetric_roi_measurement_groups()
    same("number of groups", len(groups), len(expected["findings"]))
    contexts = content.get_observer_contexts()
    kinds = [context.observer_type.meaning for context in contexts]
    same("observers", kinds, ["Device"] + ["Person"] * len(expected["reviewers"]))
    for group, finding in zip(groups, expected["findings"]):
        same("group tracking uid", group.tracking_uid, finding["id"])
        same("group tracking id", group.tracking_identifier, finding["trackingIdentifier"])
        same("group finding", code_of(group.finding_type), finding["type"])
        same("finding category", code_of(group.finding_category), finding["category"])
        if finding.get("modifier") and finding["category"]["value"] == "123037004":
            site = group.finding_sites[0]
            same("finding site", code_of(site.value), finding["type"])
            same("laterality", code_of(site.laterality), finding["modifier"])
        segment = group.referenced_segment
        same("segment instance", segment.referenced_sop_instance_uid, seg.SOPInstanceUID)
        number = segment.referenced_segment_numbers[0]
        same("segment uid", seg.get_segment_description(number).tracking_uid, finding["id"])
        same("source series", segment.source_series_for_segmentation.value, expected["series"])
        measurements = group.get_measurements()
        same("measurements", len(measurements), len(finding["measurements"]))
        for measurement, meant in zip(measurements, finding["measurements"]):
            same("concept", code_of(measurement.name), meant["concept"])
            same("unit", code_of(measurement.unit), meant["unit"])
            near("value", measurement.value, meant["value"])
            if meant.get("derivation"):
                same("derivation", code_of(measurement.derivation), meant["derivation"])
        evaluations = group.get_qualitative_evaluations(
            name=Code("review", "99SECONDREADER", "AI finding review")
        )
        same("evaluations", len(evaluations), 1)
        same("verdict", evaluations[0].value.value, finding["verdict"])
        # highdicom's evaluations have no properties; pydicom has them.
        parts = properties_of_review(raw, finding["id"])
        review = finding.get("review")
        reviewer = parts.get("Person Observer Name")
        same("reviewer", str(reviewer.PersonName) if reviewer else None, review and review["reviewer"])
        comment = parts.get("Comment")
        same("comment", comment.TextValue if comment else None, (review or {}).get("comment"))


def ellipsoid_of(group):
    """The frame of reference, the middle and the edges of the box of a group's ellipsoid."""
    surface = group.roi
    ends = np.asarray(surface.graphic_data).reshape(3, 2, 3)
    edges = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    return surface.frame_of_reference_uid, ends.mean(axis=(0, 1)), edges


def check_report_alone(folder, expected):
    """Of a result without segments: groups with a surface, groups of the series, or none."""
    sr = srread(folder / "sr.dcm")
    content = sr.content
    groups = (
        content.get_volumetric_roi_measurement_groups()
        if expected["kind"] == "detection"
        else content.get_image_measurement_groups()
    )
    same("number of groups", len(groups), len(expected["findings"]))
    for group, finding in zip(groups, expected["findings"]):
        same("group tracking uid", group.tracking_uid, finding["id"])
        same("group tracking id", group.tracking_identifier, finding["trackingIdentifier"])
        same("group finding", code_of(group.finding_type), finding["type"])
        if finding.get("size"):
            frame, middle, edges = ellipsoid_of(group)
            same("frame of reference", frame, expected["frameOfReference"])
            near("middle", middle, finding["centre"], 1e-3)
            near("edges", edges, finding["size"], 1e-3)
        certainty = Code("111012", "DCM", "Certainty of Finding")
        stated = [m.value for m in group.get_measurements(name=certainty)]
        near("certainty", stated, [finding["certainty"]] if "certainty" in finding else [], 1e-2)
        others = [m for m in group.get_measurements() if m.name != certainty]
        same("measurements", len(others), len(finding["measurements"]))
        for measurement, meant in zip(others, finding["measurements"]):
            same("concept", code_of(measurement.name), meant["concept"])
            same("unit", code_of(measurement.unit), meant["unit"])
            near("value", measurement.value, meant["value"])
        evaluations = group.get_qualitative_evaluations(
            name=Code("review", "99SECONDREADER", "AI finding review")
        )
        same("verdict", [e.value.value for e in evaluations], [finding["verdict"]])


def check(folder):
    expected = json.loads((folder / "expected.json").read_text())
    if not (folder / "seg.dcm").exists():
        check_report_alone(folder, expected)
        return
    columns, rows, depth = expected["dimensions"]
    labels = np.fromfile(folder / "labels.bin", dtype=np.uint8).reshape(depth, rows, columns)
    seg = hd.seg.segread(folder / "seg.dcm")
    sr = srread(folder / "sr.dcm")
    for name in ("seg.dcm", "sr.dcm"):
        check_general(name, pydicom.dcmread(folder / name), expected)
    check_segments(seg, labels, expected)
    if not expected["multiFrame"]:
        check_geometry(seg, labels, expected)
    check_report(sr, pydicom.dcmread(folder / "sr.dcm"), seg, expected)


def main(folders):
    failed = False
    for folder in folders:
        differences.clear()
        check(folder)
        failed = failed or bool(differences)
        for line in differences or ["as meant"]:
            print(f"{folder.name}: {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
