"""Reading and writing pictures, against Pillow. IP2P_PROBE names the probe to test."""

import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.TiffImagePlugin import IFDRational

import picture_files
from probe import Probe, ProbeError

WIDTH, HEIGHT = 37, 23  # odd, so that rows are padded everywhere
OUTPUTS = ["png", "jpg", "webp", "tiff"]


@pytest.fixture(scope="module")
def probe():
    with Probe() as one:
        yield one


def colors(channels=3, seed=0, width=WIDTH, height=HEIGHT, noise=30):
    """A smooth picture with some noise: (H, W, C) uint8."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    phase = np.arange(channels) * 2.1
    waves = 127 + 100 * np.sin(x[..., None] / 7 + phase) * np.cos(y[..., None] / 5 - phase)
    noisy = waves + random.integers(-noise, noise + 1, waves.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def picture(mode="RGB", **options):
    channels = len(Image.new(mode, (1, 1)).getbands())
    samples = colors(channels, **options)
    return Image.fromarray(samples[..., 0] if channels == 1 else samples, mode)


def opened(path):
    """Pillow's picture of a file, without the file held open."""
    image = Image.open(io.BytesIO(Path(path).read_bytes()))
    image.load()
    return image


def decode(probe, path, **options):
    """(H, W, 3 or 4) uint8 as ip2p reads the file, and the answer of the probe."""
    files = {part: str(path) + "." + part for part in ("rgb", "alpha", "exif")}
    answer = probe.call({"op": "decode", "path": str(path), **files, **options})
    shape = (answer["height"], answer["width"])
    samples = np.fromfile(files["rgb"], np.uint8).reshape(*shape, 3)
    if answer["alpha"]:
        alpha = np.fromfile(files["alpha"], np.uint8).reshape(*shape, 1)
        samples = np.concatenate([samples, alpha], axis=2)
    answer["exif"] = Path(files["exif"]).read_bytes()
    return samples, answer


def pillow(path):
    """The same as Pillow reads it."""
    image = ImageOps.exif_transpose(opened(path))
    has_alpha = image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info
    return np.asarray(image.convert("RGBA" if has_alpha else "RGB"))


def assert_near(ours, theirs, bound):
    assert ours.shape == theirs.shape
    difference = np.abs(ours.astype(int) - theirs.astype(int))
    assert difference.max() <= bound, f"differs by {difference.max()}, {bound} is allowed"


# --- Pictures in: every kind of sample ---------------------------------------------------------


def palette(transparent=False):
    image = picture().quantize(17)
    if transparent:
        image.info["transparency"] = 3
    return image


def save(image, path, **options):
    image.save(path, **options)


LOSSLESS = {
    "grey.png": lambda p: save(picture("L"), p),
    "grey_alpha.png": lambda p: save(picture("LA"), p),
    "rgb.png": lambda p: save(picture(), p),
    "rgba.png": lambda p: save(picture("RGBA"), p),
    "one_bit.png": lambda p: save(picture("L").convert("1"), p),
    "palette.png": lambda p: save(palette(), p),
    "palette_transparent.png": lambda p: save(palette(True), p, transparency=3),
    "palette_alphas.png": lambda p: save(palette(), p, transparency=bytes(range(0, 255, 15))),
    "palette_2_bits.png": lambda p: save(picture().quantize(4), p),
    "palette_4_bits.png": lambda p: save(picture().quantize(16), p, bits=4),
    "grey_transparent.png": lambda p: save(picture("L"), p, transparency=127),
    "rgb_transparent.png": lambda p: save(
        picture(), p, transparency=tuple(int(v) for v in colors()[5, 5])
    ),
    "lossless.webp": lambda p: save(picture(), p, lossless=True),
    "lossless_alpha.webp": lambda p: save(picture("RGBA"), p, lossless=True, exact=True),
    "grey.tiff": lambda p: save(picture("L"), p),
    "grey_alpha.tiff": lambda p: save(picture("LA"), p),
    "rgb.tiff": lambda p: save(picture(), p),
    "rgba.tiff": lambda p: save(picture("RGBA"), p),
    "one_bit.tiff": lambda p: save(picture("L").convert("1"), p),
    "fax.tiff": lambda p: save(picture("L").convert("1"), p, compression="group4"),
    "palette.tiff": lambda p: save(palette(), p),
    "cmyk.tiff": lambda p: save(picture("CMYK"), p),
    "lzw.tiff": lambda p: save(picture(), p, compression="tiff_lzw"),
    "deflate.tiff": lambda p: save(picture(), p, compression="tiff_adobe_deflate"),
    "packbits.tiff": lambda p: save(picture(), p, compression="packbits"),
    "big.tiff": lambda p: save(picture(), p, big_tiff=True),
    "strips.tiff": lambda p: save(picture(), p, compression="tiff_lzw", strip_size=500),
    "grey.bmp": lambda p: save(picture("L"), p),
    "one_bit.bmp": lambda p: save(picture("L").convert("1"), p),
    "rgb.bmp": lambda p: save(picture(), p),
    "palette.bmp": lambda p: save(palette(), p),
    "32_bits.bmp": lambda p: save(picture("RGBA"), p),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_reads_what_pillow_reads(probe, tmp_path, name):
    path = tmp_path / name
    LOSSLESS[name](path)
    samples, answer = decode(probe, path)
    assert "warnings" not in answer
    assert_near(samples, pillow(path), 0)


# Decoders of two versions of libjpeg and libwebp: the same arithmetic, give or take rounding.
LOSSY = {
    "grey.jpg": lambda p: save(picture("L"), p, quality=90),
    "420.jpg": lambda p: save(picture(), p, quality=90, subsampling=2),
    "422.jpg": lambda p: save(picture(), p, quality=80, subsampling=1),
    "444.jpg": lambda p: save(picture(), p, quality=95, subsampling=0),
    "progressive.jpg": lambda p: save(picture(), p, progressive=True),
    "rgb.jpg": lambda p: save(picture(), p, keep_rgb=True),
    "restarts.jpg": lambda p: save(picture(), p, restart_marker_rows=1),
    "cmyk.jpg": lambda p: save(picture("CMYK"), p, quality=95),
    "lossy.webp": lambda p: save(picture(), p, quality=80),
    "lossy_alpha.webp": lambda p: save(picture("RGBA"), p, quality=80),
    "jpeg.tiff": lambda p: save(picture(), p, compression="jpeg"),
}


@pytest.mark.parametrize("name", LOSSY)
def test_reads_lossy_pictures_as_pillow_does(probe, tmp_path, name):
    path = tmp_path / name
    LOSSY[name](path)
    samples, answer = decode(probe, path)
    assert "warnings" not in answer
    assert_near(samples, pillow(path), 1)


def eight_bits(samples, bits=16):
    most = 2**bits - 1
    return ((samples.astype(np.uint64) * 255 * 2 + most) // (2 * most)).astype(np.uint8)


def as_rgb(samples):
    """Grey or RGB with or without alpha, as RGB with or without alpha."""
    if samples.shape[2] <= 2:
        return np.concatenate([samples[..., :1]] * 3 + [samples[..., 1:]], axis=2)
    return samples


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_reads_16_bit_png(probe, tmp_path, channels):
    wide = np.random.default_rng(channels).integers(0, 65536, (HEIGHT, WIDTH, channels))
    path = tmp_path / "wide.png"
    picture_files.png(path, wide, bits=16)
    samples, _ = decode(probe, path)
    assert_near(samples, as_rgb(eight_bits(wide)), 0)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_reads_few_bits_png(probe, tmp_path, bits):
    few = np.random.default_rng(bits).integers(0, 2**bits, (HEIGHT, WIDTH, 1))
    path = tmp_path / "few.png"
    picture_files.png(path, few, bits=bits)
    samples, _ = decode(probe, path)
    assert_near(samples, pillow(path), 0)
    assert_near(samples, as_rgb(eight_bits(few, bits)), 0)


TIFF_LAYOUTS = list(itertools.product("<>", [False, True], [None, 16]))


@pytest.mark.parametrize("order, planar, tile", TIFF_LAYOUTS)
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_reads_tiff_layouts(probe, tmp_path, channels, bits, order, planar, tile):
    random = np.random.default_rng(channels)
    stored = random.integers(0, 2**bits, (HEIGHT, WIDTH, channels))
    path = tmp_path / "layout.tiff"
    extra = {338: (3, [2])} if channels in (2, 4) else {}  # alpha, not premultiplied
    picture_files.tiff(
        path, stored, bits=bits, order=order, planar=planar, tile=tile, tags=extra
    )
    samples, answer = decode(probe, path)
    assert "warnings" not in answer
    assert_near(samples, as_rgb(eight_bits(stored, bits)), 0)


@pytest.mark.parametrize("tile", [None, 16])
@pytest.mark.parametrize("white_is_zero", [False, True])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_reads_grey_tiff_of_every_depth(probe, tmp_path, bits, white_is_zero, tile):
    stored = np.random.default_rng(bits).integers(0, 2**bits, (HEIGHT, WIDTH, 1))
    path = tmp_path / "grey.tiff"
    picture_files.tiff(path, stored, bits=bits, photometric=0 if white_is_zero else 1, tile=tile)
    samples, _ = decode(probe, path)
    expected = 2**bits - 1 - stored if white_is_zero else stored
    assert_near(samples, as_rgb(eight_bits(expected, bits)), 0)


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_reads_palette_tiff(probe, tmp_path, bits):
    random = np.random.default_rng(bits)
    stored = random.integers(0, 2**bits, (HEIGHT, WIDTH, 1))
    table = random.integers(0, 256, (3, 2**bits))
    path = tmp_path / "palette.tiff"
    tags = {320: (3, [int(v) * 257 for v in table.reshape(-1)])}
    picture_files.tiff(path, stored, bits=bits, photometric=3, tags=tags)
    samples, _ = decode(probe, path)
    assert_near(samples, table.T[stored[..., 0]].astype(np.uint8), 0)


def test_divides_premultiplied_tiff_by_its_alpha(probe, tmp_path):
    straight = colors(4).astype(int)
    straight[..., 3] = np.maximum(straight[..., 3], 64)
    stored = straight.copy()
    stored[..., :3] = (straight[..., :3] * straight[..., 3:] + 127) // 255
    path = tmp_path / "premultiplied.tiff"
    picture_files.tiff(path, stored, tags={338: (3, [1])})
    samples, _ = decode(probe, path)
    assert_near(samples[..., 3], straight[..., 3], 0)
    assert_near(samples[..., :3], straight[..., :3], 2)  # 255 / 64 / 2, the rounding magnified


def test_leaves_out_samples_without_meaning(probe, tmp_path):
    stored = colors(4)
    path = tmp_path / "extra.tiff"
    picture_files.tiff(path, stored, tags={338: (3, [0])})
    samples, _ = decode(probe, path)
    assert_near(samples, stored[..., :3], 0)


def test_reads_cmyk_tiff_of_16_bits(probe, tmp_path):
    stored = colors(4)
    path = tmp_path / "cmyk.tiff"
    picture_files.tiff(path, stored.astype(int) * 257, bits=16, photometric=5)
    samples, _ = decode(probe, path)
    assert_near(samples, np.asarray(Image.fromarray(stored, "CMYK").convert("RGB")), 0)


def test_reads_bmp_masks_and_headers(probe, tmp_path):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 65536, (HEIGHT, WIDTH + 1)).astype("<u2")  # one more: padding
    path = tmp_path / "masks.bmp"
    for masks, shifts in (((0xF800, 0x07E0, 0x1F), ((11, 5), (5, 6), (0, 5))), ((), ((10, 5), (5, 5), (0, 5)))):
        raw = b"".join(int(m).to_bytes(4, "little") for m in masks)
        for top_down in (False, True):
            picture_files.bmp(path, pixels.tobytes(), WIDTH, HEIGHT, 16, masks=raw, top_down=top_down)
            samples, _ = decode(probe, path)
            shown = pixels if top_down else pixels[::-1]
            parts = [eight_bits((shown[:, :WIDTH] >> s) & (2**n - 1), n) for s, n in shifts]
            assert_near(samples, np.stack(parts, axis=2), 0)
            assert_near(samples, pillow(path), 1)


def test_reads_bmp_of_os2(probe, tmp_path):
    table = np.random.default_rng(0).integers(0, 256, (16, 3)).astype(np.uint8)
    stored = np.random.default_rng(1).integers(0, 16, (HEIGHT, 40))
    rows = (stored[:, 0::2] << 4 | stored[:, 1::2]).astype(np.uint8)
    path = tmp_path / "os2.bmp"
    picture_files.bmp(path, rows.tobytes(), 40, HEIGHT, 4, palette=table.tobytes(), header_size=12)
    samples, _ = decode(probe, path)
    assert_near(samples, table[stored[::-1]][..., ::-1], 0)
    assert_near(samples, pillow(path), 0)


def test_reads_bmp_with_alpha(probe, tmp_path):
    stored = colors(4)
    masks = b"".join(m.to_bytes(4, "little") for m in (0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    path = tmp_path / "alpha.bmp"
    rows = stored[::-1, :, [2, 1, 0, 3]].tobytes()
    picture_files.bmp(path, rows, WIDTH, HEIGHT, 32, header_size=108, masks=masks)
    samples, _ = decode(probe, path)
    assert_near(samples, stored, 0)


def test_a_picture_of_one_pixel(probe, tmp_path):
    for name in ("one.png", "one.jpg", "one.webp", "one.tiff", "one.bmp"):
        Image.new("RGB", (1, 1), (200, 200, 200)).save(tmp_path / name)
        samples, _ = decode(probe, tmp_path / name)
        assert_near(samples, np.full((1, 1, 3), 200), 1)


@pytest.mark.parametrize("name", ["moving.webp", "moving.png", "pages.tiff"])
def test_takes_the_first_of_many_and_says_so(probe, tmp_path, name):
    path = tmp_path / name
    options = {"lossless": True} if name.endswith("webp") else {}
    picture().save(path, save_all=True, append_images=[picture(seed=1), picture(seed=2)], **options)
    samples, answer = decode(probe, path)
    assert_near(samples[..., :3], colors(), 0)
    assert len(answer["warnings"]) == 1


# --- Colour profiles ---------------------------------------------------------------------------

# Adobe RGB's primaries, adapted to D50: far wider in green than sRGB.
WIDE = picture_files.icc_profile(
    b"RGB ", 2.2, [(0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)]
)
GREY = picture_files.icc_profile(b"GRAY", 1.8)


def ink(c, m, y, k):
    """A rough press: lightness and colour of mixed inks."""
    rest = 1 - k
    lightness = 95 * rest * (1 - 0.4 * c) * (1 - 0.45 * m) * (1 - 0.08 * y) + 5
    return lightness, rest * (60 * m - 35 * c), rest * (80 * y - 45 * c - 5 * m)


INKS = picture_files.icc_profile(b"CMYK", lut=ink)


def through_pillow(image, profile):
    return np.asarray(
        ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    )


PROFILED = {
    "wide.png": ("RGB", WIDE, {}),
    "wide.tiff": ("RGB", WIDE, {}),
    "wide.jpg": ("RGB", WIDE, {"quality": 95}),
    "wide.webp": ("RGB", WIDE, {"lossless": True}),
    "grey.png": ("L", GREY, {}),
    "grey.tiff": ("L", GREY, {}),
    "grey.jpg": ("L", GREY, {"quality": 95}),
    "inks.tiff": ("CMYK", INKS, {}),
    "inks.jpg": ("CMYK", INKS, {"quality": 95}),
}


@pytest.mark.parametrize("name", PROFILED)
def test_converts_profiles_to_srgb(probe, tmp_path, name):
    mode, profile, options = PROFILED[name]
    path = tmp_path / name
    picture(mode).save(path, icc_profile=profile, **options)
    stored = opened(path)
    assert stored.mode == mode and stored.info["icc_profile"] == profile

    samples, answer = decode(probe, path)
    assert "warnings" not in answer
    # Little CMS 2.14 here and a later one in Pillow, and a decoder's rounding before it.
    assert_near(samples, through_pillow(stored, profile), 2 if name.endswith("jpg") else 1)
    difference = np.abs(samples.astype(int) - np.asarray(stored.convert("RGB")).astype(int))
    assert difference.max() > 8, "the profile was not applied"


def test_converts_16_bits_and_alpha(probe, tmp_path):
    stored = colors(4)
    path = tmp_path / "wide.tiff"
    tags = {338: (3, [2]), 34675: (7, WIDE)}
    picture_files.tiff(path, stored.astype(int) * 257, bits=16, tags=tags)
    samples, _ = decode(probe, path)
    expected = through_pillow(Image.fromarray(np.ascontiguousarray(stored[..., :3])), WIDE)
    assert_near(samples[..., :3], expected, 1)
    assert_near(samples[..., 3], stored[..., 3], 0)


def test_srgb_profiles_change_nothing(probe, tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    every = np.arange(2**15 * 3).reshape(192, 512).astype(np.uint32) * 181 % 2**24
    samples = np.stack([every >> 16, every >> 8 & 255, every & 255], axis=2).astype(np.uint8)
    for name in ("srgb.png", "srgb.tiff"):
        Image.fromarray(samples).save(tmp_path / name, icc_profile=srgb)
        decoded, answer = decode(probe, tmp_path / name)
        assert "warnings" not in answer
        assert_near(decoded, samples, 0)


def test_a_grey_picture_may_carry_an_rgb_profile(probe, tmp_path):
    path = tmp_path / "grey.jpg"
    picture("L").save(path, quality=95, icc_profile=WIDE)
    samples, answer = decode(probe, path)
    assert "warnings" not in answer
    assert_near(samples, through_pillow(opened(path).convert("RGB"), WIDE), 2)


BAD_PROFILES = {"noise": b"not a profile" * 20, "cut": WIDE[:200], "other": GREY, "inks": INKS}


@pytest.mark.parametrize("kind", BAD_PROFILES)
@pytest.mark.parametrize("name", ["bad.png", "bad.tiff", "bad.webp", "bad.jpg"])
def test_ignores_unusable_profiles_with_a_warning(probe, tmp_path, name, kind):
    path = tmp_path / name
    options = {"lossless": True} if name.endswith("webp") else {}
    picture().save(path, icc_profile=BAD_PROFILES[kind], **options)
    samples, answer = decode(probe, path)
    assert_near(samples, pillow(path), 1 if name.endswith("jpg") else 0)
    assert len(answer["warnings"]) == 1 and "profile" in answer["warnings"][0]


# --- EXIF --------------------------------------------------------------------------------------

ORIENTATION, MAKE, DATE_TIME, ARTIST = 0x0112, 0x010F, 0x0132, 0x013B
EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
EXPOSURE, LENS, USER_COMMENT, WIDE_SIDE, HIGH_SIDE, COLOR_SPACE = (
    0x829A,
    0xA434,
    0x9286,
    0xA002,
    0xA003,
    0xA001,
)


def exif(orientation=1, order="<"):
    block = Image.Exif()
    block.endian = order
    block[ORIENTATION] = orientation
    block[MAKE] = "A camera"
    block[DATE_TIME] = "2024:02:29 12:34:56"
    block[ARTIST] = "Someone"
    block.get_ifd(EXIF_IFD).update(
        {
            EXPOSURE: IFDRational(1, 250),
            LENS: "A lens of 50 mm",
            WIDE_SIDE: 4000,
            HIGH_SIDE: 3000,
            COLOR_SPACE: 65535,
            USER_COMMENT: b"ASCII\0\0\0my own words",
        }
    )
    block.get_ifd(GPS_IFD).update({1: "N", 2: (47.0, 30.0, 12.5)})
    return block


def save_with_exif(path, block, mode="RGB"):
    """A picture with an EXIF block, in the format of the name."""
    if path.suffix == ".tiff":  # Pillow leaves out all but the main directory
        picture_files.tiff_with_exif(path, colors(len(mode)), block.tobytes()[6:])
        return
    options = {"lossless": True, "exact": True} if path.suffix == ".webp" else {}
    picture(mode).save(path, exif=block, **options)


def parsed(block):
    out = Image.Exif()
    out.load(b"Exif\0\0" + block)
    return out


def assert_kept(block, record=False):
    """All that `exif` says is in the block, and it is upright."""
    assert block[ORIENTATION] == 1
    assert block[MAKE] == "A camera"
    assert block[DATE_TIME] == "2024:02:29 12:34:56"
    assert block[ARTIST] == "Someone"
    inner = block.get_ifd(EXIF_IFD)
    assert inner[EXPOSURE] == IFDRational(1, 250)
    assert inner[LENS] == "A lens of 50 mm"
    assert inner[COLOR_SPACE] == 1
    assert record or bytes(inner[USER_COMMENT]) == b"ASCII\0\0\0my own words"
    assert block.get_ifd(GPS_IFD) == {1: "N", 2: (47.0, 30.0, 12.5)}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["turned.jpg", "turned.png", "turned.webp", "turned.tiff"])
def test_turns_pictures_upright(probe, tmp_path, name, orientation):
    path = tmp_path / name
    save_with_exif(path, exif(orientation), "RGB" if name.endswith("jpg") else "RGBA")
    samples, answer = decode(probe, path)
    assert "warnings" not in answer
    assert samples.shape[:2] == ((HEIGHT, WIDTH) if orientation < 5 else (WIDTH, HEIGHT))
    assert_near(samples, pillow(path), 1 if name.endswith("jpg") else 0)
    assert_kept(parsed(answer["exif"]))


def test_turns_bigtiff_upright(probe, tmp_path):
    path = tmp_path / "turned.tiff"
    picture().save(path, big_tiff=True, tiffinfo={ORIENTATION: 6})
    samples, answer = decode(probe, path)
    assert_near(samples, np.rot90(colors(), -1), 0)
    assert parsed(answer["exif"])[ORIENTATION] == 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", ["in.jpg", "in.png", "in.webp", "in.tiff"])
def test_keeps_exif(probe, tmp_path, name, output, order):
    source, out = tmp_path / name, tmp_path / f"out.{output}"
    save_with_exif(source, exif(6, order))
    probe.call({"op": "encode", "path": str(source), "out": str(out), "record": '{"a":1}'})
    written = opened(out)
    assert written.size == (HEIGHT, WIDTH)
    block = written.getexif()
    assert_kept(block, record=output in ("jpg", "webp"))
    inner = block.get_ifd(EXIF_IFD)
    assert (inner[WIDE_SIDE], inner[HIGH_SIDE]) == (HEIGHT, WIDTH)
    # And ip2p reads its own writing.
    samples, answer = decode(probe, out)
    assert "warnings" not in answer
    assert_kept(parsed(answer["exif"]), record=output in ("jpg", "webp"))


def test_exif_can_be_left_out(probe, tmp_path):
    source = tmp_path / "in.jpg"
    picture().save(source, exif=exif(3))
    for output in OUTPUTS:
        out = tmp_path / f"out.{output}"
        probe.call({"op": "encode", "path": str(source), "out": str(out), "keep_exif": False})
        assert MAKE not in opened(out).getexif()


def test_drops_the_thumbnail(probe, tmp_path):
    thumbnail = io.BytesIO()
    picture().resize((8, 6)).save(thumbnail, "JPEG")
    body = thumbnail.getvalue()
    first = picture_files.tiff_file(b"", {ORIENTATION: (3, [1])})
    second_at = len(first)
    # A second directory with the thumbnail, as cameras write it.
    entries = {0x0103: (3, [6]), 0x0201: (4, [second_at + 2 + 36 + 4]), 0x0202: (4, [len(body)])}
    second = picture_files.tiff_file(b"", entries)[8:]
    block = first[: 8 + 2 + 12] + second_at.to_bytes(4, "little") + second + body
    source = tmp_path / "in.jpg"
    picture().save(source, exif=b"Exif\0\0" + block)
    assert body in source.read_bytes()
    _, answer = decode(probe, source)
    assert "warnings" not in answer
    assert parsed(answer["exif"])[ORIENTATION] == 1
    assert body[:40] not in answer["exif"] and len(answer["exif"]) < 100


@pytest.mark.parametrize("name", ["bad.jpg", "bad.png", "bad.webp"])
def test_damaged_exif_is_named_and_the_picture_read(probe, tmp_path, name):
    path = tmp_path / name
    options = {"lossless": True} if name.endswith("webp") else {}
    picture().save(path, **options)
    expected = pillow(path)
    for block in (b"rubbish" * 9, b"II*\0\xff\xff\xff\xff" + bytes(20)):
        picture().save(path, exif=b"Exif\0\0" + block, **options)
        samples, answer = decode(probe, path)
        assert_near(samples, expected, 1)
        assert len(answer["warnings"]) == 1 and "EXIF" in answer["warnings"][0]


# --- Pictures out ------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("output", ["png", "webp", "tiff"])
def test_writes_without_loss(probe, tmp_path, output, mode):
    source, out = tmp_path / "in.png", tmp_path / f"out.{output}"
    samples = colors(len(mode))
    if mode == "RGBA":
        samples[:5, :5, 3] = 0  # colours under full transparency stay too
    Image.fromarray(samples).save(source)
    probe.call({"op": "encode", "path": str(source), "out": str(out), "quality": 100})
    assert_near(np.asarray(opened(out)), samples, 0)
    assert_near(decode(probe, out)[0], samples, 0)


@pytest.mark.parametrize("output", ["jpg", "webp"])
def test_loses_no_more_than_pillow(probe, tmp_path, output):
    source, out, reference = (tmp_path / name for name in ("in.png", f"out.{output}", f"p.{output}"))
    samples = colors(width=128, height=96, noise=5)
    Image.fromarray(samples).save(source)
    probe.call({"op": "encode", "path": str(source), "out": str(out)})
    Image.fromarray(samples).save(reference, quality=95, **({"subsampling": 0} if output == "jpg" else {}))

    def loss(path):
        return np.abs(np.asarray(opened(path).convert("RGB")).astype(int) - samples).mean()

    assert loss(out) < loss(reference) + 0.05


def test_lossy_webp_keeps_alpha(probe, tmp_path):
    source, out = tmp_path / "in.png", tmp_path / "out.webp"
    picture("RGBA").save(source)
    probe.call({"op": "encode", "path": str(source), "out": str(out)})
    assert_near(np.asarray(opened(out))[..., 3], colors(4)[..., 3], 0)


def test_jpeg_keeps_full_colour_at_high_quality(probe, tmp_path):
    source = tmp_path / "in.png"
    picture().save(source)
    for quality, sampling in ((95, (1, 1)), (90, (1, 1)), (89, (2, 2))):
        out = tmp_path / f"{quality}.jpg"
        probe.call({"op": "encode", "path": str(source), "out": str(out), "quality": quality})
        assert opened(out).layer[0][1:3] == sampling


def test_jpeg_says_that_alpha_is_lost(probe, tmp_path):
    source, out = tmp_path / "in.png", tmp_path / "out.jpg"
    picture("RGBA").save(source)
    answer = probe.call({"op": "encode", "path": str(source), "out": str(out)})
    assert len(answer["warnings"]) == 1 and "alpha" in answer["warnings"][0]


def test_png_is_tagged_as_srgb(probe, tmp_path):
    source, out = tmp_path / "in.jpg", tmp_path / "out.png"
    picture().save(source)
    probe.call({"op": "encode", "path": str(source), "out": str(out)})
    assert "srgb" in opened(out).info


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_same_picture_gives_the_same_bytes(probe, tmp_path, output):
    source = tmp_path / "in.png"
    picture().save(source, exif=exif())
    files = []
    for i in range(2):
        out = tmp_path / f"{i}.{output}"
        probe.call({"op": "encode", "path": str(source), "out": str(out), "record": '{"a":1}'})
        files.append(out.read_bytes())
    assert files[0] == files[1]


# --- The record --------------------------------------------------------------------------------

RECORD = {"instruction": "mach es winterlich: 雪 \U0001f328 \"snow\"", "steps": 20, "s_T": 7.5}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("with_exif", [False, True])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_keeps_the_record(probe, tmp_path, output, with_exif, ascii_only):
    source, out = tmp_path / "in.jpg", tmp_path / f"out.{output}"
    picture().save(source, **({"exif": exif(order=">")} if with_exif else {}))
    words = json.dumps(RECORD, ensure_ascii=ascii_only)
    probe.call({"op": "encode", "path": str(source), "out": str(out), "record": words})
    read = probe.call({"op": "record", "path": str(out)})["record"]
    assert json.loads(read) == RECORD
    assert read == words or (output != "png" and not ascii_only)


def test_other_programs_find_the_record(probe, tmp_path):
    source = tmp_path / "in.jpg"
    picture().save(source)
    found = {}
    for output in OUTPUTS:
        out = tmp_path / f"out.{output}"
        words = json.dumps(RECORD, ensure_ascii=output != "png")
        probe.call({"op": "encode", "path": str(source), "out": str(out), "record": words})
        image = opened(out)
        if output == "png":
            found[output] = image.text["ip2p"]
            assert image.text["Software"].startswith("ip2p ")
            continue
        block = image.getexif()
        assert block[0x0131].startswith("ip2p ")
        if output == "tiff":
            comment = block[0x010E]
        else:
            comment = bytes(block.get_ifd(EXIF_IFD)[USER_COMMENT]).decode()
            assert comment.startswith("ASCII\0\0\0")
            comment = comment[8:]
        assert comment.startswith("ip2p ")
        found[output] = comment[5:]
    assert {output: json.loads(words) for output, words in found.items()} == dict.fromkeys(
        OUTPUTS, RECORD
    )


@pytest.mark.parametrize("first", OUTPUTS)
@pytest.mark.parametrize("second", OUTPUTS)
def test_the_record_of_an_earlier_edit_does_not_stay(probe, tmp_path, first, second):
    source, once, twice = tmp_path / "in.png", tmp_path / f"1.{first}", tmp_path / f"2.{second}"
    picture().save(source)
    record = json.dumps(RECORD)
    probe.call({"op": "encode", "path": str(source), "out": str(once), "record": record})
    probe.call({"op": "encode", "path": str(once), "out": str(twice)})
    assert b"instruction" not in twice.read_bytes()
    with pytest.raises(ProbeError, match="holds no record"):
        probe.call({"op": "record", "path": str(twice)})


def test_foreign_words_are_no_record(probe, tmp_path):
    path = tmp_path / "in.jpg"
    picture().save(path, exif=exif())
    with pytest.raises(ProbeError, match="holds no record") as error:
        probe.call({"op": "record", "path": str(path)})
    assert error.value.exit == 3


# --- Sentences ---------------------------------------------------------------------------------


def refusal(probe, path, **options):
    with pytest.raises(ProbeError) as error:
        probe.call({"op": "decode", "path": str(path), **options})
    assert error.value.exit == 3
    assert "\n" not in error.value.sentence and str(path) in error.value.sentence
    return error.value.sentence


NOT_PICTURES = {
    "text": (b"hello\nworld\n", "it is text"),
    "html": (b"<!DOCTYPE html><html>", "an HTML page"),
    "xml": (b"\n  <?xml version='1.0'?>", "an XML document"),
    "svg": (b"<svg xmlns=", "an SVG drawing"),
    "pdf": (b"%PDF-1.7\n%\xe2", "a PDF document"),
    "gif": (b"GIF89a" + bytes(20), "a GIF picture"),
    "heic": (bytes(3) + b"\x18ftypheic" + bytes(20), "a HEIC picture"),
    "avif": (bytes(3) + b"\x18ftypavif" + bytes(20), "an AVIF picture"),
    "video": (bytes(3) + b"\x18ftypisom" + bytes(20), "a video"),
    "zip": (b"PK\3\4" + bytes(20), "a ZIP archive"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "noise": (bytes([200, 3, 7, 250] * 9), "not a picture of a known format"),
    "empty": (b"", "it is empty"),
}


@pytest.mark.parametrize("kind", NOT_PICTURES)
def test_says_what_a_file_is_instead(probe, tmp_path, kind):
    content, words = NOT_PICTURES[kind]
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    sentence = refusal(probe, path)
    assert words in sentence
    assert kind == "empty" or "ip2p reads JPEG, PNG, WebP, TIFF and BMP" in sentence


def test_missing_file_and_folder(probe, tmp_path):
    assert "No such file" in refusal(probe, tmp_path / "nothing.png")
    assert "it is a folder" in refusal(probe, tmp_path)


def test_a_picture_under_another_name_is_read_with_a_warning(probe, tmp_path):
    path = tmp_path / "photo.jpg"
    picture().save(path, "PNG")
    samples, answer = decode(probe, path)
    assert_near(samples, colors(), 0)
    assert len(answer["warnings"]) == 1 and "is a PNG picture" in answer["warnings"][0]


def test_oversized_pictures_name_the_flag(probe, tmp_path):
    for name in ("wide.png", "wide.jpg", "wide.webp", "wide.tiff", "wide.bmp"):
        path = tmp_path / name
        Image.new("RGB", (2000, 1000)).save(path)
        assert "--max-megapixels" in refusal(probe, path, max_megapixels=1.9)
        decode(probe, path, max_megapixels=2)


KINDS = {"cut.png": {}, "cut.jpg": {}, "cut.webp": {}, "cut.tiff": {}, "cut.bmp": {}}


@pytest.mark.parametrize("name", [*KINDS, "progressive.jpg", "lzw.tiff", "lossless.webp", "fax.tiff"])
def test_never_half_a_picture(probe, tmp_path, name):
    options = {
        "progressive.jpg": {"progressive": True},
        "lzw.tiff": {"compression": "tiff_lzw"},
        "lossless.webp": {"lossless": True},
        "fax.tiff": {"compression": "group4"},
    }.get(name, {})
    path = tmp_path / name
    image = picture("L").convert("1") if name == "fax.tiff" else picture()
    image.save(path, **options)
    whole = path.read_bytes()
    for length in [*range(1, len(whole), max(1, len(whole) // 60)), len(whole) - 1]:
        path.write_bytes(whole[:length])
        refusal(probe, path)


def test_unreadable_kinds_are_named(probe, tmp_path):
    path = tmp_path / "picture.tiff"
    Image.fromarray(colors()[..., 0].astype(np.float32)).save(path)
    assert "floating-point" in refusal(probe, path)
    picture_files.tiff(path, colors(), tags={50706: (1, [1, 4, 0, 0])})
    assert "camera raw" in refusal(probe, path)
    picture("LAB").save(path)
    assert decode(probe, path)[0].shape == (HEIGHT, WIDTH, 3)
