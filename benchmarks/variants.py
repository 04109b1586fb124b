"""Makes the variants that `benchmarks/embedding` compares, with embed-service/src/test/oracle/requirements.txt:

    python benchmarks/variants.py MODEL_FOLDER TARGET     fp16 and dynamic int8 of model.onnx, beside copies of what lies there
    python benchmarks/variants.py --vit TARGET            a ViT-B/32 with random weights, and the same of it (speed only)
"""
import pathlib
import shutil
import sys

import onnx
from onnxconverter_common import float16
from onnxruntime.quantization import QuantType, quantize_dynamic

source, target = sys.argv[1:]
target = pathlib.Path(target)
if source == "--vit":
    import tempfile
    import transformers
    from optimum.exporters.onnx import main_export
    with tempfile.TemporaryDirectory() as plain:
        transformers.ViTModel(transformers.ViTConfig(patch_size=32), add_pooling_layer=False).save_pretrained(plain)
        transformers.ViTImageProcessor().save_pretrained(plain)
        main_export(plain, output=target, task="feature-extraction", library_name="transformers", do_validation=False)
else:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("reference"))
onnx.save(float16.convert_float_to_float16(onnx.load(target / "model.onnx"), keep_io_types=False), target / "model_fp16.onnx")
quantize_dynamic(target / "model.onnx", target / "model_quantized.onnx", weight_type=QuantType.QUInt8)
