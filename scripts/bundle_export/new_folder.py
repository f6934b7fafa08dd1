"""The folder of a bundle: there as a whole, or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import bad_file


def refuse_existing(out: Path, overwrite: bool, manifest: str = "bundle.json") -> None:
    """Refuses a target that exists; with `overwrite`, one that is not a bundle with that manifest."""
    if not out.exists() and not out.is_symlink():
        return
    if not overwrite:
        raise bad_file(f"{out}: exists; give another folder, or --overwrite to replace it")
    if not (out / manifest).is_file():
        raise bad_file(f"{out}: exists and is not a bundle (it has no {manifest}); it is not overwritten")


@contextmanager
def new_folder(out: Path, overwrite: bool, manifest: str = "bundle.json") -> Iterator[Path]:
    """A temporary folder beside `out` that takes its name at the end, or disappears if anything fails."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".partial", dir=out.parent))
    except OSError as error:
        raise bad_file(f"{out}: cannot be made: {error.strerror}") from error
    try:
        yield partial
        partial.chmod(0o755)
        refuse_existing(out, overwrite, manifest)
        if out.exists():
            old = partial.with_suffix(".old")
            os.rename(out, old)
            os.rename(partial, out)
            shutil.rmtree(old)
        else:
            os.rename(partial, out)
    except OSError as error:
        raise bad_file(f"{out}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
