"""The network in PyTorch; `pyvarcolor.learned.network` is the same without it."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from pyvarcolor.learned.inputs import INPUTS, OUTPUTS

MULTIPLES = 1, 2, 4, 6
"""of the width: channels at each scale"""
BLOCKS = 1, 2, 2, 3
"""at each scale on the way down; one on the way up"""
DROPPED = 0, 0, 0.1, 0.2
"""Share of the channels of each scale that each step of training does without"""


class Block(nn.Module):
    """x + two convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return relu(x + self.norm2(self.conv2(relu(self.norm1(self.conv1(x))))))


class Net(nn.Module):
    """A residual U-Net: down to 1/16 of the sides and back to 1/2; what skips is added."""

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = [width * multiple for multiple in MULTIPLES]
        before = [INPUTS, *channels[:-1]]
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(before, channels, strict=True))
        self.encode = nn.ModuleList(
            nn.Sequential(*(Block(c) for _ in range(count))) for c, count in zip(channels, BLOCKS, strict=True)
        )
        self.drop = nn.ModuleList(nn.Dropout2d(share) for share in DROPPED)
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(channels))
        self.decode = nn.ModuleList(Block(c) for c in channels[:-1])
        self.head = nn.Conv2d(channels[0], OUTPUTS, 3, padding=1)
        nn.init.normal_(self.head.weight, std=1e-3)
        with torch.no_grad():
            self.head.bias.copy_(torch.tensor([2.0, 0, 0, 0, 0]))  # the guess stays, to begin with

    def forward(self, x: Tensor) -> Tensor:
        skipped = []
        for down, encode, drop in zip(self.down, self.encode, self.drop, strict=True):
            x = drop(encode(relu(down(x))))
            skipped.append(x)
        for k in reversed(range(len(self.up))):
            x = self.decode[k](skipped[k] + interpolate(self.up[k](x), scale_factor=2, mode="nearest"))
        return self.head(x)
