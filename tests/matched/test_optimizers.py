"""AdamW, Muon, Newton-Schulz and clipping against torch.optim, and checkpoint files against the safetensors package."""

import json
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.optim._muon import _zeropower_via_newtonschulz

PROBE = Path(__file__).parents[2] / "build/tests/probe_train/ip2p_train_probe"
STEPS = 10
SHAPES = {"square": [24, 24], "tall": [70, 16], "wide": [16, 70], "row": [1, 40], "column": [40, 1]}


@pytest.fixture
def probe(tmp_path):
    """probe(operation, tensors, **request): the tensors of the answer, and what stands on stderr."""

    def call(operation, tensors, **request):
        request["tensors"] = {name: list(tensor.shape) for name, tensor in tensors.items()}
        (tmp_path / "request.json").write_text(json.dumps(request))
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, tmp_path / "in.safetensors")
        arguments = [tmp_path / "request.json", tmp_path / "in.safetensors", tmp_path / "out.safetensors"]
        done = subprocess.run([PROBE, operation, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return load_file(tmp_path / "out.safetensors"), done.stderr

    return call


def normal(shape, seed, scale=1.0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale


def start_and_gradients(shapes):
    """Parameters by name, and the gradients of every step as the probe names them."""
    start = {name: normal(shape, seed) for seed, (name, shape) in enumerate(shapes.items())}
    gradients = {
        f"{step}/{name}": normal(shape, 1000 * step + seed, 10.0 ** (seed % 5 - 3))
        for step in range(STEPS)
        for seed, (name, shape) in enumerate(shapes.items(), 17)
    }
    return start, gradients


def torch_run(make, start, gradients, rates, clip=None):
    """What an optimizer of torch.optim makes of the parameters, and the norms before clipping."""
    parameters = {name: tensor.clone().requires_grad_() for name, tensor in start.items()}
    optimizer = make(list(parameters.values()))
    norms = []
    for step, rate in enumerate(rates):
        for name, parameter in parameters.items():
            gradient = gradients.get(f"{step}/{name}")
            parameter.grad = None if gradient is None else gradient.clone()
        if clip is not None:
            norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), clip).item())
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return {name: parameter.detach() for name, parameter in parameters.items()}, norms


def difference(ours, theirs):
    """The largest difference, as a share of the largest value."""
    assert ours.keys() == theirs.keys()
    return max((ours[name] - theirs[name]).abs().max() / theirs[name].abs().max() for name in ours).item()


RATES = [1e-3 * (step + 1) for step in range(STEPS)]


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("beta2", [0.999, 0.95])
def test_adamw_is_torch_optims(probe, weight_decay, beta2):
    start, gradients = start_and_gradients(SHAPES | {"bias": [33], "conv": [8, 4, 3, 3], "number": []})
    gradients.pop("3/bias")  # a step without a gradient does not count
    ours, _ = probe(
        "optimizer", start | gradients, optimizer="adamw", parameters=list(start), rates=RATES,
        weight_decay=weight_decay, beta1=0.9, beta2=beta2,
    )  # fmt: skip

    def make(**how):
        return lambda parameters: torch.optim.AdamW(parameters, betas=(0.9, beta2), weight_decay=weight_decay, **how)

    fused, _ = torch_run(make(fused=True), start, gradients, RATES)
    assert difference(ours, fused) == 0
    plain, _ = torch_run(make(foreach=False), start, gradients, RATES)
    assert difference(ours, plain) < 2e-7


def test_muon_is_torch_optims(probe):
    start, gradients = start_and_gradients(SHAPES)
    ours, _ = probe(
        "optimizer", start | gradients, optimizer="muon", parameters=list(start), rates=RATES,
        weight_decay=0.1, momentum=0.95,
    )  # fmt: skip
    theirs, _ = torch_run(
        lambda parameters: torch.optim.Muon(parameters, weight_decay=0.1, momentum=0.95), start, gradients, RATES
    )
    assert difference(ours, theirs) == 0


def test_muon_moves_kernels_as_matrices_and_the_rest_by_adamw(probe):
    matrices = {"conv.weight": [16, 6, 3, 3], "proj.weight": [12, 20]}
    rest = {"conv.bias": [16], "token_embedding.weight": [9, 12]}
    start, gradients = start_and_gradients(matrices | rest)
    ours, _ = probe(
        "optimizer", start | gradients, optimizer="muon", parameters=list(start), rates=RATES,
        weight_decay=0.1, momentum=0.9, adam_rate=0.25, beta1=0.9, beta2=0.99,
    )  # fmt: skip

    def flat(tensors, names):
        return {key: value.flatten(1) for key, value in tensors.items() if key.split("/")[-1] in names}

    moved, _ = torch_run(
        lambda parameters: torch.optim.Muon(parameters, weight_decay=0.1, momentum=0.9),
        flat(start, matrices), flat(gradients, matrices), RATES,
    )  # fmt: skip
    assert difference({name: ours[name].flatten(1) for name in matrices}, moved) == 0
    adam, _ = torch_run(
        lambda parameters: torch.optim.AdamW(parameters, betas=(0.9, 0.99), weight_decay=0.1, foreach=False),
        {name: start[name] for name in rest}, gradients, [rate * 0.25 for rate in RATES],
    )  # fmt: skip
    assert difference({name: ours[name] for name in rest}, adam) < 2e-7


def test_newton_schulz_is_torch_optims(probe):
    matrices = {name: normal(shape, seed) for seed, (name, shape) in enumerate(SHAPES.items())}
    matrices["zero"] = torch.zeros(5, 7)
    theirs = {
        name: _zeropower_via_newtonschulz(matrix, (3.4445, -4.7750, 2.0315), 5, 1e-7)
        for name, matrix in matrices.items()
    }
    ours, _ = probe("newton_schulz", matrices, arithmetic="bfloat16")
    for name in matrices:
        assert ours[name].dtype == torch.bfloat16
        assert torch.equal(ours[name], theirs[name]), name
    exact, _ = probe("newton_schulz", matrices, arithmetic="float32")
    for name in matrices:  # bfloat16 keeps 8 bits
        assert (exact[name] - theirs[name].float()).abs().max() < 0.05, name


def test_clipping_is_torchs(probe):
    start, gradients = start_and_gradients(SHAPES)
    ours, norms = probe(
        "optimizer", start | gradients, optimizer="adamw", parameters=list(start), rates=RATES,
        weight_decay=0.0, clip=0.5,
    )  # fmt: skip
    theirs, expected = torch_run(
        lambda parameters: torch.optim.AdamW(parameters, weight_decay=0, foreach=False), start, gradients, RATES, 0.5
    )
    assert [float(norm) for norm in norms.split()] == pytest.approx(expected, rel=1e-5)
    assert difference(ours, theirs) < 2e-6


def test_files_are_safetensors(probe, tmp_path):
    """What the safetensors package wrote is read, and what is written it reads."""
    tensors = {"a \u00e9 \"b\"": normal([3, 5], 1, 100), "one": torch.ones(1, 1), "none": torch.zeros(0, 4)}
    got, _ = probe("copy", tensors, about="caf\u00e9 \"x\"")
    assert len(got) == 5 * len(tensors)
    for name, tensor in tensors.items():
        assert torch.equal(got[name], tensor)
        assert torch.equal(got[name + " turned"], tensor.t())
        for dtype in torch.float16, torch.bfloat16, torch.int64:
            copy = got[f"{name} {str(dtype).removeprefix('torch.')}"]
            assert copy.dtype == dtype
            assert torch.equal(copy, tensor.to(dtype))

    from safetensors import safe_open

    with safe_open(tmp_path / "out.safetensors", "pt") as file:
        assert json.loads(file.metadata()["ip2p"])["about"] == "caf\u00e9 \"x\""
