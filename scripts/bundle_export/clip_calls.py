"""CLIP's two calls: pixels -> embedding of a picture, tokens -> embedding of a text, in one space."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel

from .errors import bad_model
from .text_encoder import ACTIVATIONS, Layer, TextEncoderCall

# Of a config that was written before transformers 4.32: no token has this id for its meaning, and the text is where its
# largest id is.
LARGEST_ID = 2


def refuse_unsupported(config: dict) -> None:
    """Refuses by name what is not a CLIPModel, from its config.json."""
    kind = config.get("model_type", "clip")
    if kind != "clip":
        raise bad_model(f"config.json: model_type is {kind!r}, expected 'clip'; this kind of model cannot be exported")
    for name in config.get("architectures") or ("CLIPModel",):
        if name != "CLIPModel":
            raise bad_model(f"config.json: is a {name}, expected a CLIPModel (text and picture); it cannot be exported")


def refuse_other_parts(config: CLIPConfig, tokenizer_end: int) -> None:
    """Refuses what the calls below would compute differently."""
    for part in ("text_config", "vision_config"):
        activation = getattr(config, part).hidden_act
        if activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise bad_model(f"{part}: hidden_act is {activation!r}, expected one of {known}; it cannot be exported")
    vision, end = config.vision_config, config.text_config.eos_token_id
    for key in ("image_size", "patch_size"):
        if not isinstance(getattr(vision, key), int):
            raise bad_model(f"vision_config: {key} is {getattr(vision, key)!r}, expected one number: squares")
    if vision.num_channels != 3:
        raise bad_model(f"vision_config: num_channels is {vision.num_channels}, expected 3 (RGB)")
    if end not in (LARGEST_ID, tokenizer_end):
        raise bad_model(
            f"text_config: eos_token_id is {end!r}, expected the tokenizer's end, {tokenizer_end};"
            " tokenizer and text encoder do not belong together"
        )


class ImageCall(nn.Module):
    """pixels (B, 3, S, S), normalised -> embeddings (B, D). The names of its parameters are transformers'."""

    def __init__(self, model: CLIPModel):
        super().__init__()
        vision, config = model.vision_model, model.config.vision_config
        self.embeddings = vision.embeddings
        self.pre_layrnorm = vision.pre_layrnorm
        self.layers = nn.ModuleList(
            Layer(layer, config.num_attention_heads, config.hidden_act, causal=False) for layer in vision.encoder.layers
        )
        self.post_layernorm = vision.post_layernorm
        self.visual_projection = model.visual_projection

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.embeddings.patch_embedding(pixels).flatten(2).transpose(1, 2)  # (B, N, W)
        whole = self.embeddings.class_embedding.expand(patches.shape[0], 1, -1)
        x = torch.cat((whole, patches), dim=1) + self.embeddings.position_embedding.weight
        x = self.pre_layrnorm(x)
        for layer in self.layers:
            x = layer(x)
        return self.visual_projection(self.post_layernorm(x[:, 0]))


class TextCall(nn.Module):
    """tokens (B, T) int64 -> embeddings (B, D): what the last token of the text itself has seen."""

    def __init__(self, model: CLIPModel, length: int):
        super().__init__()
        self.text_model = TextEncoderCall(model.text_model, length)
        self.text_projection = model.text_projection
        self.end = model.config.text_config.eos_token_id

    def forward(self, tokens: Tensor) -> Tensor:
        states = self.text_model(tokens)  # (B, T, W)
        # The first of equal values is found: padding with the end's own token changes nothing. No comparison: of what
        # it gives TorchScript takes no argmax.
        last = (tokens if self.end == LARGEST_ID else -(tokens - self.end).abs()).argmax(dim=1)  # (B)
        pooled = states.gather(1, last[:, None, None].expand(-1, -1, states.shape[-1])).squeeze(1)
        return self.text_projection(pooled)


def originals(model: CLIPModel) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """transformers' own calls, of a picture and of a text."""
    return (
        lambda pixels: model.get_image_features(pixels).pooler_output,
        lambda tokens: model.get_text_features(tokens).pooler_output,
    )
