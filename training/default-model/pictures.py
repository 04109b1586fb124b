"""Finds, decodes and resizes the pictures for training and measuring."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
# A truncated picture is rejected, not used in part.
ImageFile.LOAD_TRUNCATED_IMAGES = False
Image.MAX_IMAGE_PIXELS = 100_000_000


@dataclass(frozen=True)
class Picture:
    """One file; its label is its folder."""

    path: Path

    @property
    def label(self) -> str:
        return self.path.parent.name


def find(folder: Path) -> list[Picture]:
    """All pictures below a folder, in path order."""
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    return [Picture(p) for p in files]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def open_rgb(path: Path) -> Image.Image:
    """The picture upright, in RGB, transparency on white, as the service's imaging does."""
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")


def shrink(image: Image.Image, shortest: int) -> Image.Image:
    """The short side to the given length and the long side to int(shortest * long / short), bilinear
    and antialiased: CLIPImageProcessor's resize."""
    width, height = image.size
    short, long = min(width, height), max(width, height)
    other = int(shortest * long / short)
    size = (shortest, other) if width <= height else (other, shortest)
    return image if image.size == size else image.resize(size, Image.Resampling.BILINEAR)


def centre(image: Image.Image, side: int) -> Image.Image:
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def view(image: Image.Image, shortest: int, side: int) -> np.ndarray:
    """The part of the picture that a network sees: uint8 [side, side, 3]."""
    return np.asarray(centre(shrink(image, shortest), side), dtype=np.uint8)


def to_input(pixels: np.ndarray) -> np.ndarray:
    """uint8 [n, h, w, 3] to float32 [n, 3, h, w]: (x - 128) / 128, the teacher's scale."""
    scaled = (pixels.astype(np.float32) - 128.0) / 128.0
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def batches(items: list, size: int):
    for start in range(0, len(items), size):
        yield items[start : start + size]


def views(pictures: list[Picture], sizes: list[tuple[int, int]], workers: int = 2):
    """The views at (shortest, side) of every picture; None if the file is not a complete picture."""

    def load(picture: Picture):
        try:
            image = open_rgb(picture.path)
            return [view(image, *size) for size in sizes]
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None

    with ThreadPoolExecutor(workers) as pool:
        for group in batches(pictures, 256):
            yield from pool.map(load, group)
