"""Makes the variants that `benchmarks/embedding` compares, with embed-service/src/test/oracle/requirements.txt:

    python benchmarks/variants.py MODEL_FOLDER TARGET [IMAGES]   of model.onnx, beside copies of the folder's files:
                                                                 model_fp16.onnx, model_quantized.onnx (int8, dynamic),
                                                                 model_static.onnx (int8, static)
    python benchmarks/variants.py --vit TARGET [IMAGES]          a ViT-B/32 with random weights, and its variants
    python benchmarks/variants.py --fp16 GRAPH                   only model_fp16.onnx, beside it

Static quantisation needs images: 32 JPEGs of the folder IMAGES, or else 32 that are drawn here.
"""
import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnxconverter_common import float16


def half(graph):
    converted = float16.convert_float_to_float16(onnx.load(graph), keep_io_types=False)
    onnx.save(converted, graph.with_name("model_fp16.onnx"))


def drawn(count=32):
    """Pictures with large and small details, the same on every machine."""
    from PIL import Image
    random = np.random.default_rng(1)
    for _ in range(count):
        image = np.zeros((300, 300, 3), np.float64)
        for block in (150, 60, 20, 1):
            side = 300 // block
            image += np.kron(random.normal(0, 30, (side, side, 3)), np.ones((block, block, 1)))
        yield Image.fromarray(np.clip(image + 128, 0, 255).astype(np.uint8))


def photographs(folder, count=32):
    from PIL import Image
    files = sorted(pathlib.Path(folder).rglob("*.jpg"))
    return [Image.open(file).convert("RGB") for file in files[:: max(1, len(files) // count)][:count]]


def quantised(folder, images):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process
    from transformers import AutoImageProcessor

    quantize_dynamic(folder / "model.onnx", folder / "model_quantized.onnx", weight_type=QuantType.QUInt8)
    prepared = folder / "prepared.onnx"
    quant_pre_process(folder / "model.onnx", prepared)
    name = onnx.load(prepared, load_external_data=False).graph.input[0].name
    processor = AutoImageProcessor.from_pretrained(folder, use_fast=False)

    class Pixels(CalibrationDataReader):
        def __init__(self):
            self.tensors = iter([processor(image, return_tensors="np")["pixel_values"] for image in images])

        def get_next(self):
            tensor = next(self.tensors, None)
            return None if tensor is None else {name: tensor.astype(np.float32)}

    quantize_static(
        prepared, folder / "model_static.onnx", Pixels(), quant_format=QuantFormat.QDQ, per_channel=True,
        op_types_to_quantize=["Conv", "MatMul", "Gemm"], activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    prepared.unlink()


def vit(target):
    import tempfile
    import transformers
    from optimum.exporters.onnx import main_export
    with tempfile.TemporaryDirectory() as plain:
        transformers.set_seed(1)
        transformers.ViTModel(transformers.ViTConfig(patch_size=32), add_pooling_layer=False).save_pretrained(plain)
        transformers.ViTImageProcessor().save_pretrained(plain)
        main_export(plain, output=target, task="feature-extraction", library_name="transformers", do_validation=False)


if __name__ == "__main__":
    source, target = sys.argv[1], pathlib.Path(sys.argv[2])
    if source == "--fp16":
        half(target)
        sys.exit()
    if source == "--vit":
        vit(target)
    else:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("reference"))
    half(target / "model.onnx")
    quantised(target, photographs(sys.argv[3]) if len(sys.argv) > 3 else list(drawn()))
