"""TorchScript archives of modules that no exporter writes."""

import torch


def scripted(module, path):
    """The archive, which is left at `path`."""
    torch.jit.script(module).save(str(path))
    return path.read_bytes()
