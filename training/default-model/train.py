"""Trains the model that embed-service ships. One command; see README.md.

  python train.py --teacher DIR --data DIR[:N] ... --out DIR
      [--held-out DIR ...] [--queries DIR --gallery DIR ...] [--unseen NAME=DIR[:DIR] ...]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from pathlib import Path

# Two threads in total: one distorts pictures, one trains.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import onnx
import torch

import distil
import export
import measure
import pictures
import prepare
from mobilenet import Student

ID, VERSION = "lookalike-256", "1"
# The middle 7/9 of the short side, where the subject usually is. The whole picture finds more
# clothing (R@1 .817 instead of .774), but fewer groceries (.430 instead of .482).
SHORTEST, SIDE = 144, 112
# Chosen on the clothing validation split among .001, .01, .1 and 1.
RIDGE = 1.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True, help="folder with the teacher's model.onnx")
    parser.add_argument("--start", type=Path, help="model folder of an earlier run to continue from; default: the teacher")
    parser.add_argument("--data", nargs="+", required=True, metavar="DIR[:N]",
                        help="folders with pictures; N are drawn; labels are not used")
    parser.add_argument("--held-out", nargs="*", type=Path, default=[],
                        help="folders whose pictures are excluded from training, by name and content")
    parser.add_argument("--out", type=Path, required=True, help="the model folder")
    parser.add_argument("--work", type=Path, default=Path("work"), help="cache between runs")
    parser.add_argument("--queries", type=Path, help="labelled pictures for the report")
    parser.add_argument("--gallery", type=Path, nargs="*", default=[])
    parser.add_argument("--unseen", nargs="*", default=[], metavar="NAME=DIR[:DIR]",
                        help="labelled pictures of other kinds: queries and gallery, or one folder for leave-one-out")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--relations", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def gather(options) -> tuple[list[pictures.Picture], np.ndarray, dict]:
    """The training pictures with the teacher's vectors, and the number from each source."""
    held_out = [p for folder in options.held_out for p in pictures.find(folder)]
    names = {p.path.name for p in held_out if len(p.path.stem) >= 20}
    digests = {pictures.digest(p.path) for p in held_out}
    found, vectors, counts, seen = [], [], {}, set()
    for each in options.data:
        folder, _, take = each.partition(":")
        kept, targets = prepare.cached_teacher_vectors(
            Path(folder), int(take or 10**9), options.seed, options.teacher, options.work, 1
        )
        before = len(found)
        for picture, target in zip(kept, targets):
            digest = pictures.digest(picture.path)
            if digest not in digests | seen and picture.path.name not in names:
                seen.add(digest)
                found.append(picture)
                vectors.append(target)
        counts[folder] = len(found) - before
    return found, np.stack(vectors), counts


def write(student: Student, out: Path, teacher: Path) -> None:
    """The model folder."""
    out.mkdir(parents=True, exist_ok=True)
    model = export.graph(student, SIDE)
    onnx.checker.check_model(model)
    (out / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    processor = {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": SHORTEST},
        "resample": 2,
        "do_center_crop": True,
        "crop_size": {"height": SIDE, "width": SIDE},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [128 / 255] * 3,
        "image_std": [128 / 255] * 3,
    }
    own = {"id": ID, "version": VERSION, "output": "embedding", "dimension": 256}
    (out / "preprocessor_config.json").write_text(json.dumps(processor, indent=2) + "\n")
    (out / "lookalike-model.json").write_text(json.dumps(own, indent=2) + "\n")
    (out / "LICENSE").write_bytes((teacher / "LICENSE").read_bytes())


def report(options, out: Path, counts: dict, seconds: dict) -> dict:
    """The figures for the shipped file."""
    model = prepare.session(out / "model.onnx", 1)

    def embed_images(images) -> np.ndarray:
        return prepare.run(model, np.stack([pictures.view(i, SHORTEST, SIDE) for i in images]))

    def embed(found):
        kept, parts = [], []
        for group in pictures.batches(found, 128):
            seen = [(p, v) for p, v in zip(group, pictures.views(group, [(SHORTEST, SIDE)])) if v is not None]
            kept += [p for p, _ in seen]
            if seen:
                parts.append(prepare.run(model, np.stack([v[0] for _, v in seen])))
        return [p.label for p in kept], np.concatenate(parts), kept

    content = (out / "model.onnx").read_bytes()
    figures = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
               "pictures": counts, "seconds": seconds}
    if options.queries:
        labels, vectors, asked = embed(pictures.find(options.queries))
        others = [p for folder in options.gallery for p in pictures.find(folder)]
        known, gallery, _ = embed(others)
        figures["queries against gallery"] = measure.ranking(vectors, labels, gallery, known, False)
        figures["copies"] = measure.copies(embed_images, asked, np.concatenate([vectors, gallery]))
        single = np.concatenate([embed_images([pictures.open_rgb(p.path)]) for p in asked[:16]])
        figures["batch against singles"] = float(np.abs(single - vectors[:16]).max())
    for each in options.unseen:
        name, _, folders = each.partition("=")
        first, _, second = folders.partition(":")
        labels, vectors, _ = embed(pictures.find(Path(first)))
        known, gallery, _ = embed(pictures.find(Path(second))) if second else (labels, vectors.copy(), None)
        figures[name] = measure.ranking(vectors, labels, gallery, known, not second)
    figures["CPU ms an image"] = measure.speed(
        {"teacher": (options.teacher / "model.onnx", 224), "this": (out / "model.onnx", SIDE)}, [1, 8], 20
    )
    return figures


def main() -> None:
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    started = time.time()
    found, vectors, counts = gather(options)
    print(f"{len(found)} pictures: {counts}", flush=True)
    labelled = time.time()

    mean, axes = distil.principal_axes(vectors)
    targets = prepare.unit((vectors - mean) @ axes.T).astype(np.float32)
    student = Student()
    student.start_from(options.start or options.teacher)
    student.to(memory_format=torch.channels_last)
    lower = prepare.session(export.graph(student, SIDE, lower=True).SerializeToString(), 1)
    album = prepare.Album(found)
    distil.fit_projection(student, prepare.run(lower, album.plain(SHORTEST, SIDE)), targets, RIDGE)
    write(student, options.out, options.teacher)
    print(f"projection fitted after {time.time() - started:.0f} s", flush=True)

    def checkpoint(epoch: int) -> None:
        write(student, options.out, options.teacher)
        print(f"epoch {epoch} written to {options.out}", flush=True)

    if options.epochs:
        distil.train(student, album, lower, targets, SIDE, options.batch, options.epochs, options.rate,
                     options.relations, options.seed, checkpoint)
    seconds = {"teacher": round(labelled - started), "student": round(time.time() - labelled)}
    figures = report(options, options.out, counts, seconds)
    (options.work / "report.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
