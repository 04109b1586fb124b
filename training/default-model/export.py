"""Writes the student as a model folder for embed-service."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from mobilenet import EMBEDDING, FROZEN, Convolution, Student

OPSET = 13


class Graph:
    """Builds the nodes; weights are stored as float16 and widened when the file is loaded."""

    def __init__(self):
        self.nodes, self.initializers = [], []

    def node(self, kind: str, name: str, inputs: list[str], **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, values: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def weight(self, name: str, tensor: torch.Tensor) -> str:
        half = tensor.detach().numpy().astype(np.float16)
        return self.node("Cast", name, [self.constant(name + "_half", half)], to=TensorProto.FLOAT)


def graph(student: Student, side: int, lower: bool = False) -> onnx.ModelProto:
    """The whole student, or its lower part, which is not trained."""
    g = Graph()
    zero = g.constant("zero", np.array(0, np.float32))
    six = g.constant("six", np.array(6, np.float32))

    def convolution(layer: Convolution, name: str, x: str) -> str:
        kernel = layer.weight.shape[2]
        y = g.node(
            "Conv",
            name,
            [x, g.weight(name + "_weight", layer.weight), g.weight(name + "_bias", layer.bias)],
            kernel_shape=[kernel, kernel],
            strides=[layer.stride, layer.stride],
            pads=list(layer.pads),
            group=layer.groups,
        )
        return g.node("Clip", name + "_relu6", [y, zero, six]) if layer.active else y

    x = convolution(student.stem, "stem", "pixels")
    for number, block in enumerate(student.blocks, 1):
        y = x
        for place, layer in enumerate(block.layers, 1):
            y = convolution(layer, f"block{number}_{place}", y)
        x = g.node("Add", f"block{number}", [x, y]) if block.residual else y
        if lower and number == FROZEN:
            return model(g, side, x, ["n", 32, side // 8, side // 8])
    x = convolution(student.head, "head", x)
    x = g.node("GlobalAveragePool", "pooled", [x])
    x = g.node("Flatten", "features", [x], axis=1)
    x = g.node(
        "Gemm",
        "projected",
        [
            x,
            g.weight("projection_weight", student.projection.weight),
            g.weight("projection_bias", student.projection.bias),
        ],
        transB=1,
    )
    x = g.node("LpNormalization", "embedding", [x], axis=1, p=2)
    return model(g, side, x, ["n", EMBEDDING])


def model(g: Graph, side: int, output: str, shape: list) -> onnx.ModelProto:
    return helper.make_model(
        helper.make_graph(
            g.nodes,
            "lookalike-default",
            [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, side, side])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            g.initializers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="lookalike",
    )
