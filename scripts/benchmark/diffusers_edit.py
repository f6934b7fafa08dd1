"""One edit by diffusers in a process of its own, as a careful user would write it; prints its timings as JSON.

usage: diffusers_edit.py PIPELINE INPUT INSTRUCTION OUTPUT STEPS DTYPE SEED
"""

import json
import os
import sys
import time


def since_process_start() -> float:
    """Seconds since the kernel started this process: importing the libraries counts."""
    with open("/proc/self/stat") as stat:
        ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def main():
    pipeline, source, instruction, output, steps, dtype, seed = sys.argv[1:]
    import torch
    from diffusers import EulerAncestralDiscreteScheduler, StableDiffusionInstructPix2PixPipeline
    from PIL import Image

    began = time.perf_counter()
    pipe = StableDiffusionInstructPix2PixPipeline.from_pretrained(
        pipeline, torch_dtype=getattr(torch, dtype), safety_checker=None, requires_safety_checker=False
    )
    pipe.scheduler = EulerAncestralDiscreteScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    seconds = {"load": time.perf_counter() - began}

    starts = []

    def note_start(module, args, kwargs):
        starts.append(time.perf_counter())
        seconds.setdefault("to_first_step", since_process_start())

    pipe.unet.register_forward_pre_hook(note_start, with_kwargs=True)
    began = time.perf_counter()
    edited = pipe(
        instruction,
        image=Image.open(source).convert("RGB"),
        num_inference_steps=int(steps),
        guidance_scale=7.5,
        image_guidance_scale=1.5,
        generator=torch.Generator("cpu").manual_seed(int(seed)),
    ).images[0]
    seconds["item"] = time.perf_counter() - began
    seconds["per_step"] = (starts[-1] - starts[0]) / (len(starts) - 1)
    edited.save(output)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
