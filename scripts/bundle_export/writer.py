"""Writes one call of a bundle at a time: traced, compared with the original, saved, compared again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from . import check
from .archive import save
from .errors import say
from .tracing import trace

DTYPES = {"float32": torch.float32, "float16": torch.float16}


@dataclass
class Writer:
    """Traces, checks and saves one call of a bundle, and checks what is in the file. Takes the module's weights away:
    two copies of a UNet would be much."""

    folder: Path
    dtype: torch.dtype  # of the weights in the archives
    files: dict[str, str]  # part -> the name of its file

    def __call__(
        self, part: str, module: nn.Module, checked: list[check.Case], inputs: Callable[..., tuple[Tensor, ...]]
    ) -> None:
        traced = trace(module, inputs(*check.TRACED_SIZE), part)
        difference = check.refuse_difference(part, traced, checked)
        say(f"{part}: traced; differs from the original by {difference:.1e}")
        path = self.folder / self.files[part]
        rounded = as_written(module, checked[0], self.dtype)
        save(traced.to(self.dtype), path)
        for weight in module.parameters():  # those of `traced` too
            weight.data = torch.empty(0)
        check.refuse_difference(part, torch.jit.load(path).float(), [rounded], "the written archive")


def as_written(module: nn.Module, case: check.Case, dtype: torch.dtype) -> check.Case:
    """`case` with what `module` gives, in float32, for weights that were stored in `dtype`."""
    if dtype == torch.float32:
        return case
    with torch.no_grad():
        return check.Case(case.inputs, module.to(dtype).float()(*case.inputs))


def seeded() -> torch.Generator:
    """The same numbers each time: an export is repeatable."""
    return torch.Generator().manual_seed(0)
