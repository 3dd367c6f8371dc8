"""The network: a residual-free U-Net of 3 x 3 x 3 convolutions that works mostly at 8 mm.

Only the first and the last layer see the full 4 mm grid: the body decides which lung (if any) a
region is, the last layers put the border where the intensities change. Upsampling is linear and the
skip connections are additions, so that every operator runs on ONNX Runtime's WebGPU provider in three
dimensions (no transposed and no grouped convolution).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

CHANNELS = (8, 16, 24, 32, 40)
CLASSES = 3
# Every window side must be a multiple of this (four halvings).
DIVISOR = 16


class ConvBlock(nn.Module):
    """Conv 3x3x3, batch normalization until it is folded, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, 3, stride, 1)
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


class LungNet(nn.Module):
    """[N, 1, D, H, W] scaled HU → logits [N, 3, D, H, W] (background, left, right)."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.stem = ConvBlock(1, channels[0])
        self.down = nn.ModuleList(ConvBlock(a, b, 2) for a, b in zip(channels, channels[1:]))
        self.body = nn.ModuleList(ConvBlock(c, c) for c in channels[1:])
        self.reduce = nn.ModuleList(nn.Conv3d(b, a, 1) for a, b in zip(channels, channels[1:]))
        self.up = nn.ModuleList(ConvBlock(c, c) for c in channels[1:-1])
        self.fuse = ConvBlock(channels[0], channels[0])
        self.head = nn.Conv3d(channels[0], CLASSES, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = [self.stem(x)]
        for down, body in zip(self.down, self.body):
            skips.append(body(down(skips[-1])))
        x = skips.pop()
        for level in range(len(skips) - 1, -1, -1):
            x = F.interpolate(self.reduce[level](x), scale_factor=2, mode='trilinear', align_corners=False)
            if level > 0:
                x = self.up[level - 1](x + skips[level])
        return self.head(self.fuse(x + skips[0]))

    def fold(self) -> LungNet:
        """From here on the network is as it will be used: the same for any window and content."""
        for module in self.modules():
            if isinstance(module, ConvBlock):
                module.fold()
        return self
