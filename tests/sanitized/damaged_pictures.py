"""Pictures of every format, damaged in every way that has bitten a decoder before."""

from damaged_bytes import (
    bits_flipped_anywhere,
    bits_flipped_behind_checksums,
    bits_flipped_in_headers,
    cut_short,
    no_pictures,
    pieces_missing_or_doubled,
    trailing_bytes,
    wrong_magic,
)
from damaged_metadata import bad_exif, bad_profiles
from damaged_sizes import bombs, sizes_in_headers, tiff_tags

KINDS = {
    function.__name__: function
    for function in (
        cut_short,
        bits_flipped_in_headers,
        bits_flipped_anywhere,
        bits_flipped_behind_checksums,
        pieces_missing_or_doubled,
        wrong_magic,
        sizes_in_headers,
        bad_profiles,
        bad_exif,
        trailing_bytes,
        no_pictures,
        tiff_tags,
        bombs,
    )
}
