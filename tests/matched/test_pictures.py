"""Pictures in: every kind of sample, against Pillow and against what was stored."""

import itertools

import numpy as np
import picture_files
import pytest
from pictures import HEIGHT, WIDTH, assert_near, colors, decode, picture, pillow
from PIL import Image
from probe import Probe


@pytest.fixture(scope="module")
def probe():
    with Probe() as one:
        yield one


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
    "ycbcr_jpeg.tiff": lambda p: save(picture().convert("YCbCr"), p, compression="jpeg"),
    "ycbcr.tiff": lambda p: save(picture().convert("YCbCr"), p),
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
