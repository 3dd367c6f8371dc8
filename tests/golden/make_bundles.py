"""Makes tests/fixtures/bundles: a MONAI bundle and an nnU-Net v2 model folder with small 3D U-Nets of
seeded random weights, exported to ONNX, and what PyTorch gives for a small NIfTI scan after the whole
chain. `models import` must read both, and our pipeline must agree with PyTorch.

    python3 -m venv <somewhere> && <somewhere>/bin/pip install -r tests/golden/requirements.txt onnx onnxscript dynamic_network_architectures
    <somewhere>/bin/python tests/golden/make_bundles.py
"""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import torch

OUT = Path(__file__).resolve().parents[1] / "fixtures" / "bundles"
SEED = 20240501


def write_json(file: Path, value) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value, indent=2) + "\n")


def blobs(shape, rng, smooth=3.0) -> np.ndarray:
    """A smooth random image with a round object on a black border, 0 to about 1000."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(rng.standard_normal(shape), smooth)
    noise = (noise - noise.min()) / (noise.max() - noise.min())
    centre = [(n - 1) / 2 for n in shape]
    grid = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    radius = sum(((g - c) / (0.42 * n)) ** 2 for g, c, n in zip(grid, centre, shape))
    return (np.where(radius < 1, 200 + 800 * noise, 0)).astype(np.float32)


def save_nifti(file: Path, array: np.ndarray, affine: np.ndarray, dtype=np.int16) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(array.astype(dtype), affine)
    image.set_sform(affine, 1)
    nib.save(image, file)


def export(network: torch.nn.Module, example: torch.Tensor, file: Path) -> None:
    import onnx

    file.parent.mkdir(parents=True, exist_ok=True)
    free = {0: "batch", 2: "d", 3: "h", 4: "w"}
    torch.onnx.export(
        network.eval(),
        (example,),
        str(file),
        input_names=["image"],
        output_names=["pred"],
        dynamic_axes={"image": free, "pred": free},
        opset_version=17,
        dynamo=False,
    )
    onnx.checker.check_model(onnx.load(str(file)))


def spread(network: torch.nn.Module, image: torch.Tensor, classes: int) -> None:
    """Scales and centres the last layer so that every class wins somewhere on the scan."""
    size = [n // 4 * 4 for n in image.shape[2:]]
    example = image[:, :, : size[0], : size[1], : size[2]]
    last = [
        module
        for module in network.modules()
        if isinstance(getattr(module, "bias", None), torch.Tensor) and module.bias.shape == (classes,)
    ][-1]
    with torch.no_grad():
        factor = 3 / network(example)[0].std()
        last.weight *= factor
        last.bias -= network(example)[0].reshape(classes, -1).mean(dim=1)


def make_monai() -> None:
    from monai.bundle import ConfigParser
    from monai.networks.nets import UNet
    from monai.transforms import Compose

    folder = OUT / "monai"
    torch.manual_seed(SEED)
    definition = {
        "_target_": "UNet",
        "spatial_dims": 3,
        "in_channels": 1,
        "out_channels": 3,
        "channels": [4, 8, 12],
        "strides": [2, 2],
        "num_res_units": 1,
        "norm": "batch",
    }
    config = {
        "imports": ["$import glob", "$import os"],
        "bundle_root": ".",
        "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        "datalist": "$list(sorted(glob.glob(@bundle_root + '/*.nii.gz')))",
        "spatial_size": [24, 24, 16],
        "voxel": 2.0,
        "network_def": definition,
        "network": "$@network_def.to(@device)",
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "LoadImaged", "keys": "image"},
                {"_target_": "EnsureChannelFirstd", "keys": "image"},
                {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
                {
                    "_target_": "Spacingd",
                    "keys": "image",
                    "pixdim": ["@voxel", "@voxel", "$@voxel * 1.25"],
                    "mode": "bilinear",
                },
                {
                    "_target_": "ScaleIntensityRanged",
                    "keys": "image",
                    "a_min": 0,
                    "a_max": "$4 * 250",
                    "b_min": 0,
                    "b_max": 1,
                    "clip": True,
                },
                {
                    "_target_": "CropForegroundd",
                    "keys": "image",
                    "source_key": "image",
                    "select_fn": "$lambda x: x > 0.1",
                    "margin": 2,
                    "allow_smaller": True,
                },
                {"_target_": "EnsureTyped", "keys": "image"},
            ],
        },
        "inferer": {
            "_target_": "SlidingWindowInferer",
            "roi_size": "@spatial_size",
            "sw_batch_size": 1,
            "overlap": 0.5,
            "mode": "gaussian",
        },
        "postprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "Activationsd", "keys": "pred", "softmax": True},
                {
                    "_target_": "Invertd",
                    "keys": "pred",
                    "transform": "@preprocessing",
                    "orig_keys": "image",
                    "nearest_interp": False,
                    "to_tensor": True,
                },
                {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
                {
                    "_target_": "KeepLargestConnectedComponentd",
                    "keys": "pred",
                    "applied_labels": [1, 2],
                },
                {"_target_": "SaveImaged", "keys": "pred", "output_dir": "$@bundle_root + '/eval'"},
            ],
        },
    }
    metadata = {
        "schema": "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json",
        "version": "0.1.0",
        "monai_version": "1.6.1",
        "pytorch_version": torch.__version__.split("+")[0],
        "name": "Seeded U-Net",
        "task": "Segmentation of nothing: random weights",
        "authors": "Second Reader's tests",
        "data_source": "none; seeded random weights",
        "intended_use": "Tests of models import. Not for any image of a person.",
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "magnitude",
                    "modality": "MR",
                    "num_channels": 1,
                    "spatial_shape": [24, 24, 16],
                    "dtype": "float32",
                    "value_range": [0, 1],
                    "channel_def": {"0": "image"},
                }
            },
            "outputs": {
                "pred": {
                    "type": "image",
                    "format": "segmentation",
                    "num_channels": 3,
                    "spatial_shape": [24, 24, 16],
                    "dtype": "float32",
                    "channel_def": {"0": "background", "1": "inner part", "2": "outer part"},
                }
            },
        },
    }
    write_json(folder / "configs" / "metadata.json", metadata)
    write_json(folder / "configs" / "inference.json", config)

    rng = np.random.default_rng(SEED)
    affine = np.array([[-1.5, 0, 0, 30], [0, -1.75, 0, 40], [0, 0, 3.0, -20], [0, 0, 0, 1]])
    scan = folder / "scan.nii.gz"
    save_nifti(scan, blobs((36, 32, 20), rng), affine)

    parser = ConfigParser(config)
    parser["device"] = "cpu"
    network = UNet(**{key: value for key, value in definition.items() if key != "_target_"})
    network.eval()
    pre = parser.get_parsed_content("preprocessing")
    inferer = parser.get_parsed_content("inferer")
    data = pre({"image": str(scan)})
    image = data["image"]
    spread(network, image[None].as_tensor(), 3)
    export(network, torch.zeros(1, 1, 24, 24, 16), folder / "models" / "model.onnx")
    with torch.no_grad():
        data["pred"] = inferer(image[None], network)[0]
    logits = np.asarray(data["pred"].as_tensor())
    steps = [t for t in parser.get_parsed_content("postprocessing").transforms if type(t).__name__ != "SaveImaged"]
    after = Compose(steps)(data)
    label = np.asarray(after["pred"][0])
    save_nifti(folder / "expected.nii.gz", label, affine, np.uint8)
    print("monai", tuple(image.shape), "labels", np.bincount(label.astype(int).ravel()))
    # Scores of class 1 on the network's grid.
    save_nifti(folder / "expected-scores.nii.gz", logits[1], np.asarray(image.affine), np.float32)


def make_nnunet() -> None:
    from dynamic_network_architectures.architectures.unet import PlainConvUNet
    from monai.inferers import sliding_window_inference

    folder = OUT / "nnunet"
    torch.manual_seed(SEED + 1)
    patch, spacing = [16, 24, 24], [2.5, 1.5, 1.5]
    architecture = dict(
        input_channels=1,
        n_stages=3,
        features_per_stage=(4, 8, 12),
        conv_op=torch.nn.Conv3d,
        kernel_sizes=3,
        strides=(1, 2, 2),
        n_conv_per_stage=1,
        num_classes=3,
        n_conv_per_stage_decoder=1,
        conv_bias=True,
        norm_op=torch.nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=torch.nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
    )
    network = PlainConvUNet(**architecture).eval()
    properties = {
        "max": 1000.0,
        "mean": 560.5,
        "median": 580.0,
        "min": 200.0,
        "percentile_00_5": 240.0,
        "percentile_99_5": 960.0,
        "std": 150.25,
    }
    plans = {
        "dataset_name": "Dataset900_Seeded",
        "plans_name": "nnUNetPlans",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "image_reader_writer": "SimpleITKIO",
        "configurations": {
            "3d_fullres": {
                "data_identifier": "nnUNetPlans_3d_fullres",
                "preprocessor_name": "DefaultPreprocessor",
                "batch_size": 2,
                "patch_size": patch,
                "spacing": spacing,
                "normalization_schemes": ["CTNormalization"],
                "use_mask_for_norm": [False],
                "resampling_fn_data_kwargs": {"is_seg": False, "order": 3, "order_z": 0},
                "architecture": {
                    "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet"
                },
            }
        },
        "foreground_intensity_properties_per_channel": {"0": properties},
    }
    dataset = {
        "name": "Seeded nnU-Net",
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "core": 1, "rim": 2},
        "numTraining": 0,
        "file_ending": ".nii.gz",
    }
    write_json(folder / "plans.json", plans)
    write_json(folder / "dataset.json", dataset)
    rng = np.random.default_rng(SEED + 1)
    # Stored as x, y, z with the axes growing to the left, back and up: what DICOM gives.
    affine = np.diag([-spacing[2], -spacing[1], spacing[0], 1.0])
    affine[:3, 3] = [25, 30, -10]
    scan = blobs((36, 36, 24), rng)
    save_nifti(folder / "scan.nii.gz", scan, affine)
    scan = np.asarray(nib.load(folder / "scan.nii.gz").dataobj, dtype=np.float32)

    # nnunetv2's DefaultPreprocessor: z, y, x; no resampling as the spacing is the plan's own.
    image = torch.from_numpy(np.ascontiguousarray(scan.transpose(2, 1, 0)))[None]
    image = image.clip(properties["percentile_00_5"], properties["percentile_99_5"])
    image = (image - properties["mean"]) / max(properties["std"], 1e-8)
    spread(network, image[None], 3)
    export(network, torch.zeros(1, 1, *patch), folder / "fold_0" / "model.onnx")

    def keep(name: str, logits: torch.Tensor) -> None:
        label = logits.numpy().argmax(0).transpose(2, 1, 0)
        save_nifti(folder / f"{name}.nii.gz", label, affine, np.uint8)
        print("nnunet", name, tuple(image.shape), "labels", np.bincount(label.ravel()))

    # The same chain and windows, weighted as MONAI does: what the import promises.
    with torch.no_grad():
        logits = sliding_window_inference(image[None], patch, 1, network, 0.5, "gaussian", 0.125)[0]
    keep("expected", logits)
    scores = logits[1].numpy().transpose(2, 1, 0)
    save_nifti(folder / "expected-scores.nii.gz", scores, affine, np.float32)
    # nnU-Net's own weights, whose middle lies half a voxel aside: how much that changes.
    keep("expected-nnunet", predict_sliding_window(network, image, patch))


def predict_sliding_window(network, image: torch.Tensor, patch) -> torch.Tensor:
    """nnunetv2/inference/{sliding_window_prediction,predict_from_raw_data}.py: steps of half a window
    spread evenly, weights by scipy's Gaussian filter of a point, sigma an eighth of the window."""
    from scipy.ndimage import gaussian_filter

    steps = []
    for size, tile in zip(image.shape[1:], patch):
        wanted = tile * 0.5
        count = int(np.ceil((size - tile) / wanted)) + 1
        actual = (size - tile) / (count - 1) if count > 1 else 0
        steps.append([int(round(actual * i)) for i in range(count)])
    point = np.zeros(patch)
    point[tuple(tile // 2 for tile in patch)] = 1
    weights = gaussian_filter(point, [tile / 8 for tile in patch], 0, mode="constant", cval=0)
    weights /= weights.max()
    weights[weights == 0] = weights[weights != 0].min()
    weights = torch.from_numpy(weights).float()
    total, norm = None, torch.zeros(image.shape[1:])
    with torch.no_grad():
        for z in steps[0]:
            for y in steps[1]:
                for x in steps[2]:
                    at = (slice(z, z + patch[0]), slice(y, y + patch[1]), slice(x, x + patch[2]))
                    out = network(image[None][(slice(None), slice(None), *at)])[0]
                    if total is None:
                        total = torch.zeros((out.shape[0], *image.shape[1:]))
                    total[(slice(None), *at)] += out * weights
                    norm[at] += weights
    return total / norm


if __name__ == "__main__":
    make_monai()
    make_nnunet()
