"""Small random models in diffusers' format, one for each way in which real models differ; for tests."""

import gzip
import importlib.util
import json
from dataclasses import dataclass, field
from pathlib import Path

from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from .clip_vocabulary import END_OF_WORD, byte_characters
from .noise import ORIGINAL_SCHEDULER
from .tiny_weights import fill_text_encoder, fill_unet, fill_vae
from .tokenizer import CLIP_END, CLIP_MERGES, CLIP_START

LINEAR_BETAS = {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}


@dataclass
class TinyConfig:
    """One small model. What is not said is as in Stable Diffusion 1.x."""

    unet: dict
    vae: dict
    text: dict
    scheduler: dict = field(default_factory=lambda: ORIGINAL_SCHEDULER)
    merges: int = CLIP_MERGES  # how many of CLIP's; fewer is a smaller vocabulary
    pad: str = CLIP_END


def unet(widths: tuple[int, ...], **rest) -> dict:
    """A UNet config with cross-attention on every level but the lowest."""
    cross = len(widths) - 1
    return {
        "block_out_channels": widths,
        "down_block_types": ["CrossAttnDownBlock2D"] * cross + ["DownBlock2D"],
        "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * cross,
        "layers_per_block": 1,
        "norm_num_groups": 8,
        **rest,
    }


def vae(widths: tuple[int, ...], **rest) -> dict:
    """A VAE config with a level a width."""
    return {
        "block_out_channels": widths,
        "down_block_types": ["DownEncoderBlock2D"] * len(widths),
        "up_block_types": ["UpDecoderBlock2D"] * len(widths),
        "norm_num_groups": 8,
        **rest,
    }


CONFIGS = {
    # Stable Diffusion 1.x: four levels, eight pixels a latent, CLIP's vocabulary, quick GELU.
    "sd1": TinyConfig(
        unet=unet((16, 16, 32, 32), attention_head_dim=4),
        vae=vae((16, 16, 16, 32)),
        text={"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2},
    ),
    # Stable Diffusion 2.x: predicts v, projects linearly, heads by level, GELU, pads with "!".
    "sd2": TinyConfig(
        unet=unet(
            (16, 32, 32), attention_head_dim=[2, 4, 4], use_linear_projection=True, upcast_attention=True
        ),
        vae=vae((16, 16, 16, 32)),
        text={"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 3, "hidden_act": "gelu"},
        scheduler=ORIGINAL_SCHEDULER | {"_class_name": "DDIMScheduler", "prediction_type": "v_prediction"},
        pad="!",
    ),
    # Three levels in the VAE: four pixels a latent, eight channels, another scale, and a shift.
    "vae3": TinyConfig(
        unet=unet((16, 32), attention_head_dim=2),
        vae=vae(
            (16, 16, 32),
            latent_channels=8,
            scaling_factor=0.5,
            shift_factor=0.25,
            use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        text={"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1},
        scheduler={
            "_class_name": "EulerDiscreteScheduler",
            **LINEAR_BETAS,
            "num_train_timesteps": 1000,
            "prediction_type": "epsilon",
            "clip_sample": False,
            "timestep_spacing": "trailing",
        },
        merges=4000,
    ),
    # Nothing is a power of two: widths, groups, heads, training timesteps, vocabulary.
    "odd": TinyConfig(
        unet=unet(
            (18, 30, 42),
            attention_head_dim=[3, 5, 7],
            norm_num_groups=6,
            layers_per_block=2,
            flip_sin_to_cos=False,
            freq_shift=1,
        ),
        vae=vae((12, 18, 18, 24), norm_num_groups=6, scaling_factor=0.3),
        text={"hidden_size": 36, "num_attention_heads": 3, "num_hidden_layers": 2, "intermediate_size": 100},
        scheduler=ORIGINAL_SCHEDULER
        | LINEAR_BETAS
        | {"_class_name": "PNDMScheduler", "num_train_timesteps": 900, "timestep_spacing": "leading"},
        merges=3001,
    ),
    # Texts of 48 tokens, 48 wide; a schedule that ends at alpha one.
    "context48": TinyConfig(
        unet=unet((16, 32, 32), attention_head_dim=4),
        vae=vae((16, 16, 32)),
        text={
            "hidden_size": 48,
            "num_attention_heads": 4,
            "num_hidden_layers": 2,
            "max_position_embeddings": 48,
        },
        scheduler=ORIGINAL_SCHEDULER
        | {"_class_name": "DDIMScheduler", "set_alpha_to_one": True, "timestep_spacing": "linspace"},
        merges=4000,
    ),
    # The demo's: the text as a whole, beside its words, scales and shifts features; predicts v.
    "pooled": TinyConfig(
        unet=unet(
            (16, 32),
            attention_head_dim=4,
            resnet_time_scale_shift="scale_shift",
            addition_embed_type="text",
            addition_embed_type_num_heads=4,
        ),
        vae=vae((16, 16, 32)),
        text={"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1},
        scheduler=ORIGINAL_SCHEDULER
        | {"_class_name": "DDIMScheduler", "prediction_type": "v_prediction", "timestep_spacing": "trailing"},
        merges=4000,
    ),
}


def save_tiny_pipeline(config: TinyConfig, seed: int, folder: Path) -> None:
    """Writes the model as a diffusers folder, laid out like those on the hub.

    The weights are float16 numbers, so that bundles in float16 and float32 and diffusers agree exactly.
    """
    vocabulary = save_tokenizer(config, folder / "tokenizer")
    write_json(folder / "scheduler/scheduler_config.json", config.scheduler)

    width = config.text["hidden_size"]
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            **{"intermediate_size": 2 * width, "hidden_act": "quick_gelu"} | config.text,
            vocab_size=len(vocabulary),
            bos_token_id=vocabulary[CLIP_START],
            eos_token_id=vocabulary[CLIP_END],
            pad_token_id=vocabulary[config.pad],
        )
    ).eval()
    autoencoder = AutoencoderKL(**config.vae).eval()
    channels = autoencoder.config.latent_channels
    network = UNet2DConditionModel(
        in_channels=2 * channels, out_channels=channels, cross_attention_dim=width, **config.unet
    ).eval()

    fill_text_encoder(text_encoder, seed)
    fill_vae(autoencoder, seed)
    fill_unet(network, autoencoder, text_encoder, config.scheduler, seed)

    text_encoder.save_pretrained(folder / "text_encoder")
    autoencoder.save_pretrained(folder / "vae")
    network.save_pretrained(folder / "unet")
    write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionInstructPix2PixPipeline",
            "_diffusers_version": "0.12.0.dev0",
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", config.scheduler["_class_name"]],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )


def save_tokenizer(config: TinyConfig, folder: Path) -> dict[str, int]:
    """Writes a CLIP tokenizer with the first of CLIP's merges; returns its vocabulary."""
    with gzip.open(published_vocabulary(), "rt", encoding="utf-8") as file:
        merges = file.read().split("\n")[1 : 1 + config.merges]
    base = byte_characters()
    tokens = [*base, *(c + END_OF_WORD for c in base), *(m.replace(" ", "") for m in merges), CLIP_START, CLIP_END]
    ids = {token: i for i, token in enumerate(tokens)}

    specials = {"bos_token": CLIP_START, "eos_token": CLIP_END, "pad_token": config.pad, "unk_token": CLIP_END}
    length = config.text.get("max_position_embeddings", 77)
    write_json(folder / "vocab.json", ids)
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), "utf-8")
    write_json(folder / "special_tokens_map.json", specials)
    write_json(
        folder / "tokenizer_config.json",
        {**specials, "tokenizer_class": "CLIPTokenizer", "model_max_length": length, "do_lower_case": True},
    )
    return ids


def published_vocabulary() -> Path:
    """CLIP's merges as OpenAI published them; the package open_clip carries the file."""
    package = importlib.util.find_spec("open_clip")  # not imported: it wants packages that we do not use
    return Path(package.origin).parent / "bpe_simple_vocab_16e6.txt.gz"


def write_json(path: Path, content: dict) -> None:
    """Writes a JSON file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
