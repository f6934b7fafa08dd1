"""A step of training with diffusers' models and torch's autograd: what `ip2p train` is compared with.

The network is computed in float64, so that only one side of the comparison rounds."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import diffusers
import numpy as np
import torch
import training_draws as draws
from PIL import Image, ImageOps
from transformers import CLIPTextModel, CLIPTokenizer

KEYS = ("input_image", "edited_image")


@dataclass
class Step:
    """Loss and gradients of one optimizer step, and which conditions its items lost."""

    loss: float = 0.0
    gradients: dict = field(default_factory=dict)  # by the names that checkpoints use
    kinds: list = field(default_factory=list)
    mirrored: list = field(default_factory=list)


class Reference:
    """The model in a diffusers folder and the examples in an image folder, each of pictures of its own.

    `cache` is the file of latents, where the run has one. The last bit of those is no question of right or wrong, and
    shows in the gradients: they are compared with diffusers' and then used.
    """

    def __init__(self, pipeline, data, config, cache=None):
        self.data, self.config = Path(data), config
        self.vae = diffusers.AutoencoderKL.from_pretrained(pipeline / "vae", local_files_only=True).eval()
        self.unet = diffusers.UNet2DConditionModel.from_pretrained(pipeline / "unet", local_files_only=True).eval()
        self.text = CLIPTextModel.from_pretrained(pipeline / "text_encoder", local_files_only=True).eval()
        self.tokenizer = CLIPTokenizer.from_pretrained(pipeline / "tokenizer", local_files_only=True)
        scheduler = json.loads((pipeline / "scheduler/scheduler_config.json").read_text())
        self.scheduler = diffusers.DDPMScheduler.from_config(scheduler)
        self.pixels_per_latent = 2 ** (len(self.vae.config.block_out_channels) - 1)
        self.examples = [json.loads(line) for line in (self.data / "metadata.jsonl").read_text().splitlines()]
        self.vae.requires_grad_(False)
        self.text.double().requires_grad_(config["train_text"])
        self.unet.double()
        self.cached = None if cache is None else self.read_cache(cache)

    def read_cache(self, path):
        """(pictures, ways, C, h, w): what stands at the end of the file of latents."""
        side = self.config["resolution"] // self.pixels_per_latent
        shape = 2 * len(self.examples), 1 + self.config["flip"], self.vae.config.latent_channels, side, side
        return torch.from_numpy(np.fromfile(path, np.float16)[-math.prod(shape) :].reshape(shape))

    def mode(self, picture):
        """(1, C, h, w): the mode of a picture's latent, unscaled."""
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            return self.vae.encode(pixels).latent_dist.mode()

    def latent(self, number, key, place, mirrored, side):
        """What an item shows of a picture of an example, (1, C, h, w): first the mirror, then the crop."""
        with Image.open(self.data / self.examples[number][key]) as picture:
            picture = picture.convert("RGB")
        picture = ImageOps.mirror(picture) if mirrored else picture
        step, free = self.pixels_per_latent, picture.width - side
        if self.cached is None:
            left, top = (draws.below(*place, axis, free + 1) for axis in ("crop_x", "crop_y"))
            return self.mode(picture.crop((left, top, left + side, top + side)))
        latent = self.cached[2 * number + KEYS.index(key), int(mirrored)][None].float()
        assert torch.allclose(latent, self.mode(picture), rtol=2**-10, atol=1e-4)  # float16 has 11 bits
        left, top = (draws.below(*place, axis, free // step + 1) for axis in ("crop_x", "crop_y"))
        return latent[:, :, top : top + side // step, left : left + side // step]

    def context(self, words):
        length = self.text.config.max_position_embeddings
        ids = self.tokenizer(words, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
        return self.text(ids.input_ids).last_hidden_state

    def dropped(self, uniform):
        """What an item loses: disjoint shares, in the original's order."""
        kinds = [("text", "drop_text"), ("both", "drop_both"), ("image", "drop_image")]
        end = 0.0
        for kind, share in kinds:
            end += self.config[share]
            if uniform < end:
                return kind
        return "nothing"

    def step(self, pixels):
        """The first optimizer step: `accumulate` batches of squares of `pixels`."""
        config, done = self.config, Step()
        for number in range(config["accumulate"]):
            loss = self.loss(number, pixels, done) / config["accumulate"]
            loss.backward()
            done.loss += loss.item()
        for name, parameter in self.unet.named_parameters():
            done.gradients[f"unet.{name}"] = parameter.grad
        if config["train_text"]:
            for name, parameter in self.text.named_parameters():
                name = name.removeprefix("text_model.").removeprefix("encoder.")
                done.gradients[f"text_encoder.{name}"] = parameter.grad
        return done

    def loss(self, number, pixels, done):
        """Of one batch."""
        samples, conditions, wanted, weights, words, timesteps = [], [], [], [], [], []
        for item in range(self.config["batch"]):
            place = self.config["seed"], number, item
            position = number * self.config["batch"] + item
            example = draws.shuffled(self.config["seed"], position, len(self.examples))
            mirrored = self.config["flip"] and draws.uniform(*place, "flip") < 0.5
            kind = self.dropped(draws.uniform(*place, "dropout"))
            done.kinds.append(kind)
            done.mirrored.append(mirrored)

            image, edited = (self.latent(example, key, place, mirrored, pixels) for key in KEYS)
            conditions.append(torch.zeros_like(image) if kind in ("image", "both") else image)
            wordings = self.examples[example]["edit_prompt"]
            wordings = wordings if isinstance(wordings, list) else [wordings]
            chosen = wordings[draws.below(*place, "wording", len(wordings))]
            words.append("" if kind in ("text", "both") else chosen)

            clean = (edited - (self.vae.config.shift_factor or 0.0)) * self.vae.config.scaling_factor
            timestep = self.timestep(draws.uniform(*place, "timestep"))
            noise = draws.normal(*place, "noise", clean.shape[1:])[None]
            noise = noise + self.config["noise_offset"] * draws.normal(*place, "offset", (clean.shape[1], 1, 1))
            timesteps.append(timestep)
            samples.append(self.scheduler.add_noise(clean, noise, timestep))
            weights.append(self.weight(timestep))
            is_noise = self.scheduler.config.prediction_type == "epsilon"
            wanted.append(noise if is_noise else self.scheduler.get_velocity(clean, noise, timestep))

        sample = torch.cat([torch.cat(samples), torch.cat(conditions)], 1).double()
        predicted = self.unet(sample, torch.cat(timesteps), self.context(words)).sample
        squares = (predicted - torch.cat(wanted)).square().mean((1, 2, 3))
        return (squares * torch.cat(weights)).mean()

    def timestep(self, uniform):
        """(1): more often a late one where noisy_bias is above 1."""
        bias = self.config["noisy_bias"]
        share = uniform if bias == 1 else 1 - uniform**bias
        return torch.tensor([int(self.scheduler.config.num_train_timesteps * share)])

    def weight(self, timestep):
        """min(snr, gamma) over snr, or over snr + 1 where v is predicted (Hang et al. 2023)."""
        if self.config["min_snr"] is None:
            return torch.ones(1)
        alpha = self.scheduler.alphas_cumprod[timestep].double()
        snr = alpha / (1 - alpha)
        most = torch.minimum(snr, torch.tensor(float(self.config["min_snr"])))
        return (most / (snr if self.scheduler.config.prediction_type == "epsilon" else snr + 1)).float()
