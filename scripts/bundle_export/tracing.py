"""Traces a module into TorchScript in which no size, dtype, device or backend setting is fixed."""

import warnings
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from .errors import bad_model

# Arguments of operators that fix where or how a result is stored. A constant there would make the
# archive fail, or fall back, on another device or in another dtype.
FIXING_ARGUMENTS = ("dtype", "device", "layout", "pin_memory")


def trace(module: nn.Module, example: tuple[Tensor, ...], name: str) -> torch.jit.ScriptModule:
    """Traces `module` (in evaluation mode) on `example`; parameters stay parameters.

    Refuses, naming the operators, if something of the tracing machine is left in the code.
    """
    with warnings.catch_warnings(), torch.no_grad():
        # The branches that diffusers takes on sizes are the same for every size that a bundle allows,
        # which check.py verifies on other sizes than the traced one.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(module, example, check_trace=False)
    for graph in graphs(traced):
        clean(graph)
    found = fixed_parts(traced)
    if found:
        raise bad_model(
            f"{name}: its traced code is tied to one dtype or device by {', '.join(found)};"
            " this kind of model cannot be exported"
        )
    return traced


def graphs(module: torch.jit.ScriptModule) -> Iterator[torch._C.Graph]:
    """The graphs of every method of a scripted module and of its parts."""
    for part in module.modules():
        for name in part._c._method_names():
            yield part._c._get_method(name).graph


def nodes(block: torch._C.Graph | torch._C.Block) -> Iterator[torch._C.Node]:
    """Every node of a graph, those inside other nodes included."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes(inner)


def operators(module: torch.jit.ScriptModule) -> set[str]:
    """The kinds of operators that a module's code uses (`aten::linear`, `prim::GetAttr`, ...)."""
    return {node.kind() for node in nodes(module.inlined_graph)}


def clean(graph: torch._C.Graph) -> None:
    """Removes from a traced graph what tracing adds and nobody needs."""
    for node in list(nodes(graph)):
        scalar_constant(graph, node)
    for node in list(nodes(graph)):
        plain_convolution(graph, node)
        no_division_by_one(node)
        integer_stays_integer(graph, node)
    torch._C._jit_pass_dce(graph)


def scalar_constant(graph: torch._C.Graph, node: torch._C.Node) -> None:
    """A number that tracing stored as a tensor (on the tracing device) becomes a number again."""
    if node.kind() == "prim::Constant" and isinstance(node.output().type(), torch._C.TensorType):
        value = node.output().toIValue()  # a number that Python wrote comes back as one
        if isinstance(value, (bool, int, float)):
            with graph.insert_point_guard(node):
                node.output().replaceAllUsesWith(graph.insertConstant(value))


def plain_convolution(graph: torch._C.Graph, node: torch._C.Node) -> None:
    """`aten::_convolution` carries the cuDNN settings of the moment (TF32 among them): use `aten::conv2d`,
    which obeys those of the process that runs it."""
    if node.kind() != "aten::_convolution":
        return
    inputs = list(node.inputs())
    assert inputs[6].toIValue() is False, "transposed convolution"
    plain = graph.create("aten::conv2d", inputs[:6] + [inputs[8]], 1)
    plain.insertBefore(node)
    plain.output().setType(node.output().type())
    node.output().replaceAllUsesWith(plain.output())


def no_division_by_one(node: torch._C.Node) -> None:
    """`x / 1` is `x`, and one pass over memory less."""
    if node.kind() == "aten::div":
        inputs = list(node.inputs())
        if len(inputs) == 2 and inputs[1].node().kind() == "prim::Constant" and inputs[1].toIValue() == 1:
            node.output().replaceAllUsesWith(inputs[0])


def integer_stays_integer(graph: torch._C.Graph, node: torch._C.Node) -> None:
    """A size, or a product of sizes, that tracing took through tensors is computed with integers."""
    if node.kind() == "aten::Int":
        with graph.insert_point_guard(node):
            whole = as_integer(graph, node.input())
        if whole is not None:
            node.output().replaceAllUsesWith(whole)


def as_integer(graph: torch._C.Graph, value: torch._C.Value) -> torch._C.Value | None:
    """The integer that a tensor was made from, computed at the graph's insertion point; None if there is none."""
    source = value.node()
    if source.kind() == "prim::NumToTensor":
        return source.input()
    if source.kind() == "aten::mul":
        factors = [as_integer(graph, factor) for factor in source.inputs()]
        if None not in factors:
            product = graph.insertNode(graph.create("aten::mul", factors, 1)).output()
            product.setType(torch._C.IntType.get())
            return product
    return None


def fixed_parts(module: torch.jit.ScriptModule) -> list[str]:
    """What in a module's code is fixed to one dtype or device: names of operators and arguments."""
    found = set()
    for node in nodes(module.inlined_graph):
        if node.kind() == "prim::Constant":
            kind = node.output().type().kind()
            if kind in ("TensorType", "DeviceObjType"):
                found.add(f"a constant {'tensor' if kind == 'TensorType' else 'device'}")
        elif node.kind().startswith("aten::"):
            arguments = torch._C.parse_schema(node.schema()).arguments
            for argument, value in zip(arguments, node.inputs(), strict=True):
                fixed = value.node().kind() == "prim::Constant" and value.toIValue() is not None
                if argument.name in FIXING_ARGUMENTS and fixed:
                    found.add(f"{node.kind()}({argument.name}={value.toIValue()})")
    return sorted(found)
