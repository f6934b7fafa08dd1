#!/usr/bin/env python3
"""Puts pictures with words under them onto one: contact_sheet.py OUT COLUMNS PICTURE WORDS [PICTURE WORDS ...]."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH_PX, HEIGHT_PX, LABEL_PX, GAP_PX, FONT_PX = 256, 172, 26, 8, 15


def sheet(cells: list[tuple[Path, str]], columns: int) -> Image.Image:
    """The pictures, each reduced to its cell, row by row."""
    rows = -(-len(cells) // columns)
    step_x, step_y = WIDTH_PX + GAP_PX, HEIGHT_PX + LABEL_PX + GAP_PX
    result = Image.new("RGB", (columns * step_x + GAP_PX, rows * step_y + GAP_PX), "white")
    draw, font = ImageDraw.Draw(result), ImageFont.load_default(FONT_PX)
    for number, (path, words) in enumerate(cells):
        left, top = GAP_PX + number % columns * step_x, GAP_PX + number // columns * step_y
        with Image.open(path) as picture:
            picture = picture.convert("RGB")
        picture.thumbnail((WIDTH_PX, HEIGHT_PX), Image.Resampling.LANCZOS)
        result.paste(picture, (left + (WIDTH_PX - picture.width) // 2, top + (HEIGHT_PX - picture.height) // 2))
        draw.text((left + WIDTH_PX // 2, top + HEIGHT_PX + LABEL_PX // 2), words, "black", font, anchor="mm")
    return result


def main() -> None:
    out, columns, *rest = sys.argv[1:]
    cells = [(Path(picture), words) for picture, words in zip(rest[::2], rest[1::2], strict=True)]
    sheet(cells, int(columns)).save(out, quality=90)


if __name__ == "__main__":
    main()
