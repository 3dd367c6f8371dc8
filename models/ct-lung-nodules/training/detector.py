"""The network: a small encoder and decoder with two heads at half the input's resolution.

Convolutions, ReLU, linear upsampling and addition only: every operator runs on ONNX Runtime's WebGPU
provider in three dimensions (no transposed and no grouped convolution). The first layer is a 5x5x5
convolution of stride 2, so that no map of the full resolution is ever held.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

# Voxels of the input for each cell of the maps.
STRIDE = 2
# Every window side must be a multiple of this (three halvings).
DIVISOR = 8
CHANNELS = (12, 24, 40)


class ConvBlock(nn.Module):
    """Conv, batch normalization until it is folded, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, kernel, stride, kernel // 2)
        self.norm: nn.Module = nn.BatchNorm3d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.norm(self.conv(x)), inplace=True)

    @torch.no_grad()
    def fold(self) -> None:
        """Puts the normalization's running statistics and its gain into the convolution."""
        if isinstance(self.norm, nn.BatchNorm3d):
            n = self.norm
            gain = n.weight / torch.sqrt(n.running_var + n.eps)
            self.conv.weight.mul_(gain[:, None, None, None, None])
            self.conv.bias.copy_((self.conv.bias - n.running_mean) * gain + n.bias)
            self.norm = nn.Identity()


class NoduleNet(nn.Module):
    """[N, 1, D, H, W] scaled HU → [N, 2, D/2, H/2, W/2]: logit of a centre, log of the diameter in mm."""

    def __init__(self) -> None:
        super().__init__()
        c1, c2, c3 = CHANNELS
        self.stem = ConvBlock(1, c1, 2, 5)
        self.body1 = ConvBlock(c1, c1)
        self.down2 = ConvBlock(c1, c2, 2)
        self.body2 = ConvBlock(c2, c2)
        self.down3 = ConvBlock(c2, c3, 2)
        self.body3 = ConvBlock(c3, c3)
        self.reduce3 = nn.Conv3d(c3, c2, 1)
        self.up2 = ConvBlock(c2, c2)
        self.reduce2 = nn.Conv3d(c2, c1, 1)
        self.up1 = ConvBlock(c1, c1)
        self.head = nn.Conv3d(c1, 2, 1)
        with torch.no_grad():
            # A rare thing is looked for (focal loss's prior), of about 9 mm.
            self.head.bias.copy_(torch.tensor([-4.6, 2.2]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        half = self.body1(self.stem(x))
        quarter = self.body2(self.down2(half))
        eighth = self.body3(self.down3(quarter))
        quarter = self.up2(quarter + self.twice(self.reduce3(eighth)))
        return self.head(self.up1(half + self.twice(self.reduce2(quarter))))

    @staticmethod
    def twice(x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x, scale_factor=2, mode='trilinear', align_corners=False)

    def fold(self) -> NoduleNet:
        """From here on the network is as it will be used: the same for any window and content."""
        for module in self.modules():
            if isinstance(module, ConvBlock):
                module.fold()
        return self
