"""Writes the fixtures of CanonicalizerTest and expected.tsv.

Usage: python fixtures.py ../resources/dev/lookalike/imaging
Each picture is 64 x 48 (after orientation) with a colour in each quarter. expected.tsv holds: file,
width, height, and the colours of the quarters (top left, top right, bottom left, bottom right) that
Pillow and LittleCMS see, transparency laid onto white. Made with Pillow 13.0.0.
"""
import io
import os
import struct
import sys
import zlib

from PIL import Image, ImageCms, ImageOps

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
SIZE = (64, 48)
COLOURS = [(200, 40, 50), (40, 160, 60), (50, 60, 190), (220, 200, 90)]
rows = []


def picture(colours=COLOURS, size=SIZE, mode="RGB"):
    image = Image.new(mode, size)
    w, h = size
    for i, colour in enumerate(colours):
        box = (i % 2 * w // 2, i // 2 * h // 2)
        image.paste(colour, (*box, box[0] + w // 2, box[1] + h // 2))
    return image


def expect(name, colours, size=SIZE):
    rows.append([name, *size, *["%d,%d,%d" % tuple(c[:3]) for c in colours]])


def seen(image):
    """Colours at the centres of the quarters."""
    image = ImageOps.exif_transpose(image)
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (255,) * 4), image)
    image = image.convert("RGB")
    w, h = image.size
    return [image.getpixel((x * w // 4, y * h // 4)) for y in (1, 3) for x in (1, 3)]


def save(name, image, **options):
    path = os.path.join(out, name)
    image.save(path, **options)
    expect(name, seen(Image.open(path)))


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    return data


STORE = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
for orientation, transpose in STORE.items():
    stored = picture() if transpose is None else picture().transpose(transpose)
    save(f"exif-{orientation}.jpg", stored, quality=95, exif=exif(orientation))
    if orientation in (3, 6):
        save(f"exif-{orientation}.png", stored, exif=exif(orientation))
        save(f"exif-{orientation}.webp", stored, quality=95, exif=exif(orientation))
    stored.save(os.path.join(out, f"exif-{orientation}.tiff"), tiffinfo={0x0112: orientation})
    expect(f"exif-{orientation}.tiff", COLOURS)

save("grey.jpg", picture([20, 90, 160, 230], mode="L"), quality=95)
save("grey.png", picture([20, 90, 160, 230], mode="L"))
save("grey.tiff", picture([20, 90, 160, 230], mode="L"))
save("bilevel.png", picture([0, 255, 255, 0], mode="L").convert("1"))
save("cmyk.jpg", picture().convert("CMYK"), quality=95)
save("progressive.jpg", picture(), quality=95, progressive=True)
ALPHA = [(200, 40, 50, 255), (40, 160, 60, 128), (50, 60, 190, 0), (220, 200, 90, 64)]
save("alpha.png", picture(ALPHA, mode="RGBA"))
save("alpha.webp", picture(ALPHA, mode="RGBA"), lossless=True, exact=True)
save("alpha.tiff", picture(ALPHA, mode="RGBA"))
save("grey-alpha.png", picture([(20, 255), (90, 128), (160, 0), (230, 64)], mode="LA"))
save("palette.png", picture().quantize(8))
save("palette-transparent.png", picture().quantize(8), transparency=b"\xff\x80\x00\x40")
save("palette.gif", picture().quantize(8))
save("palette.bmp", picture().quantize(8))
save("rgb.bmp", picture())
save("rgb.tiff", picture())
save("lzw.tiff", picture(), compression="tiff_lzw")
save("deflate.tiff", picture(), compression="tiff_adobe_deflate")
save("lossy.webp", picture(), quality=95)
save("lossless.webp", picture(), lossless=True)
other = picture(COLOURS[::-1])
save("animated.gif", picture().quantize(8), save_all=True, append_images=[other.quantize(8)])
save("animated.webp", picture(), save_all=True, append_images=[other], lossless=True)
save("animated.png", picture(), save_all=True, append_images=[other])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, colour_type, raw, interlace=0, *extra):
    header = struct.pack(">IIBBBBB", *SIZE, depth, colour_type, 0, 0, interlace)
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *extra]
        + [chunk(b"IDAT", zlib.compress(raw)), chunk(b"IEND", b"")]
    )


def write(name, data, colours):
    with open(os.path.join(out, name), "wb") as file:
        file.write(data)
    expect(name, colours)


image = picture()
wide = b"".join(
    b"\0" + b"".join(struct.pack(">3H", *(v * 257 for v in image.getpixel((x, y)))) for x in range(64))
    for y in range(48)
)
write("rgb-16.png", png(16, 2, wide), COLOURS)
key = chunk(b"tRNS", struct.pack(">3H", *(v * 257 for v in COLOURS[2])))
write("rgb-16-key.png", png(16, 2, wide, 0, key), COLOURS[:2] + [(255, 255, 255)] + COLOURS[3:])
passes = b""
for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
    for y in range(y0, 48, dy):
        passes += b"\0" + b"".join(bytes(image.getpixel((x, y))) for x in range(x0, 64, dx))
write("interlaced.png", png(8, 2, passes, 1), COLOURS)


def s15(value):
    return struct.pack(">i", round(value * 65536))


def profile(space, tags):
    """An ICC profile of version 2, class display."""
    data, table = b"", b""
    offset = 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        tag += b"\0" * (-len(tag) % 4)
        table += name + struct.pack(">II", offset + len(data), len(tag))
        data += tag
    head = struct.pack(">I4sI4s4s4s", offset + len(data), b"test", 0x02100000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    head += s15(0.9642) + s15(1) + s15(0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def xyz(x, y, z):
    return b"XYZ \0\0\0\0" + s15(x) + s15(y) + s15(z)


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78
# Adobe RGB (1998), primaries adapted to D50.
adobe = profile(b"RGB ", {
    b"desc": text, b"cprt": b"text\0\0\0\0none\0", b"wtpt": xyz(0.9642, 1, 0.8249),
    b"rXYZ": xyz(0.60974, 0.31111, 0.01947), b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
    b"bXYZ": xyz(0.14919, 0.06322, 0.74457),
    b"rTRC": gamma(2.19921875), b"gTRC": gamma(2.19921875), b"bTRC": gamma(2.19921875),
})
grey18 = profile(b"GRAY", {
    b"desc": text, b"cprt": b"text\0\0\0\0none\0", b"wtpt": xyz(0.9642, 1, 0.8249), b"kTRC": gamma(1.8),
})
srgb = ImageCms.createProfile("sRGB")
converted = ImageCms.profileToProfile(
    picture(), ImageCms.ImageCmsProfile(io.BytesIO(adobe)), srgb, renderingIntent=1, outputMode="RGB")
for name, options in {"icc.jpg": {"quality": 95}, "icc.png": {}, "icc.webp": {"lossless": True}, "icc.tiff": {}}.items():
    picture().save(os.path.join(out, name), icc_profile=adobe, **options)
    expect(name, seen(converted))
greys = picture([20, 90, 160, 230], mode="L")
greys.save(os.path.join(out, "icc-grey.png"), icc_profile=grey18)
expect("icc-grey.png", [tuple([round(255 * (1.055 * ((v / 255) ** 1.8) ** (1 / 2.4) - 0.055))] * 3) for v in (20, 90, 160, 230)])
picture().save(os.path.join(out, "icc-broken.png"), icc_profile=adobe[:200])
expect("icc-broken.png", COLOURS)
picture().save(os.path.join(out, "icc-srgb.png"), icc_profile=ImageCms.ImageCmsProfile(srgb).tobytes())
expect("icc-srgb.png", COLOURS)


def bmp(header, bits, pixels, compression=0, palette=b"", masks=b"", height=48, top_down=False):
    """A bitmap with a header of the given size; masks belong to the header where it has room."""
    entries = len(palette) // (3 if header == 12 else 4)
    if header == 12:
        info = struct.pack("<IHHHH", 12, 64, height, 1, bits)
    else:
        stored = -height if top_down else height
        info = struct.pack("<IiiHHIIiiII", header, 64, stored, 1, bits, compression, len(pixels), 0, 0, entries, 0)
        info = (info + masks).ljust(max(header, len(info + masks)), b"\0")
    start = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + palette + pixels


def save_bmp(name, data, colours=None):
    """Colours only where Pillow does not read the file."""
    write(name, data, colours or seen(Image.open(io.BytesIO(data))))


def packed(bits, indices):
    """Rows of colour numbers, padded to four bytes, in the order of the file."""
    data = b""
    for y in reversed(range(48)):
        number = 0
        for x in range(64):
            number = number << bits | indices[y // 24 * 2 + x // 32]
        data += number.to_bytes(64 * bits // 8, "big")
    return data


def direct(size, pack, rows=None):
    rows = reversed(range(48)) if rows is None else rows
    return b"".join(pack(image.getpixel((x, y)), x, y).to_bytes(size, "little") for y in rows for x in range(64))


def quad(colours):
    return b"".join(bytes((b, g, r, 0)) for r, g, b in colours)


def masks(*values):
    return struct.pack(f"<{len(values)}I", *values)


def rgb555(c, x, y):
    return (c[0] >> 3) << 10 | (c[1] >> 3) << 5 | c[2] >> 3


def argb(c, x, y):
    return [255, 128, 0, 64][y // 24 * 2 + x // 32] << 24 | c[0] << 16 | c[1] << 8 | c[2]


three = b"".join(bytes((b, g, r)) for r, g, b in COLOURS)
save_bmp("os2.bmp", bmp(12, 4, packed(4, [0, 1, 2, 3]), palette=three + b"\0" * 36))
save_bmp("bits-1.bmp", bmp(40, 1, packed(1, [0, 1, 1, 0]), palette=quad(COLOURS[:2])))
save_bmp("bits-2.bmp", bmp(40, 2, packed(2, [0, 1, 2, 3]), palette=quad(COLOURS)), COLOURS)
save_bmp("bits-4.bmp", bmp(40, 4, packed(4, [3, 2, 1, 0]), palette=quad(COLOURS)))
save_bmp("top-down.bmp", bmp(40, 16, direct(2, rgb555, range(48)), top_down=True))
save_bmp("rgb-565.bmp", bmp(40, 16, direct(2, lambda c, x, y: (c[0] >> 3) << 11 | (c[1] >> 2) << 5 | c[2] >> 3), 3, masks=masks(0xF800, 0x7E0, 0x1F)))
save_bmp("rgb-444.bmp", bmp(56, 16, direct(2, lambda c, x, y: (c[0] >> 4) << 8 | (c[1] >> 4) << 4 | c[2] >> 4), 3, masks=masks(0xF00, 0xF0, 0xF, 0xF000)),
         [tuple((v >> 4) * 17 for v in c) for c in COLOURS])
save_bmp("rgb-10.bmp", bmp(40, 32, direct(4, lambda c, x, y: c[0] << 22 | c[1] << 12 | c[2] << 2), 3, masks=masks(1023 << 20, 1023 << 10, 1023)), COLOURS)
on_white = [tuple(round(v * a / 255 + 255 - a) for v in c) for c, a in zip(COLOURS, (255, 128, 0, 64))]
save_bmp("no-alpha.bmp", bmp(40, 32, direct(4, argb)))
save_bmp("alpha.bmp", bmp(124, 32, direct(4, argb), 3, masks=masks(0xFF0000, 0xFF00, 0xFF, 0xFF000000)))
save_bmp("alpha-ce.bmp", bmp(40, 32, direct(4, argb), 6, masks=masks(0xFF0000, 0xFF00, 0xFF, 0xFF000000)), on_white)
# Runs, an absolute run of three with its padding, and a step of a row that leaves colour 0.
lower, upper = b"\x20\x02\x1d\x03\0\x03\3\3\3\0\0\0", b"\x20\0\x20\1\0\0"
save_bmp("rle-8.bmp", bmp(40, 8, lower * 23 + b"\0\2\0\1" + b"\0\0" + upper * 24 + b"\0\1", 1, quad(COLOURS)))
lower, upper = b"\x20\x22\x1d\x33\0\x03\x33\x30\0\0", b"\x20\0\x20\x11\0\0"
save_bmp("rle-4.bmp", bmp(40, 4, lower * 24 + upper * 23 + b"\x20\0\x20\x11\0\1", 2, quad(COLOURS)))

with open(os.path.join(out, "expected.tsv"), "w") as file:
    for row in rows:
        file.write("\t".join(map(str, row)) + "\n")
