"""The Muon optimiser: steps of matrices are orthogonalised momentum; everything else is Adam.

A step of a weight matrix has all its singular values near one, so that rare directions are learnt as fast as
common ones; small convolutional networks need about half the steps of Adam's (Jordan et al. 2024).
"""

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # a quintic that takes singular values in (0, 1] to about 1
SMALLEST = 8  # rows and columns of what counts as a matrix


class Muon(torch.optim.Optimizer):
    """Muon for weights with at least SMALLEST rows and columns, Adam at `adam` times the rate for the rest."""

    def __init__(self, model: nn.Module, rate: float, momentum: float = 0.95, adam: float = 0.05, decay: float = 0.0):
        matrices, rest = [], []
        for name, parameter in model.named_parameters():
            matrix = parameter.ndim >= 2 and min(parameter.shape[0], parameter[0].numel()) >= SMALLEST
            (matrices if matrix and "embedding" not in name else rest).append(parameter)
        groups = [{"params": matrices, "matrix": True}, {"params": rest, "matrix": False}]
        super().__init__(groups, {"lr": rate, "momentum": momentum, "adam": adam, "decay": decay})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    (muon_step if group["matrix"] else adam_step)(parameter, self.state[parameter], group)


def muon_step(parameter: Tensor, state: dict, group: dict) -> None:
    """Nesterov momentum, orthogonalised over (outputs, the rest)."""
    if not state:
        state["mean"] = torch.zeros_like(parameter)
    state["mean"].mul_(group["momentum"]).add_(parameter.grad)
    ahead = parameter.grad + group["momentum"] * state["mean"]
    step = orthogonal(ahead.flatten(1))
    scale = max(1.0, step.shape[0] / step.shape[1]) ** 0.5
    parameter.mul_(1 - group["lr"] * group["decay"])
    parameter.add_(step.view_as(parameter), alpha=-group["lr"] * scale)


def orthogonal(matrix: Tensor, iterations: int = 5) -> Tensor:
    """The nearest matrix with singular values of about one, by Newton-Schulz iterations."""
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix) / (matrix.norm() + 1e-7)
    for _ in range(iterations):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


def adam_step(parameter: Tensor, state: dict, group: dict) -> None:
    """Adam with its usual correction of the first steps."""
    if not state:
        state.update(mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter), count=0)
    state["count"] += 1
    state["mean"].lerp_(parameter.grad, 0.1)
    state["square"].lerp_(parameter.grad**2, 0.02)
    mean = state["mean"] / (1 - 0.9 ** state["count"])
    deviation = (state["square"] / (1 - 0.98 ** state["count"])).sqrt() + 1e-8
    parameter.addcdiv_(mean, deviation, value=-group["lr"] * group["adam"])
