"""Prints the pHash of the 400 x 300 texture, as imagehash.phash computes it."""
import contextlib
import io

import numpy as np
from PIL import Image

with contextlib.redirect_stdout(io.StringIO()):
    from resampler_goldens import render

image = Image.frombytes("RGB", (400, 300), render(400, 300)).convert("L").resize((32, 32), Image.Resampling.LANCZOS)
k, i = np.mgrid[0:32, 0:32]
dct = 2 * np.cos(np.pi * k * (2 * i + 1) / 64)
low = (dct @ np.asarray(image, float) @ dct.T)[:8, :8]
print("%016x" % int("".join("1" if bit else "0" for bit in (low > np.median(low)).flatten()), 2))
