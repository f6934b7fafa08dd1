"""A folder edited by diffusers as a careful user would write it: one load, then a loop.

usage: diffusers_batch.py PIPELINE IN OUT INSTRUCTION STEPS
"""

import sys
from pathlib import Path


def main():
    pipeline, source, out, instruction, steps = sys.argv[1:]
    import torch
    from diffusers import DDIMScheduler, StableDiffusionInstructPix2PixPipeline
    from PIL import Image

    pipe = StableDiffusionInstructPix2PixPipeline.from_pretrained(
        pipeline, torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False
    )
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    Path(out).mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(sorted(Path(source).iterdir())):
        edited = pipe(
            instruction,
            image=Image.open(path).convert("RGB"),
            num_inference_steps=int(steps),
            guidance_scale=7.5,
            image_guidance_scale=1.5,
            generator=torch.Generator("cpu").manual_seed(number),
        ).images[0]
        edited.save(Path(out) / path.name)


if __name__ == "__main__":
    main()
