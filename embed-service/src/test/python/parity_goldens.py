"""Writes src/test/resources/parity: pictures, a small network, and its vectors by the Python reference.

    python -m venv venv && venv/bin/pip install -r src/test/python/requirements-5.txt
    venv/bin/python src/test/python/parity_goldens.py

The pictures are drawn here. The network has random weights; its bias takes away the mean of the
embeddings, so that cosines tell pictures (and preprocessings) apart.
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import PIL
import transformers
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw, ImageFilter
from transformers import CLIPImageProcessorPil, ViTImageProcessorPil

ROOT = pathlib.Path(__file__).resolve().parents[1] / "resources" / "parity"
ORDINARY = [(400, 533), (640, 480), (480, 640), (512, 512), (375, 500), (500, 333), (427, 640)]
LARGE = [(2000, 1500), (1500, 2250)]
SIDE = 224
DIMENSION = 64


def picture(width, height, seed):
    """Gradients, soft shapes, hard shapes, stripes and lines of text, with a little grain."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    planes = [128 + 90 * np.sin(random.uniform(1, 7) * x + random.uniform(1, 7) * y + random.uniform(0, 6)) for _ in range(3)]
    drawn = Image.fromarray(np.stack(planes, -1).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(drawn)
    for i in range(24):
        cx, cy = random.uniform(0, width), random.uniform(0, height)
        rx, ry = random.uniform(0.03, 0.22, 2) * max(width, height)
        colour = tuple(int(c) for c in random.integers(0, 256, 3))
        box = [cx - rx, cy - ry, cx + rx, cy + ry]
        if i % 4 == 0:
            draw.rectangle(box, fill=colour)
        elif i % 4 == 1:
            draw.ellipse(box, fill=colour)
        elif i % 4 == 2:
            step = max(4, int(rx / 6))
            for at in range(int(cx - rx), int(cx + rx), step):
                draw.line([at, cy - ry, at + rx / 3, cy + ry], fill=colour, width=max(1, step // 3))
        else:
            for line in range(3):
                draw.text((cx - rx, cy + line * ry / 2), f"picture {seed} line {line}", fill=colour, font_size=max(10, ry / 3))
        if i == 12:
            drawn = drawn.filter(ImageFilter.GaussianBlur(max(width, height) / 300))
            draw = ImageDraw.Draw(drawn)
    grain = random.normal(0, 1 if max(width, height) < 1000 else 0.3, (height, width, 1))
    return Image.fromarray((np.asarray(drawn) + grain).clip(0, 255).astype(np.uint8))


def network(bias):
    random = np.random.default_rng(5)
    first = random.normal(size=(16, 3, 5, 5)) / 8
    second = random.normal(size=(24, 16, 3, 3)) / 12
    head = random.normal(size=(DIMENSION, 24 * 16)) / 20
    weights = [numpy_helper.from_array(w.astype(np.float32), name)
               for w, name in ((first, "first"), (second, "second"), (head, "head"), (bias, "bias"))]
    nodes = [
        helper.make_node("Conv", ["pixel_values", "first"], ["a"], pads=[2, 2, 2, 2], strides=[4, 4]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("AveragePool", ["d"], ["e"], kernel_shape=[7, 7], strides=[7, 7]),
        helper.make_node("Flatten", ["e"], ["f"]),
        helper.make_node("Gemm", ["f", "head", "bias"], ["embedding"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "parity", [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", DIMENSION])], weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made.SerializeToString(deterministic=True)


def embeddings(graph, processor, files):
    session = onnxruntime.InferenceSession(graph)
    pixels = np.concatenate([processor(Image.open(file).convert("RGB"), return_tensors="np")["pixel_values"] for file in files])
    return session.run(["embedding"], {"pixel_values": pixels.astype(np.float32)})[0]


if __name__ == "__main__":
    ROOT.mkdir(parents=True, exist_ok=True)
    processors = {
        "clip": CLIPImageProcessorPil(size={"shortest_edge": 256}, resample=2, image_mean=[0.5] * 3, image_std=[0.5] * 3),
        "vit": ViTImageProcessorPil(resample=3),
    }
    names = {"ordinary": [], "large": []}
    for kind, sizes in (("ordinary", ORDINARY), ("large", LARGE)):
        for i, (width, height) in enumerate(sizes):
            name = f"{kind}-{i}.jpg"
            picture(width, height, len(names["ordinary"]) * 100 + i).save(ROOT / name, quality=80 if kind == "ordinary" else 40)
            names[kind].append(name)
    every = [ROOT / name for kind in names.values() for name in kind]
    zero = embeddings(network(np.zeros(DIMENSION)), processors["clip"], every)
    graph = network(-zero.mean(0))
    (ROOT / "model.onnx").write_bytes(graph)
    found = []
    for name, processor in processors.items():
        vectors = embeddings(graph, processor, every)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cosines = vectors @ vectors.T
        print(name, "cosine between pictures: mean", (cosines.sum() - len(every)) / (len(every) ** 2 - len(every)), "most", np.sort(cosines[np.triu_indices(len(every), 1)])[-1])
        found.append({"name": name, "config": {k: v for k, v in processor.to_dict().items() if not k.startswith("_")},
                      "vectors": {file.name: [round(float(v), 6) for v in vector] for file, vector in zip(every, vectors)}})
    (ROOT / "goldens.json").write_text(json.dumps({
        "made_with": f"transformers {transformers.__version__}, Pillow {PIL.__version__}, onnxruntime {onnxruntime.__version__}",
        "ordinary": names["ordinary"], "large": names["large"], "processors": found}))
