"""Trains the student to reproduce the teacher's vectors."""

from __future__ import annotations

import math
import queue
import threading
import time

import numpy as np
import torch
from torch.nn import functional as F

import prepare
from mobilenet import EMBEDDING, Student
from prepare import Album


def principal_axes(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and the 256 first axes of the teacher's vectors, rows of unit length."""
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    _, axes = np.linalg.eigh(centred.T @ centred)
    return mean, np.ascontiguousarray(axes[:, ::-1][:, :EMBEDDING].T)


def least_squares(features: np.ndarray, targets: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Weight [256, k] and bias of the linear map from features to targets."""
    mean, aim = features.mean(axis=0), targets.mean(axis=0)
    x = (features - mean).astype(np.float64)
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += ridge * np.trace(gram) / len(gram)
    weight = np.linalg.solve(gram, x.T @ (targets - aim)).T
    return weight.astype(np.float32), (aim - weight @ mean).astype(np.float32)


def fit_projection(student: Student, activations: np.ndarray, targets: np.ndarray, ridge: float) -> None:
    with torch.no_grad():
        features = np.concatenate(
            [student.pooled(torch.from_numpy(a)).numpy() for a in np.array_split(activations, max(1, len(activations) // 64))]
        )
        weight, bias = least_squares(features, targets, ridge)
        student.projection.weight.copy_(torch.from_numpy(weight))
        student.projection.bias.copy_(torch.from_numpy(bias))


def loss(vectors: torch.Tensor, targets: torch.Tensor, relations: float) -> torch.Tensor:
    """Distance of each vector from its target, and of the similarities within the batch from the
    similarities of the targets (relational distillation: Park et al., 2019)."""
    own = (1 - (vectors * targets).sum(dim=1)).mean()
    difference = vectors @ vectors.T - targets @ targets.T
    count = len(vectors)
    return own + relations * difference.square().sum() / (count * (count - 1))


class Supply:
    """Batches of distorted views, already passed through the frozen part; made by one thread ahead
    of the training, the same for the same seed."""

    def __init__(self, album: Album, lower, side: int, batch: int, epochs: int, seed: int):
        self._queue = queue.Queue(8)
        self._thread = threading.Thread(
            target=self._fill, args=(album, lower, side, batch, epochs, seed), daemon=True
        )
        self._thread.start()

    def _fill(self, album, lower, side, batch, epochs, seed):
        random = np.random.default_rng(seed)
        for _ in range(epochs):
            order = random.permutation(len(album.images))
            for start in range(0, len(order) - batch + 1, batch):
                chosen = order[start : start + batch]
                seen = np.stack([prepare.disturbed(album.images[i], side, random) for i in chosen])
                self._queue.put((chosen, prepare.run(lower, seen)))
        self._queue.put(None)

    def __iter__(self):
        while (item := self._queue.get()) is not None:
            yield item


def train(student, album, lower, targets, side, batch, epochs, rate, relations, seed, checkpoint):
    """Adam with a warm-up and a cosine; the result is the running mean of the weights. `checkpoint`
    is called with that mean after each epoch."""
    parameters = student.trained()
    projection = list(student.projection.parameters())
    others = [p for p in parameters if all(p is not q for q in projection)]
    for parameter in student.parameters():
        parameter.requires_grad_(any(parameter is p for p in parameters))
    optimiser = torch.optim.Adam([{"params": others}, {"params": projection}], lr=rate)
    mean = [p.detach().clone() for p in parameters]
    aims = torch.from_numpy(targets)
    per_epoch = len(album.images) // batch
    total, warm = per_epoch * epochs, 40
    step, started, running = 0, time.time(), 0.0
    for chosen, activations in Supply(album, lower, side, batch, epochs, seed):
        scale = min(1.0, (step + 1) / warm) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / total)))
        for group in optimiser.param_groups:
            group["lr"] = rate * scale
        x = torch.from_numpy(activations).contiguous(memory_format=torch.channels_last)
        value = loss(student.upper(x), aims[torch.from_numpy(chosen)], relations)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        decay = min(0.995, (step + 1) / (step + 10))
        with torch.no_grad():
            for kept, parameter in zip(mean, parameters):
                kept.lerp_(parameter, 1 - decay)
        step += 1
        running += (value.item() - running) / min(step, 20)
        if step % 10 == 0:
            print(f"step {step} of {total}, loss {running:.4f}, {time.time() - started:.0f} s", flush=True)
        if step % per_epoch == 0:
            with torch.no_grad():
                current = [p.detach().clone() for p in parameters]
                for parameter, kept in zip(parameters, mean):
                    parameter.copy_(kept)
                checkpoint(step // per_epoch)
                for parameter, kept in zip(parameters, mean if step == total else current):
                    parameter.copy_(kept)
