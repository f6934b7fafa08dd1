"""The figures and checks as Markdown."""


def table(report):
    """The figures and checks as Markdown."""
    heading = f"{report['device']}, driver {report['driver']}, torch {report['torch']}, {report['date']}"
    if report["rehearsal"]:
        heading += "\n\n**A rehearsal on the CPU with a tiny model. These figures say nothing about any GPU.**"
    lines = [
        heading,
        "",
        f"{report['ip2p']}; model: {report['model']}; {report['side_px']}x{report['side_px']} pixels, {report['steps']} "
        "steps of three branches. The edit and the step are those of the second edit in a process.",
        "",
        "| dtype | one step, s | edit, s | first edit, s | load, s | process start to first step, s | peak memory, MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    columns = ("step_s", "edit_s", "first_edit_s", "load_s", "to_first_step_s", "peak_mib")
    for dtype, run in report["runs"].items():
        lines.append(f"| {dtype} | " + " | ".join(figure(run.get(column)) for column in columns) + " |")
    agreement = report["agreement"]
    lines += [
        "",
        f"Largest difference between the GPU's and the CPU's float32 picture, {agreement['side_px']}x{agreement['side_px']}, "
        f"{agreement['steps']} steps, TF32 off: {figure(agreement['largest_of_255'])}/255.",
        "",
        *(f"- {'holds' if held else 'DOES NOT HOLD'}: {name}" for name, held in report["checks"].items()),
    ]
    return "\n".join(lines)


def figure(number):
    return "-" if number is None else str(number) if isinstance(number, int) else f"{number:.3f}"


def page(report):
    """docs/gpu.md."""
    return f"# On a GPU\n\nMeasured by `scripts/gpu_check`.\n\n{table(report)}\n"
