"""Colour profiles of pictures, against Pillow's ImageCms."""

import io

import numpy as np
import picture_files
import pytest
from pictures import assert_near, colors, decode, opened, picture, pillow
from PIL import Image, ImageCms
from probe import Probe


@pytest.fixture(scope="module")
def probe():
    with Probe() as one:
        yield one


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


INKS = picture_files.icc_profile(b"CMYK", lut=ink, white=(0.85, 0.88, 0.70))


def through_pillow(
    image,
    profile,
    intent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
):
    return np.asarray(
        ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=intent,
            outputMode="RGB",
            flags=flags,
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


def test_the_intent_is_relative_with_black_point_compensation(probe, tmp_path):
    path = tmp_path / "inks.tiff"
    picture("CMYK").save(path, icc_profile=INKS)
    samples, _ = decode(probe, path)
    others = [
        {"flags": ImageCms.Flags(0)},
        {"intent": ImageCms.Intent.ABSOLUTE_COLORIMETRIC},
    ]
    for other in others:
        reference = through_pillow(picture("CMYK"), INKS, **other)
        assert np.abs(samples.astype(int) - reference).max() > 5, f"the same with {other}"


def test_converts_16_bits_and_alpha(probe, tmp_path):
    stored = colors(4)
    path = tmp_path / "wide.tiff"
    tags = {338: (3, [2]), 34675: (7, WIDE)}
    picture_files.tiff(path, stored.astype(int) * 257, bits=16, tags=tags)
    samples, _ = decode(probe, path)
    expected = through_pillow(Image.fromarray(np.ascontiguousarray(stored[..., :3])), WIDE)
    assert_near(samples[..., :3], expected, 1)
    assert_near(samples[..., 3], stored[..., 3], 0)


def srgb_curve(points):
    levels = np.linspace(0, 1, points)
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


# Two of the many sRGB profiles: Little CMS' own, and one whose curve is a
# table of a few points: that moves some colours by one level when it is applied.
SRGB_ROWS = [(0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)]
SRGB = {
    "exact": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "table": picture_files.icc_profile(b"RGB ", srgb_curve(32), SRGB_ROWS),
}


@pytest.mark.parametrize("kind", SRGB)
@pytest.mark.parametrize("name", ["srgb.png", "srgb.tiff"])
def test_srgb_profiles_change_nothing(probe, tmp_path, name, kind):
    every = np.arange(2**15 * 3).reshape(192, 512).astype(np.uint32) * 181 % 2**24
    samples = np.stack([every >> 16, every >> 8 & 255, every & 255], axis=2).astype(np.uint8)
    Image.fromarray(samples).save(tmp_path / name, icc_profile=SRGB[kind])
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
