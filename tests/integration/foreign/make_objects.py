"""Objects as another program writes them (highdicom), and what they hold as that program reads it.

make_objects.py make FOLDER     writes images and objects of every kind, and truth.json beside them
make_objects.py frames FILE...  prints, for each segmentation, how many pixels each frame sets
"""

import json
import sys
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from highdicom.spatial import ImageToReferenceTransformer
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

ROWS, COLUMNS, SLICES = 20, 28, 6
# Turned about two axes, so that nothing is right by chance.
ROW = np.array([0.96, 0.28, 0.0])
COLUMN = np.array([-0.168, 0.576, 0.8])
NORMAL = np.cross(ROW, COLUMN)
ORIGIN = np.array([-12.5, -40.25, 101.0])
SPACING = (1.5, 0.75)  # between rows, between columns
GAP = 2.0


def uid(*parts: str) -> str:
    return generate_uid(prefix="1.2.826.0.1.3680043.8.498.", entropy_srcs=["foreign", *parts])


def image(k: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = uid("image", str(k))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ct = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ct.SpecificCharacterSet = "ISO_IR 192"
    ct.SOPClassUID, ct.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    ct.StudyInstanceUID, ct.SeriesInstanceUID = uid("study"), uid("series")
    ct.FrameOfReferenceUID = uid("frame of reference")
    ct.PatientName, ct.PatientID, ct.PatientSex = "Phantom^Oblique", "F-1", "O"
    ct.PatientBirthDate = "19700101"
    ct.StudyDate, ct.StudyTime, ct.StudyID, ct.AccessionNumber = "20260301", "101500", "1", "A-1"
    ct.ReferringPhysicianName, ct.PositionReferenceIndicator = "", ""
    ct.SeriesNumber, ct.InstanceNumber, ct.Modality = 1, k + 1, "CT"
    ct.Manufacturer, ct.ManufacturerModelName = "Scanner", "One"
    ct.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ct.Rows, ct.Columns, ct.PixelSpacing, ct.SliceThickness = ROWS, COLUMNS, list(SPACING), GAP
    ct.ImageOrientationPatient = [float(v) for v in (*ROW, *COLUMN)]
    ct.ImagePositionPatient = [float(v) for v in ORIGIN + k * GAP * NORMAL]
    ct.SamplesPerPixel, ct.PhotometricInterpretation = 1, "MONOCHROME2"
    ct.BitsAllocated, ct.BitsStored, ct.HighBit, ct.PixelRepresentation = 16, 16, 15, 1
    ct.RescaleSlope, ct.RescaleIntercept = 1, -1024
    ct.PixelData = np.full((ROWS, COLUMNS), k, np.int16).tobytes()
    return ct


def common(name: str, number: int) -> dict:
    return {
        "series_instance_uid": uid("series of", name),
        "series_number": number,
        "sop_instance_uid": uid("object", name),
        "instance_number": 1,
        "manufacturer": "Vendor AI",
    }


def device(name: str, number: int) -> dict:
    return {
        **common(name, number),
        "manufacturer_model_name": "Nodule Server",
        "software_versions": "4.2",
        "device_serial_number": "S-1",
    }


ALGORITHM = hd.AlgorithmIdentificationSequence(
    name="NoduleNet", family=codes.DCM.ArtificialIntelligence, version="2.1", source="Vendor AI"
)
NODULE = codes.SCT.Nodule
ABNORMAL = codes.SCT.MorphologicallyAbnormalStructure


def describe(number: int, label: str, tracked: bool = True) -> hd.seg.SegmentDescription:
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=ABNORMAL,
        segmented_property_type=NODULE,
        algorithm_type="AUTOMATIC",
        algorithm_identification=ALGORITHM,
        tracking_uid=uid("segment", label) if tracked else None,
        tracking_id=label if tracked else None,
        anatomic_regions=[codes.SCT.Lung],
    )


def ball(centre, radius: float, shape=(SLICES, ROWS, COLUMNS)) -> np.ndarray:
    k, j, i = np.indices(shape)
    return (
        ((i - centre[0]) * SPACING[1]) ** 2
        + ((j - centre[1]) * SPACING[0]) ** 2
        + ((k - centre[2]) * GAP) ** 2
    ) <= radius**2


def counts(mask: np.ndarray) -> list:
    return [int(plane.sum()) for plane in mask]


def segmentations(images, out: Path, truth: dict) -> hd.seg.Segmentation:
    first, second = ball((9, 8, 2), 3.2), ball((18, 11, 3), 4.1)
    third = ball((11, 9, 2), 3.0)  # overlaps the first
    apart = np.stack([first, second & ~first], -1).astype(np.uint8)
    overlapping = np.stack([first, second & ~first, third], -1).astype(np.uint8)
    fractions = np.stack([np.where(first, 0.5, 0.0) + np.where(second, 0.3, 0.0)], -1)
    two = [describe(1, "First"), describe(2, "Second")]
    binary = hd.seg.Segmentation(images, apart, "BINARY", two, **device("binary", 10))
    labels = (apart[..., 0] + 2 * apart[..., 1]).astype(np.uint8)
    written = {
        "binary": (binary, apart),
        "labelmap": (
            hd.seg.Segmentation(images, labels, "LABELMAP", two, **device("labelmap", 11)),
            apart,
        ),
        "labelmap_rle": (
            hd.seg.Segmentation(
                images, labels, "LABELMAP", two, transfer_syntax_uid=RLELossless,
                **device("labelmap rle", 12),
            ),
            apart,
        ),
        "labelmap_jpegls": (
            hd.seg.Segmentation(
                images, labels, "LABELMAP", two, transfer_syntax_uid=JPEGLSLossless,
                **device("labelmap jpegls", 13),
            ),
            apart,
        ),
        "overlapping": (
            hd.seg.Segmentation(
                images, overlapping, "BINARY", [*two, describe(3, "Third", tracked=False)],
                **device("overlapping", 14),
            ),
            overlapping,
        ),
        "fractional": (
            hd.seg.Segmentation(
                images, fractions, "FRACTIONAL", [describe(1, "First")], max_fractional_value=200,
                **device("fractional", 15),
            ),
            (fractions >= 0.5).astype(np.uint8),
        ),
    }
    numbers = np.array([300, 40000], np.uint16)
    wide = (apart @ numbers).astype(np.uint16)
    many = [describe(300, "First"), describe(40000, "Second")]
    written["labelmap_wide"] = (
        hd.seg.Segmentation(images, wide, "LABELMAP", many, **device("labelmap wide", 16)),
        apart,
    )
    for name, (segmentation, masks) in written.items():
        segmentation.save_as(out / f"seg_{name}.dcm")
        truth[f"seg_{name}"] = [counts(masks[..., s]) for s in range(masks.shape[-1])]

    # A part of the matrix, from column 5 and row 3 on, on slices 1 to 4.
    part = hd.seg.Segmentation(
        images,
        apart[1:5, 3:17, 5:25],
        "BINARY",
        two,
        plane_positions=[
            hd.PlanePositionSequence(
                "PATIENT", ORIGIN + k * GAP * NORMAL + 5 * SPACING[1] * ROW + 3 * SPACING[0] * COLUMN
            )
            for k in range(1, 5)
        ],
        pixel_measures=hd.PixelMeasuresSequence(SPACING, GAP, GAP),
        **device("part", 17),
    )
    part.save_as(out / "seg_part.dcm")
    inside = np.zeros_like(apart)
    inside[1:5, 3:17, 5:25] = apart[1:5, 3:17, 5:25]
    truth["seg_part"] = [counts(inside[..., s]) for s in range(2)]

    # The same voxels with rows and slices in the opposite order: whole voxels, another orientation.
    flipped = hd.seg.Segmentation(
        images,
        apart[::-1, ::-1],
        "BINARY",
        two,
        plane_positions=[
            hd.PlanePositionSequence(
                "PATIENT", ORIGIN + k * GAP * NORMAL + (ROWS - 1) * SPACING[0] * COLUMN
            )
            for k in reversed(range(SLICES))
        ],
        plane_orientation=hd.PlaneOrientationSequence("PATIENT", [*ROW, *(-COLUMN)]),
        **device("flipped", 18),
    )
    flipped.save_as(out / "seg_flipped.dcm")
    truth["seg_flipped"] = truth["seg_binary"]

    # Axial, of cubes of 1.25 mm: the nearest one of them counts for each voxel of the images.
    step, shape = 1.25, (30, 34, 36)
    corner = ORIGIN + np.array([-8.0, -6.0, -5.0])
    cubes = np.zeros(shape, np.uint8)
    cubes[8:22, 10:25, 9:27] = 1
    axial = hd.seg.Segmentation(
        images,
        cubes,
        "BINARY",
        [describe(1, "Cubes")],
        pixel_measures=hd.PixelMeasuresSequence((step, step), step, step),
        plane_orientation=hd.PlaneOrientationSequence("PATIENT", [1, 0, 0, 0, 1, 0]),
        plane_positions=[
            hd.PlanePositionSequence("PATIENT", corner + [0, 0, k * step]) for k in range(shape[0])
        ],
        **device("axial", 19),
    )
    axial.save_as(out / "seg_axial.dcm")
    k, j, i = np.indices((SLICES, ROWS, COLUMNS)).reshape(3, -1)
    places = (
        ORIGIN
        + np.outer(i * SPACING[1], ROW)
        + np.outer(j * SPACING[0], COLUMN)
        + np.outer(k * GAP, NORMAL)
    )
    x, y, z = np.rint((places - corner) / step).astype(int).T
    within = (x >= 0) & (y >= 0) & (z >= 0) & (x < shape[2]) & (y < shape[1]) & (z < shape[0])
    nearest = np.zeros(len(places), np.uint8)
    nearest[within] = cubes[z[within], y[within], x[within]]
    truth["seg_axial"] = [counts(nearest.reshape(SLICES, ROWS, COLUMNS))]
    return binary


def to_patient(ct, points) -> list:
    """Image coordinates (the middle of the first pixel is 0.5, 0.5) in the patient."""
    transform = ImageToReferenceTransformer(
        ct.ImagePositionPatient, ct.ImageOrientationPatient, ct.PixelSpacing
    )
    return transform(np.array(points, float)).tolist()


def report(images, segmentation, out: Path, truth: dict) -> None:
    ct = images[2]
    box = np.array([[4.5, 3.0], [12.0, 3.0], [12.0, 9.5], [4.5, 9.5], [4.5, 3.0]])
    ellipse = np.array([[5.0, 8.0], [15.0, 8.0], [10.0, 5.0], [10.0, 11.0]])
    line = np.array([[2.0, 2.0], [22.5, 14.0]])
    circle = np.array([[14.0, 10.0], [14.0, 13.5]])
    middle = ORIGIN + 10 * SPACING[1] * ROW + 9 * SPACING[0] * COLUMN + 3 * GAP * NORMAL
    polygon = np.array(
        [middle, middle + 4 * ROW, middle + 4 * ROW + 3 * COLUMN, middle + 3 * COLUMN, middle]
    )
    axes = [6 * ROW, 4 * COLUMN, 3 * NORMAL]
    ellipsoid = np.array([middle + sign * axis for axis in axes for sign in (-1, 1)])

    def source(purpose=None):
        return hd.sr.SourceImageForRegion(ct.SOPClassUID, ct.SOPInstanceUID)

    def tracked(name: str):
        return hd.sr.TrackingIdentifier(uid=uid("tracking", name), identifier=name)

    algorithm = hd.sr.AlgorithmIdentification(name="NoduleNet", version="2.1")
    site = hd.sr.FindingSite(codes.SCT.Lung, laterality=codes.SCT.Left)
    diameter = hd.sr.Measurement(
        codes.SCT.Diameter, 7.25, codes.UCUM.Millimeter, derivation=codes.SCT.Mean
    )
    volume = hd.sr.Measurement(
        codes.SCT.Volume,
        0.625,
        codes.UCUM.CubicCentimeter,
        method=hd.sr.CodedConcept("126030", "DCM", "Sum of segmented voxel volumes"),
    )
    malignant = hd.sr.QualitativeEvaluation(
        hd.sr.CodedConcept("RID34265", "RADLEX", "Malignancy"),
        hd.sr.CodedConcept("RID5962", "RADLEX", "Probable"),
    )

    def planar(name, region, **more):
        return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracked(name),
            referenced_region=region,
            finding_type=NODULE,
            algorithm_id=algorithm,
            **more,
        )

    groups = [
        planar(
            "box",
            hd.sr.ImageRegion("POLYLINE", box, source()),
            measurements=[diameter],
            finding_sites=[site],
            qualitative_evaluations=[malignant],
        ),
        planar("ellipse", hd.sr.ImageRegion("ELLIPSE", ellipse, source())),
        planar("line", hd.sr.ImageRegion("POLYLINE", line, source())),
        planar("circle", hd.sr.ImageRegion("CIRCLE", circle, source())),
        planar(
            "polygon",
            hd.sr.ImageRegion3D("POLYGON", polygon, ct.FrameOfReferenceUID),
        ),
        hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracked("ellipsoid"),
            referenced_volume_surface=hd.sr.VolumeSurface(
                "ELLIPSOID",
                ellipsoid,
                ct.FrameOfReferenceUID,
                source_images=[
                    hd.sr.SourceImageForSegmentation(ct.SOPClassUID, ct.SOPInstanceUID)
                ],
            ),
            finding_type=NODULE,
            algorithm_id=algorithm,
            measurements=[volume],
        ),
        hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracked("segment"),
            referenced_segment=hd.sr.ReferencedSegment(
                sop_class_uid=segmentation.SOPClassUID,
                sop_instance_uid=segmentation.SOPInstanceUID,
                segment_number=2,
                source_images=[
                    hd.sr.SourceImageForSegmentation(i.SOPClassUID, i.SOPInstanceUID)
                    for i in images
                ],
            ),
            finding_type=NODULE,
            algorithm_id=algorithm,
            measurements=[volume],
            qualitative_evaluations=[malignant],
        ),
        hd.sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracked("whole"),
            finding_type=codes.SCT.PulmonaryEmphysema
            if hasattr(codes.SCT, "PulmonaryEmphysema")
            else hd.sr.CodedConcept("87433001", "SCT", "Pulmonary emphysema"),
            algorithm_id=hd.sr.AlgorithmIdentification(name="EmphysemaNet", version="1.0"),
            qualitative_evaluations=[
                hd.sr.QualitativeEvaluation(
                    hd.sr.CodedConcept("246112005", "SCT", "Severity"),
                    hd.sr.CodedConcept("255604002", "SCT", "Mild"),
                )
            ],
            source_images=[
                hd.sr.SourceImageForMeasurementGroup(
                    images[4].SOPClassUID, images[4].SOPInstanceUID
                )
            ],
        ),
    ]
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(
            observer_device_context=hd.sr.ObserverContext(
                observer_type=codes.DCM.Device,
                observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
                    uid=uid("device"), name="Nodule Server", manufacturer_name="Vendor AI"
                ),
            )
        ),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    hd.sr.Comprehensive3DSR(
        evidence=[*images, segmentation],
        content=content[0],
        **common("report", 20),
    ).save_as(out / "sr_planar.dcm")
    truth["sr"] = {
        "slice": 2,
        "box": to_patient(ct, box),
        "ellipse": to_patient(ct, ellipse),
        "line": to_patient(ct, line),
        "circle": to_patient(ct, circle),
        "polygon": polygon.tolist(),
        "ellipsoid": ellipsoid.tolist(),
        "middle": middle.tolist(),
    }


def presentation(images, out: Path, truth: dict) -> None:
    ct = images[3]
    layer = hd.pr.GraphicLayer("AI", order=1, description="Nodule candidates")
    circle = np.array([[14.0, 10.0], [14.0, 13.5]])
    display = np.array([[0.25, 0.5], [0.75, 1.0]])
    annotations = [
        hd.pr.GraphicAnnotation(
            [ct],
            layer,
            graphic_objects=[hd.pr.GraphicObject("CIRCLE", circle, "PIXEL")],
            text_objects=[
                hd.pr.TextObject("Nodule 0.93", "PIXEL", anchor_point=(15.0, 9.0)),
            ],
        ),
        hd.pr.GraphicAnnotation(
            [ct],
            layer,
            graphic_objects=[hd.pr.GraphicObject("POLYLINE", display, "DISPLAY")],
        ),
    ]
    hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[ct],
        content_label="NODULES",
        content_creator_name="Doe^Jane",
        graphic_annotations=annotations,
        graphic_layers=[layer],
        **device("presentation", 30),
    ).save_as(out / "pr_markers.dcm")
    pixels = display * [COLUMNS, ROWS]
    truth["pr"] = {
        "slice": 3,
        "circle": to_patient(ct, circle),
        "text": to_patient(ct, [[15.0, 9.0]]),
        "line": to_patient(ct, pixels),
    }


def maps(images, out: Path, truth: dict) -> None:
    k, j, i = np.indices((SLICES, ROWS, COLUMNS))
    values = ((i + 2 * j + 3 * k) / 100).astype(np.float32)
    probability = codes.SCT.Probability if hasattr(codes.SCT, "Probability") else None
    quantity = probability or hd.sr.CodedConcept("2339001", "SCT", "Probability")

    def mapping(**more):
        return hd.pm.RealWorldValueMapping(
            lut_label="PROB", lut_explanation="Probability of nodule", unit=codes.UCUM.NoUnits,
            quantity_definition=quantity, **more,
        )

    floats = mapping(value_range=(0.0, 2.0), slope=1.0, intercept=0.0)
    whole = mapping(value_range=(0, 4000), slope=0.01, intercept=-1.0)
    window = {"window_center": 0.5, "window_width": 1.0}
    shape = {"contains_recognizable_visual_features": False, **window}
    for name, pixels, each in (
        ("float", values, floats),
        ("double", values.astype(np.float64), floats),
        ("integer", (values * 100).round().astype(np.uint16), whole),
    ):
        hd.pm.ParametricMap(
            images, pixels, real_world_value_mappings=[each], **shape, **device(name, 40)
        ).save_as(out / f"pm_{name}.dcm")
    real = (values * 100).round() * 0.01 - 1.0
    truth["pm"] = {
        "first": float(values[1, 2, 3]),
        "sum": float(values.astype(float).sum()),
        "integerFirst": float(real[1, 2, 3]),
        "integerSum": float(real.sum()),
    }


def key_objects(images, out: Path) -> None:
    hd.ko.KeyObjectSelectionDocument(
        evidence=images,
        content=hd.ko.KeyObjectSelection(
            document_title=codes.DCM.ForReferringProvider,
            referenced_objects=[images[1], images[4]],
            description="Largest diameter",
        ),
        **common("key objects", 50),
    ).save_as(out / "ko.dcm")


def captures(images, out: Path) -> None:
    pixels = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    capture = hd.sc.SCImage.from_ref_dataset(
        images[2],
        pixels,
        "RGB",
        8,
        "PATIENT",
        patient_orientation=("L", "P"),
        **common("capture", 60),
    )
    capture.SeriesDescription = "AI summary"
    capture.save_as(out / "sc_alone.dcm")
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID = images[2].SOPClassUID
    item.ReferencedSOPInstanceUID = images[2].SOPInstanceUID
    capture.SourceImageSequence = [item]
    capture.SOPInstanceUID = uid("object", "capture of")
    capture.file_meta.MediaStorageSOPInstanceUID = capture.SOPInstanceUID
    capture.save_as(out / "sc_of_image.dcm")


def make(out: Path) -> None:
    (out / "images").mkdir(parents=True, exist_ok=True)
    images = [image(k) for k in range(SLICES)]
    for k, ct in enumerate(images):
        ct.save_as(out / "images" / f"{k}.dcm", enforce_file_format=True)
    truth: dict = {}
    segmentation = segmentations(images, out, truth)
    report(images, segmentation, out, truth)
    presentation(images, out, truth)
    maps(images, out, truth)
    key_objects(images, out)
    captures(images, out)
    (out / "truth.json").write_text(json.dumps(truth))


def frames(file: str) -> list:
    """Pixels that a segment sets on each frame, by pydicom: [Segment Number, image, count]."""
    ds = pydicom.dcmread(file)
    size = ds.Rows * ds.Columns
    count = int(ds.NumberOfFrames)
    if ds.BitsAllocated == 1:
        bits = np.unpackbits(np.frombuffer(ds.PixelData, np.uint8), bitorder="little")
        pixels = bits[: count * size].reshape(count, size)
    else:
        pixels = ds.pixel_array.reshape(count, size)
    found = []
    for pixel, group in zip(pixels, ds.PerFrameFunctionalGroupsSequence):
        derived = group.DerivationImageSequence[0].SourceImageSequence[0]
        source = derived.ReferencedSOPInstanceUID
        if ds.SegmentationType == "LABELMAP":
            background = int(ds.get("PixelPaddingValue", 0))
            for value in np.unique(pixel):
                if value not in (0, background):
                    found.append([int(value), source, int((pixel == value).sum())])
            continue
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        least = 1 if ds.SegmentationType == "BINARY" else ds.MaximumFractionalValue / 2
        found.append([int(number), source, int((pixel >= least).sum())])
    return found


if __name__ == "__main__":
    command, *given = sys.argv[1:]
    if command == "make":
        make(Path(given[0]))
    elif command == "frames":
        print(json.dumps({file: frames(file) for file in given}))
    else:
        sys.exit(__doc__)
