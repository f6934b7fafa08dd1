"""diffusers as the yardstick: edits by its pipeline, with any of the samplers that ip2p names."""

import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

# ip2p's name -> (diffusers' class, what is set besides the source's own configuration)
SCHEDULERS = {
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}),
    "heun": (HeunDiscreteScheduler, {}),
    "lms": (LMSDiscreteScheduler, {}),
    "ddim": (DDIMScheduler, {"clip_sample": False}),
    # Stable Diffusion's configurations skip the Runge-Kutta start; ip2p's pndm is that one.
    "pndm": (PNDMScheduler, {"skip_prk_steps": True}),
    "dpmpp_2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp_2m_karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "unipc": (UniPCMultistepScheduler, {}),
}


def make_scheduler(pipe, sampler):
    kind, extra = SCHEDULERS[sampler]
    return kind.from_config(pipe.source_scheduler_config, **extra)


def edit(pipe, image, instruction, *, sampler, steps, cfg_text, cfg_image, seed):
    """The edited picture as (H, W, 3) uint8. `image` is a PIL picture of a size that the model takes."""
    pipe.scheduler = make_scheduler(pipe, sampler)
    generator = torch.Generator("cpu").manual_seed(seed)
    # The pipeline turns guidance off altogether below these; the formula goes on.
    if cfg_text > 1 and cfg_image >= 1:
        return np.asarray(
            pipe(
                instruction,
                image=image,
                num_inference_steps=steps,
                guidance_scale=cfg_text,
                image_guidance_scale=cfg_image,
                generator=generator,
            ).images[0]
        )
    return edit_by_hand(pipe, image, instruction, steps, cfg_text, cfg_image, generator)


@torch.no_grad()
def edit_by_hand(pipe, image, instruction, steps, cfg_text, cfg_image, generator):
    """The pipeline's parts put together by the paper's equation 3, for scales that the pipeline does not take."""
    ids = pipe.tokenizer(
        [instruction, ""], padding="max_length", max_length=pipe.tokenizer.model_max_length, truncation=True,
        return_tensors="pt",
    ).input_ids
    text, null = pipe.text_encoder(ids)[0].chunk(2)
    condition = pipe.vae.encode(pipe.image_processor.preprocess(image)).latent_dist.mode()
    scheduler = pipe.scheduler
    scheduler.set_timesteps(steps)
    latents = torch.randn(condition.shape, generator=generator) * scheduler.init_noise_sigma
    extra = pipe.prepare_extra_step_kwargs(generator, 0.0)
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(latents, timestep)

        def predict(image_latent, context):
            sample = torch.cat([scaled, image_latent], 1)
            return pipe.unet(sample, timestep, encoder_hidden_states=context).sample

        none = predict(torch.zeros_like(condition), null)
        only_image = predict(condition, null)
        full = predict(condition, text)
        guided = none + cfg_image * (only_image - none) + cfg_text * (full - only_image)
        latents = scheduler.step(guided, timestep, latents, **extra, return_dict=False)[0]
    decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    return np.asarray(pipe.image_processor.postprocess(decoded, output_type="pil")[0])
