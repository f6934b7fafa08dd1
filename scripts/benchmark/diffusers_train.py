"""The training step of `ip2p train` as a careful user of diffusers and torch would write it; prints its timings as JSON.

usage: diffusers_train.py PIPELINE DATA RESOLUTION BATCH STEPS

Latents and contexts are computed once, as ip2p does, and the VAE and the text encoder are let go of.
"""

import json
import sys
import time
from pathlib import Path


def main():
    pipeline, data, resolution, batch, steps = sys.argv[1:]
    resolution, batch, steps = int(resolution), int(batch), int(steps)
    import numpy as np
    import torch
    from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
    from diffusers.training_utils import EMAModel
    from PIL import Image
    from torch.nn.functional import mse_loss
    from transformers import CLIPTextModel, CLIPTokenizer

    def load(kind, part):
        return kind.from_pretrained(Path(pipeline) / part, torch_dtype=torch.float32)

    def pixels(path):
        with Image.open(Path(data) / path) as picture:
            picture = picture.convert("RGB").resize((resolution, resolution))
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 127.5 - 1

    vae, text = load(AutoencoderKL, "vae"), load(CLIPTextModel, "text_encoder")
    tokenizer = CLIPTokenizer.from_pretrained(Path(pipeline) / "tokenizer")
    examples = [json.loads(line) for line in (Path(data) / "metadata.jsonl").read_text().splitlines()]
    with torch.no_grad():
        images, targets = (
            torch.cat([vae.encode(pixels(example[key])[None]).latent_dist.mode() for example in examples])
            for key in ("input_image", "edited_image")
        )
        words = [example["edit_prompt"] for example in examples] + [""]
        ids = tokenizer(words, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        contexts = text(ids).last_hidden_state
        targets = targets * vae.config.scaling_factor
    del vae, text

    unet = load(UNet2DConditionModel, "unet").train()
    noise_levels = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    optimizer = torch.optim.AdamW(unet.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
    average = EMAModel(unet.parameters(), decay=0.9999, foreach=True)
    random = torch.Generator().manual_seed(0)
    seconds, losses = [], []
    for _ in range(steps):
        began = time.perf_counter()
        chosen = torch.randint(len(examples), (batch,), generator=random)
        timesteps = torch.randint(1000, (batch,), generator=random)
        noise = torch.randn(targets[chosen].shape, generator=random)
        drawn = torch.rand(batch, generator=random)
        context = torch.where((drawn < 0.10)[:, None, None], contexts[-1], contexts[chosen])
        image = torch.where(((drawn >= 0.05) & (drawn < 0.15))[:, None, None, None], 0.0, images[chosen])
        noisy = noise_levels.add_noise(targets[chosen], noise, timesteps)
        optimizer.zero_grad()
        loss = mse_loss(unet(torch.cat([noisy, image], 1), timesteps, context).sample, noise)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        average.step(unet.parameters())
        losses.append(loss.item())
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"steps": seconds, "losses": losses}))


if __name__ == "__main__":
    main()
