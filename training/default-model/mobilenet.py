"""MobileNetV2 (Sandler et al., 2018) as in the teacher's ONNX file, and the student cut from it.

The teacher's batch normalisations are folded into its convolutions; the student keeps them folded:
nothing in it depends on the batch, so vectors are the same in a batch and alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

# Expansion, channels, repeats and stride of each group of blocks: table 2 of the paper.
GROUPS = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]
EMBEDDING = 256
# Blocks that keep the teacher's weights: to 32 channels at an eighth of the side. They hold 4 % of
# the weights, and half of the time of a training step.
FROZEN = 6


class Convolution(nn.Module):
    """A convolution with the teacher's padding, and ReLU6 if it has one."""

    def __init__(self, before: int, after: int, kernel=1, stride=1, depthwise=False, active=True):
        super().__init__()
        self.stride, self.active = stride, active
        self.groups = before if depthwise else 1
        self.weight = nn.Parameter(torch.empty(after, before // self.groups, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(after))
        # TensorFlow's padding for even sides: with stride 2 only at the bottom and right.
        self.pads = (0, 0, 0, 0) if kernel == 1 else (1, 1, 1, 1) if stride == 1 else (0, 0, 1, 1)

    def forward(self, x):
        padding = self.pads[0]
        if self.pads == (0, 0, 1, 1):
            x = F.pad(x, (0, 1, 0, 1))
        x = F.conv2d(x, self.weight, self.bias, self.stride, padding, groups=self.groups)
        return F.relu6(x) if self.active else x


class Block(nn.Module):
    """An inverted residual."""

    def __init__(self, before: int, after: int, expansion: int, stride: int):
        super().__init__()
        wide = before * expansion
        self.residual = stride == 1 and before == after
        self.layers = nn.ModuleList()
        if expansion != 1:
            self.layers.append(Convolution(before, wide))
        self.layers.append(Convolution(wide, wide, 3, stride, depthwise=True))
        self.layers.append(Convolution(wide, after, active=False))

    def forward(self, x):
        y = x
        for layer in self.layers:
            y = layer(y)
        return x + y if self.residual else y


class Student(nn.Module):
    """Input float32 [n, 3, side, side], output float32 [n, 256] of length 1."""

    def __init__(self):
        super().__init__()
        self.stem = Convolution(3, 32, 3, 2)
        self.blocks = nn.ModuleList()
        channels = 32
        for expansion, after, repeats, stride in GROUPS:
            for i in range(repeats):
                self.blocks.append(Block(channels, after, expansion, stride if i == 0 else 1))
                channels = after
        self.head = Convolution(channels, 1280)
        self.projection = nn.Linear(1280, EMBEDDING)

    def convolutions(self) -> list[Convolution]:
        """The convolutions in the order of the teacher's file."""
        return [m for m in self.modules() if isinstance(m, Convolution)]

    def lower(self, x):
        """The frozen part: activations [n, 32, side / 8, side / 8]."""
        x = self.stem(x)
        for block in self.blocks[:FROZEN]:
            x = block(x)
        return x

    def pooled(self, activations):
        """Features [n, 1280] from the output of the lower part."""
        x = activations
        for block in self.blocks[FROZEN:]:
            x = block(x)
        return self.head(x).mean(dim=(2, 3))

    def upper(self, activations):
        return F.normalize(self.projection(self.pooled(activations)), dim=1)

    def forward(self, x):
        return self.upper(self.lower(x))

    def trained(self) -> list[nn.Parameter]:
        parts = [*self.blocks[FROZEN:], self.head, self.projection]
        return [parameter for part in parts for parameter in part.parameters()]

    def start_from(self, folder: Path) -> None:
        """Loads the convolutions of a model folder: the teacher's, whose last one is the
        classifier, or a student's."""
        graph = onnx.load(str(folder / "model.onnx")).graph
        values = {i.name: numpy_helper.to_array(i).astype(np.float32) for i in graph.initializer}
        for node in graph.node:
            if node.op_type == "Cast":
                values[node.output[0]] = values[node.input[0]]
        nodes = [n for n in graph.node if n.op_type == "Conv"]
        layers = self.convolutions()
        if len(nodes) not in (len(layers), len(layers) + 1):
            raise ValueError(f"{len(nodes)} convolutions in {folder}, {len(layers)} expected")
        with torch.no_grad():
            for node, layer in zip(nodes, layers):
                weight, bias = (torch.from_numpy(np.array(values[n])) for n in node.input[1:3])
                if weight.shape != layer.weight.shape:
                    raise ValueError(f"{node.name}: {tuple(weight.shape)}")
                layer.weight.copy_(weight)
                layer.bias.copy_(bias)
