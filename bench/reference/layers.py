"""The layers that SimVLM is made of. Legend: B rows, C channels, h, w extents of maps, I inputs, O outputs."""
import math

import torch
import torch.nn.functional as F
from torch import nn

EPSILON = 1e-6  # of layer norms and group norms


def normal(*shape, std):
    """Truncated at two deviations."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(shape), std=std, a=-2 * std, b=2 * std))


class Linear(nn.Module):
    """x[…, I] → […, O]; the weight is [I, O]."""

    def __init__(self, inputs, outputs, std=0.02):
        super().__init__()
        self.weight = normal(inputs, outputs, std=std)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return F.linear(x, self.weight.t(), self.bias)


class LayerNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))
        self.beta = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return F.layer_norm(x, self.gamma.shape, self.gamma, self.beta, EPSILON)


class GroupNorm(nn.Module):
    """`groups` is lowered to the largest number that divides the channels."""

    def __init__(self, channels, groups, start=1.0):
        super().__init__()
        self.groups = next(n for n in range(min(channels, groups), 0, -1) if channels % n == 0)
        self.gamma = nn.Parameter(torch.full((channels,), start))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.group_norm(x, self.groups, self.gamma, self.beta, EPSILON)


def same_padding(size, kernel, stride):
    """Before and after, as TensorFlow's SAME pads: ⌈size / stride⌉ places, the odd pixel of padding behind."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Conv(nn.Module):
    """Maps [B, C, h, w] → [B, C', ⌈h/stride⌉, ⌈w/stride⌉]. Weight [C', C, k, k] here, [k, k, C, C'] in files."""

    def __init__(self, kernel, stride, inputs, outputs):
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel) * math.sqrt(2 / (kernel**2 * outputs)))

    def forward(self, x):
        before, after = same_padding(x.shape[-1], self.weight.shape[-1], self.stride)
        if before == after:
            return F.conv2d(x, self.weight, stride=self.stride, padding=before)
        return F.conv2d(F.pad(x, (before, after, before, after)), self.weight, stride=self.stride)
