"""Compares traced modules with the originals, on other batches and sizes than the traced ones."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .errors import bad_model

TOLERANCE = 1e-5  # of max(1, largest reference value), in float32

# (batch, height, width) in units of the smallest size a model takes. The traced one differs from the
# others in all three.
TRACED_SIZE = (3, 2, 3)
CHECKED_SIZES = ((1, 1, 2), (2, 3, 1), (4, 2, 2))


@dataclass
class Case:
    """Inputs of a call and what the original gives for them."""

    inputs: tuple[Tensor, ...]
    reference: Tensor


def cases(original: Callable[..., Tensor], inputs: Callable[..., tuple[Tensor, ...]]) -> list[Case]:
    """Runs the original once a size; `inputs(batch, height, width)` makes its arguments."""
    with torch.no_grad():
        return [Case(given, original(*given)) for given in (inputs(*size) for size in CHECKED_SIZES)]


def refuse_difference(
    name: str, traced: Callable[..., Tensor], checked: list[Case], what: str = "the traced module"
) -> float:
    """The largest relative difference from the references; refuses one above the tolerance."""
    worst = 0.0
    for case in checked:
        # Each size is run once: optimising the code for it would take longer than running it.
        with torch.no_grad(), torch.jit.optimized_execution(False):
            output = traced(*case.inputs)
        if output.shape != case.reference.shape:
            raise bad_model(
                f"{name}: {what} gives shape {list(output.shape)}, expected {list(case.reference.shape)}"
                " as the original; this model cannot be exported"
            )
        if not torch.isfinite(case.reference).all():
            raise bad_model(f"{name}: the original gives values that are not finite; its weights are damaged")
        scale = max(1.0, case.reference.abs().max().item())
        worst = max(worst, (output - case.reference).abs().max().item() / scale)
    if not worst <= TOLERANCE:
        raise bad_model(
            f"{name}: {what} differs from the original by {worst:.1e}, expected at most {TOLERANCE:.0e};"
            " this model cannot be exported"
        )
    return worst
