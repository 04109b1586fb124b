"""Writes src/test/resources/goldens: tiny models, and the vectors that the Python reference gives.

    python -m venv venv && venv/bin/pip install numpy pillow onnx onnxruntime transformers==5.23.0
    venv/bin/python src/test/python/goldens.py

Images are made from a formula that GoldenVectorsTest repeats, so none are stored.
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import PIL
import transformers
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from transformers import CLIPImageProcessor, ViTImageProcessor

ROOT = pathlib.Path(__file__).resolve().parents[1] / "resources" / "goldens"
SIZES = [(40, 60), (61, 40), (300, 211), (129, 640), (20, 24), (2100, 1501)]


def image(width, height):
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    planes = [(x * 7 + y * 3 + (x * y) // 11) % 256, (x * x // 5 + y * 13) % 256, ((x ^ y) * 9 + (x // 16 % 2) * 90) % 256]
    return np.stack(planes, -1).astype(np.uint8)


PROCESSORS = {
    "clip": CLIPImageProcessor(size={"shortest_edge": 40}, crop_size={"height": 32, "width": 32}, resample=3),
    "clip-bilinear": CLIPImageProcessor(
        size={"shortest_edge": 36}, crop_size={"height": 32, "width": 32}, resample=2,
        image_mean=[0.5, 0.5, 0.5], image_std=[0.25, 0.5, 0.75]),
    "clip-padded": CLIPImageProcessor(size={"shortest_edge": 27}, crop_size={"height": 32, "width": 40}, resample=1),
    "vit": ViTImageProcessor(size={"height": 32, "width": 32}),
    "vit-raw": ViTImageProcessor(size={"height": 48, "width": 32}, do_normalize=False, resample=3),
}


def model(processor):
    """A random convolution, pooled into 4 x 4 cells, and a head of 7 classes."""
    random = np.random.default_rng(7)
    height = getattr(processor, "crop_size", None) or processor.size
    h, w = height["height"], height["width"]
    weights = [
        numpy_helper.from_array(random.normal(size=(6, 3, 5, 5)).astype(np.float32), "w"),
        numpy_helper.from_array(random.normal(size=(7, 96)).astype(np.float32), "head"),
        numpy_helper.from_array(np.zeros(7, np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("Conv", ["pixel_values", "w"], ["c"], pads=[2, 2, 2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("AveragePool", ["r"], ["p"], kernel_shape=[h // 4, w // 4], strides=[h // 4, w // 4]),
        helper.make_node("Flatten", ["p"], ["embedding"]),
        helper.make_node("Gemm", ["embedding", "head", "bias"], ["logits"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "tiny",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["N", 3, h, w])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 96]),
         helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 7])],
        weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made.SerializeToString(deterministic=True)


for name, processor in PROCESSORS.items():
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model(processor))
    processor.save_pretrained(folder)
    (folder / "labels.txt").write_text("".join(f"class {i}\n" for i in range(7)))
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    cases = []
    for width, height in SIZES:
        pixels = processor(Image.fromarray(image(width, height)), return_tensors="np")["pixel_values"].astype(np.float32)
        vector, logits = session.run(["embedding", "logits"], {"pixel_values": pixels})
        vector = vector[0] / np.linalg.norm(vector[0])
        cases.append({
            "width": width, "height": height, "best": int(logits[0].argmax()),
            "tensor": [round(float(v), 6) for v in pixels[0].reshape(-1)[:: pixels[0].size // 97]],
            "vector": [round(float(v), 7) for v in vector],
        })
    (folder / "goldens.json").write_text(json.dumps({
        "made_with": f"transformers {transformers.__version__}, Pillow {PIL.__version__}, onnxruntime {onnxruntime.__version__}",
        "cases": cases}))
    print(name, len(cases))
