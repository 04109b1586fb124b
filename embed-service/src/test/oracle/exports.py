"""Writes src/test/resources/exports.zip: tiny random models as optimum exports them, and what PyTorch makes of them.

    python3.11 -m venv venv && venv/bin/pip install -r src/test/oracle/requirements.txt
    HF_HUB_OFFLINE=1 venv/bin/python src/test/oracle/exports.py

Nothing is downloaded: the weights are random, from a fixed seed. Images are made from a formula that ExportsTest
repeats, straight as pixel values, so that only the model and the choice of its embedding are compared.
"""
import json
import pathlib
import shutil
import tempfile
import zipfile

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from onnx import TensorProto, helper, numpy_helper
from onnxconverter_common import float16
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from optimum.exporters.onnx import main_export

TARGET = pathlib.Path(__file__).resolve().parents[1] / "resources" / "exports.zip"
SIDE = 32
COUNT = 4
LABELS = {i: name for i, name in enumerate(["anorak", "beret", "clog", "dirndl", "espadrille"])}


def hashed(index):
    """-1..1: the top 24 bits of a multiplicative hash."""
    return ((index.astype(np.uint64) * np.uint64(2654435761)) % np.uint64(1 << 32) >> np.uint64(8)).astype(np.float64) / (1 << 24) * 2 - 1


def pixels(image):
    """[1, 3, 32, 32]: 4 x 4 blocks of colour with some noise on them."""
    channel, y, x = np.mgrid[0:3, 0:SIDE, 0:SIDE]
    block = hashed(((image * 3 + channel) * 4 + y // 8) * 4 + x // 8 + 12345)
    noise = hashed((channel * SIDE + y) * SIDE + x + image * 1_000_003)
    return (0.75 * block + 0.25 * noise).astype(np.float32)[None]


VIT = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=SIDE, patch_size=8)
HEAD = dict(id2label=LABELS, label2id={name: i for i, name in LABELS.items()})


def clip():
    text = dict(vocab_size=64, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                max_position_embeddings=16, bos_token_id=0, eos_token_id=63)
    return transformers.CLIPConfig(text_config=text, vision_config=dict(VIT), projection_dim=20)


def vision():
    """With or without projection, optimum exports the same: no image_embeds."""
    return transformers.CLIPVisionModel(transformers.CLIPVisionConfig(**VIT))


def dinov2(**more):
    vit = {k: v for k, v in VIT.items() if k != "intermediate_size"}
    return transformers.Dinov2Config(**vit, mlp_ratio=2, **more)


def resnet(**more):
    return transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", **more)


def mobilenet(**more):
    return transformers.MobileNetV2Config(image_size=SIDE, depth_multiplier=0.05, min_depth=4, depth_divisible_by=4, finegrained_output=False, tf_padding=False, **more)


# name -> model, task of the export, what PyTorch's output is the embedding
EXPORTS = {
    "vit-features": (lambda: transformers.ViTModel(transformers.ViTConfig(**VIT), add_pooling_layer=False),
                     "feature-extraction", lambda o: o.last_hidden_state[:, 0]),
    "vit-classes": (lambda: transformers.ViTForImageClassification(transformers.ViTConfig(**VIT, **HEAD)),
                    "image-classification", lambda o: o.hidden_states[-1][:, 0]),
    "dinov2-features": (lambda: transformers.Dinov2Model(dinov2()),
                        "feature-extraction", lambda o: o.last_hidden_state[:, 0]),
    "dinov2-classes": (lambda: transformers.Dinov2ForImageClassification(dinov2(**HEAD)),
                       "image-classification", None),
    "clip-vision": (vision, "feature-extraction", lambda o: o.pooler_output),
    "clip-whole": (lambda: transformers.CLIPModel(clip()), "zero-shot-image-classification", lambda o: o.image_embeds),
    "resnet-features": (lambda: transformers.ResNetModel(resnet()),
                        "feature-extraction", lambda o: o.last_hidden_state.mean((2, 3))),
    "resnet-classes": (lambda: transformers.ResNetForImageClassification(resnet(**HEAD)), "image-classification", None),
    "mobilenetv2-features": (lambda: transformers.MobileNetV2Model(mobilenet()),
                             "feature-extraction", lambda o: o.last_hidden_state.mean((2, 3))),
    "mobilenetv2-classes": (lambda: transformers.MobileNetV2ForImageClassification(mobilenet(**HEAD)),
                            "image-classification", None),
}


def processor(name):
    return transformers.CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}) \
        if name.startswith("clip") else transformers.ViTImageProcessor(size={"height": SIDE, "width": SIDE})


def unsettled(model):
    """Weights and statistics of a fresh model are so even that all images look the same: spreads them."""
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = 1.0 if parameter.dim() > 1 else 0.3
            parameter.add_(torch.randn(parameter.shape, generator=generator) * scale / max(1, parameter.numel() / max(1, len(parameter) if parameter.dim() else 1)) ** 0.25)
        for name, buffer in model.named_buffers():
            if name.endswith("running_var"):
                buffer.add_(torch.rand(buffer.shape, generator=generator))
    return model.eval()


def head_input(model):
    """What the last Linear of a classification model is given."""
    last = [module for module in model.modules() if isinstance(module, torch.nn.Linear)][-1]
    seen = []
    last.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    return seen


def torch_reference(name, model, embedding):
    seen = head_input(model) if embedding is None else []
    vectors, best = [], []
    for image in range(COUNT):
        inputs = {"pixel_values": torch.from_numpy(pixels(image))}
        if name == "clip-whole":
            inputs["input_ids"] = torch.tensor([[0, 5, 9, 63]])
            inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        with torch.no_grad():
            output = model(**inputs, output_hidden_states=name == "vit-classes")
        vector = seen[-1] if embedding is None else embedding(output)
        if name == "vit-classes":
            vector = model.vit.layernorm(output.hidden_states[-1])[:, 0]
        vectors.append(vector.detach().numpy().reshape(-1))
        if name.endswith("-classes"):
            best.append(LABELS[int(output.logits[0].argmax())])
    return vectors, best


def ort_reference(file, embedding, dtype=np.float32):
    """One image at a time; the embedding is what EmbeddingTensor chooses, pooled as it says."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # optimum declares the shape of ResNet's output wrong, and each run would warn
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    vectors = []
    for image in range(COUNT):
        value = session.run([embedding], {"pixel_values": pixels(image).astype(dtype)})[0].astype(np.float32)
        vectors.append(value[0, 0] if value.ndim == 3 else value.mean((2, 3))[0] if value.ndim == 4 else value[0])
    return vectors


class Calibration(CalibrationDataReader):
    def __init__(self):
        self.images = iter([{"pixel_values": pixels(i)} for i in range(8)])

    def get_next(self):
        return next(self.images, None)


def case(graph, vectors, reference, **more):
    return dict(graph=graph, reference=reference, vectors=[[round(float(v), 7) for v in vector] for vector in vectors], **more)


def variants(name, folder, embedding):
    """fp16 and int8 as the onnx folders of the Hub hold them, made with the tools that make those."""
    source = folder / "model.onnx"
    cases = []
    half = float16.convert_float_to_float16(onnx.load(source), keep_io_types=False)
    onnx.save(half, folder / "model_fp16.onnx")
    cases.append(case("model_fp16.onnx", ort_reference(folder / "model_fp16.onnx", embedding, np.float16), "onnxruntime", input_type="float16"))
    quantize_dynamic(source, folder / "model_quantized.onnx", weight_type=QuantType.QUInt8,
                     op_types_to_quantize=["MatMul", "Gemm", "Conv"] if name.startswith("resnet") else ["MatMul", "Gemm"])
    cases.append(case("model_quantized.onnx", ort_reference(folder / "model_quantized.onnx", embedding), "onnxruntime", batch=1))
    prepared = folder / "prepared.onnx"
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    quantize_static(prepared, folder / "model_int8.onnx", Calibration(), quant_format=QuantFormat.QDQ,
                    weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8)
    prepared.unlink()
    cases.append(case("model_int8.onnx", ort_reference(folder / "model_int8.onnx", embedding), "onnxruntime"))
    return cases


def scaled_inside(root):
    """A graph that takes 0..255 and does its own scaling, as some exporters append it."""
    folder = root / "scaled-inside"
    folder.mkdir()
    random = np.random.default_rng(3)
    weights = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in
               [("scale", np.array(1 / 127.5)), ("one", np.array(1)), ("w", random.normal(size=(24, 3, 8, 8)))]]
    nodes = [helper.make_node("Cast", ["pixels"], ["cast"], to=TensorProto.FLOAT), helper.make_node("Mul", ["cast", "scale"], ["m"]),
             helper.make_node("Sub", ["m", "one"], ["s"]), helper.make_node("Conv", ["s", "w"], ["c"], strides=[8, 8]),
             helper.make_node("Relu", ["c"], ["r"]), helper.make_node("GlobalAveragePool", ["r"], ["pooler_output"])]
    made = helper.make_model(helper.make_graph(
        nodes, "scaled", [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("pooler_output", TensorProto.FLOAT, ["n", 24, 1, 1])], weights),
        opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    onnx.save(made, folder / "model.onnx")
    transformers.ViTImageProcessor(size={"height": SIDE, "width": SIDE}, do_rescale=False, do_normalize=False).save_pretrained(folder)
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    vectors = [session.run(None, {"pixels": np.floor((pixels(i) + 1) * 127.5 + 0.5).astype(np.uint8)})[0].reshape(-1) for i in range(COUNT)]
    (folder / "goldens.json").write_text(json.dumps(dict(cases=[case("model.onnx", vectors, "onnxruntime", input_type="uint8")])))


def write(root):
    scaled_inside(root)
    for name, (make, task, embedding) in EXPORTS.items():
        torch.manual_seed(7)
        folder = root / name
        with tempfile.TemporaryDirectory() as plain:
            model = unsettled(make())
            model.save_pretrained(plain)
            processor(name).save_pretrained(plain)
            main_export(plain, output=folder, task=task, library_name="transformers", do_validation=False)
        for extra in folder.iterdir():
            if extra.name not in ("model.onnx", "config.json", "preprocessor_config.json"):
                extra.unlink()
        vectors, best = torch_reference(name, model, embedding)
        cases = [case("model.onnx", vectors, f"torch {torch.__version__}", labels=best)]
        if name in ("vit-features", "resnet-features"):
            cases += variants(name, folder, "last_hidden_state")
        graph = onnx.load(folder / "model.onnx").graph
        goldens = dict(
            made_with=f"transformers {transformers.__version__}, torch {torch.__version__}, onnxruntime {onnxruntime.__version__}",
            outputs=[o.name for o in graph.output], inputs=[i.name for i in graph.input], cases=cases)
        (folder / "goldens.json").write_text(json.dumps(goldens))
        print(name, goldens["inputs"], goldens["outputs"], len(vectors[0]),
              "similarity of images %.4f" % (np.dot(vectors[0], vectors[1]) / np.linalg.norm(vectors[0]) / np.linalg.norm(vectors[1])),
              {p.name: p.stat().st_size for p in folder.iterdir()})
    split = root / "vit-external"
    shutil.copytree(root / "vit-features", split, ignore=shutil.ignore_patterns("model_*.onnx", "goldens.json"))
    (split / "onnx").mkdir()
    (split / "model.onnx").unlink()
    onnx.save(onnx.load(root / "vit-features" / "model.onnx"), split / "onnx" / "model.onnx", save_as_external_data=True,
              all_tensors_to_one_file=True, location="model.onnx_data", size_threshold=256)
    goldens = json.loads((root / "vit-features" / "goldens.json").read_text())
    goldens["cases"] = [dict(goldens["cases"][0], graph="onnx/model.onnx")]
    (split / "goldens.json").write_text(json.dumps(goldens))


with tempfile.TemporaryDirectory() as work:
    write(pathlib.Path(work))
    TARGET.unlink(missing_ok=True)
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(pathlib.Path(work).rglob("*")):
            if file.is_file():
                info = zipfile.ZipInfo(str(file.relative_to(work)), (2026, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, file.read_bytes())
    print(TARGET, TARGET.stat().st_size)
