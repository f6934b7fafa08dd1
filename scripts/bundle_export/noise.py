"""The noise schedule: from a scheduler's config in the source to the manifest's `noise`."""

import diffusers

from .errors import bad_model

# The schedulers that discretise one and the same diffusion: they share betas and timesteps, and a
# bundle's model can be sampled with any of ip2p's samplers. The value is the sampler that does what the
# source's scheduler does; None where ip2p has none, and the original's is the default.
FAMILY = {
    "DDIMScheduler": "ddim",
    "DDPMScheduler": None,
    "DEISMultistepScheduler": None,
    "DPMSolverMultistepScheduler": "dpmpp_2m",
    "DPMSolverSinglestepScheduler": None,
    "EulerAncestralDiscreteScheduler": "euler_a",
    "EulerDiscreteScheduler": "euler",
    "HeunDiscreteScheduler": "heun",
    "KDPM2AncestralDiscreteScheduler": None,
    "KDPM2DiscreteScheduler": None,
    "LMSDiscreteScheduler": "lms",
    "PNDMScheduler": "pndm",
    "UniPCMultistepScheduler": "unipc",
}
# As the hub's timbrooks/instruct-pix2pix says it.
ORIGINAL_SCHEDULER = {
    "_class_name": "EulerAncestralDiscreteScheduler",
    "_diffusers_version": "0.12.0.dev0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}
PREDICTIONS = ("epsilon", "v_prediction")
SPACINGS = ("linspace", "leading", "trailing")


def noise_section(config: dict) -> dict:
    """The manifest's `noise` for a scheduler_config.json; refuses by name what ip2p cannot sample.

    Only what the file says itself goes in: diffusers lets each scheduler use its own default for the
    rest, and so does ip2p (null).
    """
    kind = config.get("_class_name")
    if kind not in FAMILY:
        raise bad_model(
            f"scheduler: is a {kind}, expected one of {', '.join(FAMILY)};"
            " models of another scheduler family cannot be exported"
        )
    for key in ("rescale_betas_zero_snr", "thresholding", "use_flow_sigmas"):
        if config.get(key):
            raise bad_model(f"scheduler: {key} is true, expected false; such a schedule cannot be exported")
    if config.get("timestep_type", "discrete") != "discrete":
        raise bad_model(
            f"scheduler: timestep_type is {config['timestep_type']!r}, expected 'discrete';"
            " such a model cannot be exported"
        )

    scheduler = getattr(diffusers, kind).from_config(config)
    if scheduler.config.get("clip_sample") and "clip_sample" not in unused(scheduler):
        raise bad_model(
            "scheduler: clip_sample is true, expected false: ip2p does not clip latents;"
            ' set "clip_sample": false in scheduler_config.json if the model was not trained with it'
        )
    prediction = scheduler.config.prediction_type
    if prediction not in PREDICTIONS:
        raise bad_model(
            f"scheduler: prediction_type is {prediction!r}, expected {' or '.join(PREDICTIONS)};"
            " this model cannot be exported"
        )
    spacing = config.get("timestep_spacing")
    if spacing is not None and spacing not in SPACINGS:
        raise bad_model(f"scheduler: timestep_spacing is {spacing!r}, expected one of {', '.join(SPACINGS)}")

    return {
        "prediction": prediction,
        "train_timesteps": scheduler.config.num_train_timesteps,
        "betas": scheduler.betas.tolist(),
        "timestep_spacing": spacing,
        "steps_offset": config.get("steps_offset", 0),
        "final_alpha_one": config.get("set_alpha_to_one"),
    }


def unused(scheduler: diffusers.SchedulerMixin) -> set[str]:
    """The keys of a scheduler's config that its class does not know."""
    return set(scheduler.config) - set(scheduler._get_init_keys(type(scheduler)))


def default_sampler(config: dict) -> str | None:
    """The sampler that does what the source's scheduler does; None where there is no such sampler."""
    sampler = FAMILY[config["_class_name"]]
    if config.get("use_exponential_sigmas") or config.get("use_beta_sigmas"):
        return None
    if sampler == "pndm" and not config.get("skip_prk_steps"):
        return None
    if sampler == "dpmpp_2m" and (
        config.get("algorithm_type", "dpmsolver++") != "dpmsolver++" or config.get("solver_order", 2) != 2
    ):
        return None
    if config.get("use_karras_sigmas"):
        return "dpmpp_2m_karras" if sampler == "dpmpp_2m" else None
    return sampler
