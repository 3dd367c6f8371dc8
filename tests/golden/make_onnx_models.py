"""Makes the small ONNX networks of tests/fixtures/onnx/networks, as researchers export theirs.

Architectures are MONAI's and nnU-Net's, weights are random with a fixed seed: there is nothing in them
to be credited or licensed. With every network lies what PyTorch computes from a seeded input.

    python -m venv venv && venv/bin/pip install torch==2.15.0 monai==1.6.1 onnx==1.23.2 onnxscript==0.7.1
    venv/bin/python tests/golden/make_onnx_models.py
"""

import pathlib

import numpy as np
import torch
from monai.networks.nets import SegResNet, UNet
from torch import nn

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "onnx" / "networks"


class PlainBlock(nn.Sequential):
    """nnU-Net's block: Conv, InstanceNorm, LeakyReLU."""

    def __init__(self, inner, outer, kernel, stride):
        super().__init__(
            nn.Conv3d(inner, outer, kernel, stride, [k // 2 for k in kernel]),
            nn.InstanceNorm3d(outer, affine=True),
            nn.LeakyReLU(0.01, inplace=True),
        )


class PlainConvUNet(nn.Module):
    """nnU-Net's network in small: its transposed convolutions have kernel = stride, here anisotropic."""

    def __init__(self, channels, classes, features, kernels, strides):
        super().__init__()
        inner = [channels, *features[:-1]]
        self.down = nn.ModuleList(
            PlainBlock(i, f, k, s) for i, f, k, s in zip(inner, features, kernels, strides)
        )
        stages = range(len(features) - 1, 0, -1)
        self.spread = nn.ModuleList(
            nn.ConvTranspose3d(features[n], features[n - 1], strides[n], strides[n]) for n in stages
        )
        self.up = nn.ModuleList(
            PlainBlock(2 * features[n - 1], features[n - 1], kernels[n - 1], 1) for n in stages
        )
        self.head = nn.Conv3d(features[0], classes, 1)

    def forward(self, x):
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
        skips.pop()
        for spread, block in zip(self.spread, self.up):
            x = block(torch.cat([spread(x), skips.pop()], 1))
        return self.head(x)


class Grouped(nn.Module):
    """Grouped, depthwise and transposed grouped convolutions between group norms (MedNeXt has all)."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv3d(2, 8, 3, padding=1),
            nn.GroupNorm(4, 8),
            nn.GELU(),
            nn.Conv3d(8, 8, 3, stride=2, padding=1, groups=8),
            nn.Conv3d(8, 16, 1, groups=2),
            nn.GELU(),
            nn.ConvTranspose3d(16, 16, 3, 2, 1, 1, groups=16),
            nn.Conv3d(16, 3, 1),
        )

    def forward(self, x):
        return self.body(x)


OPEN = {0: "batch", 2: "depth", 3: "height", 4: "width"}

NETWORKS = {
    "monai_unet": (
        lambda: UNet(
            spatial_dims=3,
            in_channels=1,
            out_channels=3,
            channels=(2, 4, 8),
            strides=(2, 2),
            kernel_size=3,
            up_kernel_size=3,
            num_res_units=1,
        ),
        (1, 1, 12, 12, 12),
    ),
    "monai_segresnet": (
        lambda: SegResNet(
            spatial_dims=3,
            init_filters=4,
            in_channels=1,
            out_channels=2,
            norm=("GROUP", {"num_groups": 2}),
            upsample_mode="deconv",
            blocks_down=(1, 1),
            blocks_up=(1,),
        ),
        (1, 1, 8, 8, 8),
    ),
    "nnunet_plain": (
        lambda: PlainConvUNet(
            2, 3, [4, 6, 8], [[1, 3, 3], [3, 3, 3], [3, 3, 3]], [[1, 1, 1], [1, 2, 2], [2, 2, 2]]
        ),
        (1, 2, 8, 8, 8),
    ),
    "grouped": (Grouped, (1, 2, 8, 8, 8)),
}


def export(name, module, example, open_sizes, dynamo):
    file = OUT / f"{name}.onnx"
    if dynamo:
        torch.onnx.export(
            module, (example,), file, input_names=["image"], output_names=["logits"],
            dynamo=True, external_data=False, opset_version=21,
        )
    else:
        torch.onnx.export(
            module, (example,), file, input_names=["image"], output_names=["logits"], dynamo=False,
            opset_version=17, dynamic_axes={"image": OPEN, "logits": OPEN} if open_sizes else None,
        )


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (build, shape) in NETWORKS.items():
        torch.manual_seed(3)
        module = build().eval()
        image = torch.from_numpy(np.random.default_rng(1).standard_normal(shape).astype(np.float32))
        with torch.no_grad():
            logits = module(image)
        export(f"{name}_open", module, image, open_sizes=True, dynamo=False)
        if name == "grouped":
            # The newer exporter keeps GroupNormalization and Gelu as operators of their own.
            export(f"{name}_fixed", module, image, open_sizes=False, dynamo=True)
        image.numpy().tofile(OUT / f"{name}.image.f32")
        logits.numpy().tofile(OUT / f"{name}.logits.f32")
        print(name, tuple(image.shape), tuple(logits.shape))


if __name__ == "__main__":
    main()
