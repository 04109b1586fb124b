"""Measures how well vectors find classes and copies, and how fast they are computed."""

from __future__ import annotations

import io
import time

import numpy as np
from PIL import Image, ImageEnhance

import pictures
import prepare


def ranking(queries, query_labels, gallery, gallery_labels, same: bool) -> dict:
    """R@1, R@5, R@10 and mAP over the full ranking; `same` leaves each query itself out."""
    similarity = queries @ gallery.T
    if same:
        np.fill_diagonal(similarity, -np.inf)
    labels = np.asarray(gallery_labels)
    hits = {1: 0, 5: 0, 10: 0}
    precisions, asked = [], 0
    for row, label in zip(similarity, query_labels):
        order = np.argsort(-row, kind="stable")
        relevant = labels[order[: len(order) - 1 if same else len(order)]] == label
        if not relevant.any():
            continue
        asked += 1
        for k in hits:
            hits[k] += bool(relevant[:k].any())
        places = np.flatnonzero(relevant)
        precisions.append(np.mean((np.arange(len(places)) + 1) / (places + 1)))
    return {"queries": asked, "gallery": len(labels), "R@1": hits[1] / asked, "R@5": hits[5] / asked,
            "R@10": hits[10] / asked, "mAP": float(np.mean(precisions))}


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def middle(image: Image.Image, share: float) -> Image.Image:
    width, height = int(image.width * share), int(image.height * share)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


COPIES = {
    "crop 80 %": lambda i: middle(i, 0.8),
    "JPEG 30": lambda i: jpeg(i, 30),
    "half the size": lambda i: i.resize((i.width // 2, i.height // 2), Image.Resampling.BILINEAR),
    "turned 5 degrees": lambda i: i.rotate(5, Image.Resampling.BILINEAR),
    "brighter by 30 %": lambda i: ImageEnhance.Brightness(i).enhance(1.3),
}


def copies(embed, originals: list[pictures.Picture], gallery: np.ndarray) -> dict:
    """Share of the originals (the first rows of the gallery) that their copies find first."""
    images = [pictures.open_rgb(p.path) for p in originals]
    found = {}
    for name, change in COPIES.items():
        similarity = embed([change(i) for i in images]) @ gallery.T
        found[name] = float((similarity.argmax(axis=1) == np.arange(len(images))).mean())
    return found


def speed(models: dict, batches: list[int], rounds: int) -> dict:
    """CPU milliseconds per image, inference only, on one thread; the models in turn, the median of
    the rounds."""
    figures = {}
    for batch in batches:
        taken = {name: [] for name in models}
        given = {}
        for name, (file, side) in models.items():
            values = np.random.default_rng(1).normal(size=(batch, 3, side, side)).astype(np.float32)
            given[name] = (prepare.session(file, 1), values)
        for _ in range(rounds + 2):
            for name, (model, values) in given.items():
                start = time.process_time()
                model.run([model.get_outputs()[0].name], {model.get_inputs()[0].name: values})
                taken[name].append(time.process_time() - start)
        for name, seconds in taken.items():
            figures[f"{name}, batch of {batch}"] = 1e3 * float(np.median(seconds[2:])) / batch
    return figures
