"""Writes resampler.tsv: SHA-256 of what Pillow's Image.resize makes of rendered images.

Usage: python resampler_goldens.py > ../resources/dev/lookalike/imaging/resampler.tsv
Made with Pillow 13.0.0, which does the vertical pass first where that saves work.
"""
import hashlib

from PIL import Image

FILTERS = {"NEAREST": 0, "LANCZOS": 1, "BILINEAR": 2, "BICUBIC": 3, "BOX": 4, "HAMMING": 5}
SIZES = [
    # from, to
    ((64, 48), (32, 24)),
    ((64, 48), (37, 11)),
    ((64, 48), (63, 48)),
    ((64, 48), (64, 47)),
    ((64, 48), (200, 150)),
    ((61, 47), (128, 13)),
    ((61, 47), (1, 1)),
    ((1, 1), (5, 7)),
    ((3, 500), (2, 33)),
    ((500, 3), (33, 9)),
    ((518, 400), (331, 256)),
    ((1000, 750), (341, 256)),
]


def render(width, height):
    """Gradients, fine texture and hard edges; integers only, so that Java renders the same."""
    rgb = bytearray(width * height * 3)
    at = 0
    for y in range(height):
        for x in range(width):
            for c in range(3):
                if (x * 3 // width + y * 4 // height + c) % 3 == 0:
                    value = (x * (255 + c) // width + y * 7) & 255
                elif (x // 5 + y // 3 + c) % 2 == 0:
                    value = (x * x * 31 + y * y * 17 + x * y * 7 + c * 101) >> 3 & 255
                else:
                    value = 255 if (x + y * 2 + c) % 4 < 2 else 0
                rgb[at] = value
                at += 1
    return bytes(rgb)


for (size, to) in SIZES:
    image = Image.frombytes("RGB", size, render(*size))
    print("rendered", *size, *size, hashlib.sha256(image.tobytes()).hexdigest(), sep="\t")
    for name, code in FILTERS.items():
        out = image.resize(to, code)
        print(name, *size, *to, hashlib.sha256(out.tobytes()).hexdigest(), sep="\t")
