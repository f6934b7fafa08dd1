"""Writes a TorchScript module so that the same module always gives the same bytes.

torch.jit.save adds paths and line numbers of the machine's Python sources, and names classes by how many
of that name the process has seen. Neither belongs to the model. Here every class is called after its place
in the module tree, and all of them are in one file of code, which also loads faster than hundreds.
"""

import re
from pathlib import Path

import torch

CODE = "code/__torch__/ip2p.py"
IN_PICKLE = re.compile(rb"(__torch__[\w.]*)\n(\w+)\n")  # how data.pkl names a class
IN_CODE = re.compile(r"__torch__(?:\.\w+)+")  # how code does
CLASS = re.compile(r"^class (\w+)", re.MULTILINE)
METHOD = re.compile(r"^  def .*?(?=^  def |^class |\Z)", re.MULTILINE | re.DOTALL)
ASSIGNED = re.compile(r"^    (\w[\w, ]*?),? = ", re.MULTILINE)
WORD = re.compile(r"(?<![\w.\"])[a-zA-Z_]\w*(?![\w=\"])")  # not an attribute, a keyword argument or a string
# What the writer adds by itself, and the example input of the tracing.
LEFT_OUT = (".data/", "version", "byteorder", "code/", "traced_inputs")


def save(module: torch.jit.ScriptModule, path: Path) -> None:
    """Writes `module` to `path` as a TorchScript archive in canonical form."""
    raw = path.with_suffix(".raw")
    try:
        module.save(str(raw))
        rewrite(raw, path)
    finally:
        raw.unlink(missing_ok=True)


def rewrite(raw: Path, path: Path) -> None:
    """Copies the TorchScript archive `raw` to `path` in canonical form."""
    reader = torch._C.PyTorchFileReader(str(raw))
    writer = torch._C.PyTorchFileWriter(str(path))
    # Of the operators: with a lower one, loading would put conversions of old code around some of them.
    version = ".data/version" if reader.has_record(".data/version") else "version"  # the place depends on the version
    writer.set_min_version(int(reader.get_record(version)))
    records = sorted(reader.get_all_records(), key=numerical)

    names: dict[str, str] = {}  # the class names of `raw` -> the new ones, in the order of the module tree

    def rename(found: re.Match) -> bytes:
        old = b".".join(found.groups()).decode()
        names.setdefault(old, f"{found[2].decode()}_{len(names)}")
        return f"__torch__.ip2p\n{names[old]}\n".encode()

    objects = IN_PICKLE.sub(rename, reader.get_record("data.pkl"))
    code = renamed_code(reader, records, names)

    for name, data in (("data.pkl", objects), (CODE, code)):
        writer.write_record(name, data, len(data))
    for name in records:
        if name != "data.pkl" and not name.startswith(LEFT_OUT):
            data = reader.get_record(name)
            writer.write_record(name, data, len(data))
    writer.write_end_of_file()


def renamed_code(reader: torch._C.PyTorchFileReader, records: list[str], names: dict[str, str]) -> bytes:
    """All classes of an archive as one file, under their new names."""
    classes = {}
    for record in records:
        if not record.endswith(".py"):
            continue  # .debug_pkl
        module = record.removeprefix("code/").removesuffix(".py").replace("/", ".")
        text = reader.get_record(record).decode()
        starts = [found.start() for found in CLASS.finditer(text)]
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
            new = names[f"{module}.{CLASS.match(text, start)[1]}"]
            classes[new] = CLASS.sub(f"class {new}", text[start:end], count=1)
    code = "".join(classes[new] for new in names.values())
    code = IN_CODE.sub(lambda found: f"__torch__.ip2p.{names[found[0]]}", code)
    return METHOD.sub(renamed_variables, code).encode()


def renamed_variables(method: re.Match) -> str:
    """A method's text with its variables called _0, _1, ...; torch's names depend on the file around it."""
    variables: dict[str, str] = {}
    for found in ASSIGNED.finditer(method[0]):
        for name in found[1].split(", "):
            variables.setdefault(name, f"_{len(variables)}")
    return WORD.sub(lambda found: variables.get(found[0], found[0]), method[0])


def numerical(name: str) -> list:
    """Sorts names with the numbers in them as numbers."""
    return [(part.isdigit(), int(part) if part.isdigit() else part) for part in re.split(r"(\d+)", name)]
