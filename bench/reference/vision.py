"""From pixels to tokens: the conv stage of SimVLM (section 3.2 of the paper), or linear patches. Legend: simvlm.py."""
import math

import torch.nn.functional as F
from torch import nn

from layers import Conv, GroupNorm, Linear, same_padding


class Bottleneck(nn.Module):
    """1×1, 3×3 (with the stride), 1×1, a norm after each, and a shortcut (He et al., 2016)."""

    def __init__(self, inputs, outputs, stride, groups):
        super().__init__()
        middle = max(1, outputs // 4)
        self.conv1, self.norm1 = Conv(1, 1, inputs, middle), GroupNorm(middle, groups)
        self.conv2, self.norm2 = Conv(3, stride, middle, middle), GroupNorm(middle, groups)
        self.conv3, self.norm3 = Conv(1, 1, middle, outputs), GroupNorm(outputs, groups, start=0.0)
        self.shortcut = None
        if inputs != outputs or stride != 1:
            self.shortcut = nn.ModuleDict(
                {"conv": Conv(1, stride, inputs, outputs), "norm": GroupNorm(outputs, groups)}
            )

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y))
        return F.relu(y + (x if self.shortcut is None else self.shortcut["norm"](self.shortcut["conv"](x))))


class ConvPatcher(nn.Module):
    """Stem, stages of bottlenecks, and a linear map of each place: [B, S, S, 3] → [B, N, D]."""

    def __init__(self, image_size, width, stages, stem=None, groups=32):
        super().__init__()
        stem = stem or {"kernel": 7, "stride": 2, "channels": 64, "pool": True}
        channels, self.pool = stem["channels"], stem["pool"]
        self.stem = nn.ModuleDict(
            {"conv": Conv(stem["kernel"], stem["stride"], 3, channels), "norm": GroupNorm(channels, groups)}
        )
        stride = stem["stride"] * (2 if self.pool else 1)
        self.stages = []
        for i, stage in enumerate(stages):
            blocks = nn.ModuleList()
            for block in range(stage["blocks"]):
                first = stage["stride"] if block == 0 else 1
                blocks.append(Bottleneck(channels, stage["channels"], first, groups))
                channels = stage["channels"]
            stride *= stage["stride"]
            self.stages.append(f"stage{i + 1}")
            self.add_module(self.stages[-1], blocks)
        self.grid = (image_size // stride, image_size // stride)
        self.out = Linear(channels, width, std=math.sqrt(1 / channels))

    def forward(self, images):
        x = F.relu(self.stem["norm"](self.stem["conv"](images.permute(0, 3, 1, 2))))
        if self.pool:
            before, after = same_padding(x.shape[-1], 3, 2)
            x = F.max_pool2d(x, 3, 2, padding=before, ceil_mode=after > before)
        for stage in self.stages:
            for block in getattr(self, stage):
                x = block(x)
        return self.out(x.flatten(2).transpose(1, 2))


class LinearPatcher(nn.Module):
    """Squares of pixels (rows, columns, colours), each mapped to a token: [B, S, S, 3] → [B, N, D]."""

    def __init__(self, image_size, width, patch_size=16):
        super().__init__()
        self.size = patch_size
        self.grid = (image_size // patch_size, image_size // patch_size)
        inputs = patch_size**2 * 3
        self.out = Linear(inputs, width, std=math.sqrt(1 / inputs))

    def forward(self, images):
        (h, w), p = self.grid, self.size
        patches = images.reshape(-1, h, p, w, p, 3).transpose(2, 3)
        return self.out(patches.reshape(-1, h * w, p * p * 3))


def make_patcher(config):
    options = dict(config["patcher"])
    kind, patch_size = options.pop("kind"), options.pop("patchSize", 16)
    if kind == "conv" and options.get("stages"):
        return ConvPatcher(config["imageSize"], config["width"], **options)
    return LinearPatcher(config["imageSize"], config["width"], patch_size)
