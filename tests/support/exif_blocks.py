"""An EXIF block like a camera's, and what must be left of it."""

import picture_files
from pictures import colors, picture
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

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
