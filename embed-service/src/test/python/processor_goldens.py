"""Writes src/test/resources/processors/*.json: what transformers makes of images, for ProcessorGoldensTest.

Run once with each of requirements-4.txt, requirements-5.txt and requirements-timm.txt:

    python -m venv venv && venv/bin/pip install -r src/test/python/requirements-4.txt
    venv/bin/python src/test/python/processor_goldens.py

With transformers 4 the classes that use Pillow are the plain ones (CLIPImageProcessor), with
transformers 5 those that end in Pil; configurations that both accept must give the same tensors.
With torch and timm at hand, the processors that exist only on torch are run instead.

Images are made from a formula that the test repeats, so none are stored. Of each tensor the file
has its shape, the start of the SHA-256 of its float32 bytes, and a few of its values.
"""
import hashlib
import json
import pathlib

import numpy as np
import PIL
import transformers
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1] / "resources" / "processors"

# width, height: portrait, landscape, odd sides, narrow, smaller than the crop, one pixel wide, one
# pixel high, one pixel, large.
SIZES = [(40, 60), (61, 40), (97, 97), (300, 211), (129, 640), (20, 24), (33, 9), (1, 50), (50, 1), (1, 1), (3, 7)]
LARGE = (2100, 1501)
SAMPLES = 7


def image(width, height):
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    planes = [(x * 7 + y * 3 + (x * y) // 11) % 256, (x * x // 5 + y * 13) % 256, ((x ^ y) * 9 + (x // 16 % 2) * 90) % 256]
    return np.stack(planes, -1).astype(np.uint8)


def hw(height, width):
    return {"height": height, "width": width}


def cases():
    """name, configuration, versions of transformers that accept it in the way that is wanted"""
    both, four, five = (4, 5), (4,), (5,)
    clip = {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 40}, "crop_size": hw(32, 32)}
    for code in range(6):
        yield f"clip resample {code}", clip | {"resample": code}, both
    yield "clip integers", clip | {"size": 40, "crop_size": 32}, both
    yield "clip crop not square", clip | {"crop_size": hw(24, 36)}, both
    yield "clip crop larger than the image", clip | {"size": {"shortest_edge": 27}, "crop_size": hw(33, 40)}, both
    yield "clip exact size", clip | {"size": hw(50, 37)}, both
    yield "clip exact size smaller than the crop", clip | {"size": hw(21, 37)}, both
    yield "clip mean and std", clip | {"image_mean": [0.1, 0.5, 0.9], "image_std": [0.25, 0.5, 0.75]}, both
    yield "clip one mean for all", clip | {"image_mean": 0.3, "image_std": 0.7}, both
    yield "clip no resize", clip | {"do_resize": False}, both
    yield "clip no crop", clip | {"do_center_crop": False, "size": hw(32, 40)}, both
    yield "clip no rescale", clip | {"do_rescale": False}, both
    yield "clip no normalise", clip | {"do_normalize": False}, both
    yield "clip pixels", clip | {"do_normalize": False, "do_rescale": False}, both
    yield "clip rescale factor", clip | {"rescale_factor": 1 / 127.5, "do_convert_rgb": False}, both
    yield "clip square size", clip | {"use_square_size": True, "size": {"shortest_edge": 224}}, both
    yield "clip nulls defaults", clip | {"size": None, "crop_size": None, "image_mean": None, "image_std": None}, four
    yield "clip feature extractor", {
        "feature_extractor_type": "CLIPFeatureExtractor", "crop_size": 32, "do_center_crop": True,
        "do_normalize": True, "do_resize": True, "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 32}, both
    yield "clip shortest and longest", clip | {"size": {"shortest_edge": 40, "longest_edge": 64}}, five
    yield "clip shortest and longest, padded", clip | {
        "size": {"shortest_edge": 30, "longest_edge": 40}, "do_center_crop": False, "do_pad": True,
        "pad_size": hw(44, 42)}, five
    yield "clip within, padded", clip | {
        "size": {"max_height": 30, "max_width": 40}, "do_center_crop": False, "do_pad": True, "pad_size": hw(30, 41)}, five
    yield "clip padded", clip | {"do_pad": True, "pad_size": hw(40, 35)}, five
    yield "clip fast", clip | {"image_processor_type": "CLIPImageProcessorFast"}, both

    for base in ("ViT", "DeiT", "Beit", "CLIP", "Siglip", "Bit", "ConvNext", "MobileNetV1", "MobileNetV2", "MobileViT",
                 "EfficientNet", "Levit", "PoolFormer", "Blip", "Pvt", "Segformer"):
        yield f"{base} defaults", {"image_processor_type": base + "ImageProcessor"}, four
    yield "Beit fast defaults", {"image_processor_type": "BeitImageProcessorFast"}, five
    yield "ChineseCLIP defaults", {"image_processor_type": "ChineseCLIPImageProcessor"}, five

    for base in ("ViT", "DeiT", "Beit", "EfficientNet", "Blip", "Pvt", "Segformer"):
        config = {"image_processor_type": base + "ImageProcessor", "size": 36, "crop_size": hw(32, 32), "resample": 3,
                  "do_center_crop": base in ("DeiT", "Beit")}
        yield f"{base} squashed", config, both
        yield f"{base} not square", config | {"size": hw(48, 34), "do_center_crop": False}, both
        if base != "Segformer":
            yield f"{base} shortest edge", config | {"size": {"shortest_edge": 40}, "do_center_crop": True}, five
        yield f"{base} raw", config | {"do_rescale": False, "do_normalize": False, "resample": 2}, both
    for base in ("Bit", "MobileNetV1", "MobileNetV2", "MobileViT", "Levit", "ChineseCLIP"):
        versions = five if base == "ChineseCLIP" else both
        config = {"image_processor_type": base + "ImageProcessor", "size": {"shortest_edge": 36}, "crop_size": hw(32, 32),
                  "resample": 2, "do_center_crop": True}
        yield f"{base} shortest edge", config, versions
        yield f"{base} integers", config | {"size": 33, "crop_size": 30, "resample": 3}, versions
        yield f"{base} exact", config | {"size": hw(40, 33)}, both
        yield f"{base} crop larger than the image", config | {"size": 15, "crop_size": hw(32, 30)}, versions
        yield f"{base} no crop", config | {"size": hw(40, 33), "do_center_crop": False, "do_normalize": False}, both
    siglip = {"image_processor_type": "SiglipImageProcessor", "size": hw(32, 32), "resample": 3, "do_convert_rgb": None}
    yield "Siglip squashed", siglip, both
    yield "Siglip fast", siglip | {"image_processor_type": "SiglipImageProcessorFast", "size": hw(40, 24)}, both
    yield "ViT cropped", {"image_processor_type": "ViTImageProcessor", "size": hw(40, 40), "crop_size": hw(30, 35),
                          "do_center_crop": True, "resample": 2}, five
    yield "ViT feature extractor", {
        "feature_extractor_type": "ViTFeatureExtractor", "do_normalize": True, "do_resize": True, "size": 32,
        "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "resample": 3}, both
    yield "ViT list", {"image_processor_type": "ViTImageProcessor", "size": [30, 40], "resample": 2}, both

    convnext = {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 32}, "resample": 3}
    yield "ConvNext crop_pct default", convnext, both
    yield "ConvNext crop_pct 0.95", convnext | {"crop_pct": 0.95, "size": 37}, both
    yield "ConvNext crop_pct 1", convnext | {"crop_pct": 1.0, "resample": 2}, both
    yield "ConvNext crop_pct 1.2", convnext | {"crop_pct": 1.2}, both
    yield "ConvNext 383", convnext | {"size": {"shortest_edge": 383}, "crop_pct": 0.9}, both
    yield "ConvNext 384", convnext | {"size": {"shortest_edge": 384}, "crop_pct": 0.5}, both
    yield "ConvNext no resize", convnext | {"do_resize": False, "do_center_crop": True, "crop_size": hw(20, 30)}, five
    yield "ResNet", {
        "crop_pct": 0.875, "do_normalize": True, "do_resize": True, "feature_extractor_type": "ConvNextFeatureExtractor",
        "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "resample": 3, "size": 28}, both

    poolformer = {"image_processor_type": "PoolFormerImageProcessor", "crop_size": hw(32, 32), "resample": 3}
    yield "PoolFormer crop_pct default", poolformer | {"size": {"shortest_edge": 32}}, both
    yield "PoolFormer crop_pct 0.8", poolformer | {"size": 33, "crop_pct": 0.8}, both
    yield "PoolFormer square", poolformer | {"size": hw(33, 33), "crop_pct": 0.85}, both
    yield "PoolFormer not square", poolformer | {"size": hw(30, 40), "crop_pct": 0.85, "resample": 2}, both

    efficientnet = {"image_processor_type": "EfficientNetImageProcessor", "size": hw(36, 36), "resample": 0}
    yield "EfficientNet offset", efficientnet | {"rescale_factor": 1 / 127.5, "rescale_offset": True}, both
    yield "EfficientNet without top", efficientnet | {"include_top": False}, both
    yield "EfficientNet b0", efficientnet | {
        "crop_size": hw(31, 31), "do_center_crop": False, "do_normalize": True, "do_rescale": True, "include_top": True,
        "image_mean": [0.485, 0.456, 0.406], "image_std": [0.47853944, 0.4732864, 0.47434163], "rescale_offset": False}, both
    yield "EfficientNet top only", efficientnet | {"do_normalize": False, "image_std": [0.2, 0.3, 0.4], "resample": 3}, both

    mobilevit = {"image_processor_type": "MobileViTImageProcessor", "size": {"shortest_edge": 36}, "crop_size": hw(32, 32),
                 "resample": 2}
    yield "MobileViT not flipped", mobilevit | {"do_flip_channel_order": False}, both
    yield "MobileViT does not normalise", mobilevit | {"do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}, both
    yield "MobileViT feature extractor", {
        "crop_size": 32, "do_center_crop": True, "do_flip_channel_order": True, "do_resize": True,
        "feature_extractor_type": "MobileViTFeatureExtractor", "resample": 2, "size": 36}, both


def torch_cases():
    for interpolation in ("bicubic", "bilinear", "nearest", "lanczos", "box", "hamming"):
        yield f"timm {interpolation}", {"pretrained_cfg": {
            "input_size": [3, 32, 32], "interpolation": interpolation, "crop_pct": 0.9, "crop_mode": "center",
            "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}
    yield "timm defaults", {"pretrained_cfg": {"architecture": "resnet18"}}
    yield "timm odd crop", {"pretrained_cfg": {"input_size": [3, 31, 31], "crop_pct": 0.875, "mean": [0.5] * 3, "std": [0.5] * 3}}
    yield "timm crop_pct 1", {"pretrained_cfg": {"input_size": [3, 32, 32], "crop_pct": 1.0}}
    yield "timm squash", {"pretrained_cfg": {"input_size": [3, 32, 40], "crop_pct": 0.95, "crop_mode": "squash"}}
    yield "timm squash whole", {"pretrained_cfg": {"input_size": [3, 48, 48], "crop_pct": 1.0, "crop_mode": "squash", "mean": [0.5], "std": [0.5]}}
    yield "DINOv3", {"image_processor_type": "DINOv3ViTImageProcessorFast", "size": hw(48, 48), "resample": 2}
    yield "DINOv3 not square", {"image_processor_type": "DINOv3ViTImageProcessorFast", "size": hw(40, 32)}


def processor(config, major):
    name = config.get("image_processor_type") or config["feature_extractor_type"].replace("FeatureExtractor", "ImageProcessor")
    name = name.removesuffix("Fast") + ("Pil" if major == 5 else "")
    return getattr(transformers, name).from_dict(dict(config))


def sizes(config):
    """The class defaults, which are large, on fewer images, and the large image for some."""
    if any(word in config for word in ("defaults", "383", "384")):
        return [(40, 60), (300, 211), (1, 50), LARGE]
    return SIZES + [LARGE] if config.startswith(("clip resample", "timm", "ConvNext", "ResNet", "Levit")) else SIZES


def entry(width, height, tensor, samples):
    flat = tensor.reshape(-1)
    return {"width": width, "height": height, "shape": list(tensor.shape),
            "sha256": hashlib.sha256(tensor.astype("<f4").tobytes()).hexdigest()[:20],
            "values": [round(float(v), 6) for v in flat[np.arange(samples) * (flat.size - 1) // max(1, samples - 1)]]}


def write(name, made_with, found):
    ROOT.mkdir(parents=True, exist_ok=True)
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in found)
    (ROOT / name).write_text('{"made_with":%s,"cases":[\n%s\n]}\n' % (json.dumps(made_with), text))
    print(name, len(found), "configurations,", sum(len(case["images"]) for case in found), "tensors")


def with_pillow():
    major = int(transformers.__version__.split(".")[0])
    found = []
    for name, config, versions in cases():
        if major not in versions:
            continue
        made = processor(config, major)
        images = []
        for width, height in sizes(name):
            # Told the layout: version 4 takes an image that is 1 or 3 pixels high for planes.
            options = {"input_data_format": "channels_last"} if major == 4 else {}
            try:
                tensor = made(Image.fromarray(image(width, height)), return_tensors="np", **options)["pixel_values"][0]
            except ValueError as e:
                print("left out:", name, width, height, e)
                continue
            images.append(entry(width, height, np.ascontiguousarray(tensor, dtype=np.float32), SAMPLES))
        found.append({"name": name, "config": config, "exact": True, "images": images})
    write(f"transformers-{major}.json", f"transformers {transformers.__version__}, Pillow {PIL.__version__}", found)


def with_torch():
    import timm
    import torch
    import torchvision

    found = []
    for name, config in torch_cases():
        timms = "pretrained_cfg" in config
        made = (transformers.TimmWrapperImageProcessor(**config) if timms
                else transformers.DINOv3ViTImageProcessorFast.from_dict(dict(config)))
        images = []
        for width, height in sizes(name):
            tensor = made(Image.fromarray(image(width, height)), return_tensors="pt")["pixel_values"][0].numpy()
            # DINOv3 resizes floats, without rounding to 8 bits: values instead of a hash.
            images.append(entry(width, height, tensor, SAMPLES if timms else 199))
        found.append({"name": name, "config": config, "exact": timms, "images": images})
    write("torch.json", f"transformers {transformers.__version__}, timm {timm.__version__}, torchvision "
          f"{torchvision.__version__}, torch {torch.__version__}, Pillow {PIL.__version__}", found)


if __name__ == "__main__":
    try:
        import timm  # noqa: F401
    except ImportError:
        with_pillow()
    else:
        with_torch()
