"""The licence files of a bundle: the weights', and the notice of CLIP's vocabulary."""

import shutil
from pathlib import Path

CLIP_NOTICE = """\
tokenizer.model is made from the byte-pair vocabulary of CLIP (https://github.com/openai/CLIP):

MIT License

Copyright (c) 2021 OpenAI

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def write_licences(folder: Path, files: list[Path], licence: str, front_end: str) -> None:
    """Copies the source's licence files, or writes one that says what is known; adds CLIP's notice."""
    for path in files:
        shutil.copyfile(path, folder / path.name)
    if not files:
        (folder / "LICENSE").write_text(f"Licence of the weights: {licence}\n", "utf-8")
    if front_end == "clip":
        (folder / "LICENSE-clip-vocabulary").write_text(CLIP_NOTICE, "utf-8")
