"""The text encoder's call in a bundle: CLIP's text transformer, tokens (B, T) -> states (B, T, D)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextModel

from .errors import bad_model

ACTIVATIONS = {
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "gelu": F.gelu,
}


def refuse_unsupported(config: dict) -> None:
    """Refuses by name a text encoder that is not CLIP's, or whose options change its output."""
    for kind in config.get("architectures") or ("CLIPTextModel",):
        if kind != "CLIPTextModel":
            raise bad_model(f"text_encoder: is a {kind}, expected a CLIPTextModel; this one cannot be exported")
    activation = config.get("hidden_act", "quick_gelu")
    if activation not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise bad_model(f"text_encoder: hidden_act is {activation!r}, expected one of {known}; it cannot be exported")
    if config.get("use_attention_mask"):
        raise bad_model(
            "text_encoder: use_attention_mask is true, expected false: a bundle's text encoder sees all tokens,"
            " padding included; this model cannot be exported"
        )


class Layer(nn.Module):
    """One transformer layer: self-attention and a two-layer network, (B, T, D) -> (B, T, D). A causal one is masked:
    no token sees a later one."""

    def __init__(self, layer: nn.Module, heads: int, activation: str, causal: bool = True):
        super().__init__()
        for name in ("layer_norm1", "self_attn", "layer_norm2", "mlp"):
            setattr(self, name, getattr(layer, name))
        self.heads = heads
        self.causal = causal
        self.activation = ACTIVATIONS[activation]

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attend(self.layer_norm1(x))
        return x + self.mlp.fc2(self.activation(self.mlp.fc1(self.layer_norm2(x))))

    def attend(self, x: Tensor) -> Tensor:
        # Causality is an argument and not a mask: a mask would fix dtype and device.
        attn = self.self_attn
        q, k, v = (
            project(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, heads, T, D/heads)
            for project in (attn.q_proj, attn.k_proj, attn.v_proj)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return attn.out_proj(mixed.transpose(1, 2).flatten(2))


class TextEncoderCall(nn.Module):
    """tokens (B, T) int64 -> states (B, T, D), for T the length that the bundle declares."""

    def __init__(self, model: CLIPTextModel, length: int):
        super().__init__()
        config = model.config
        self.embeddings = model.embeddings
        self.layers = nn.ModuleList(
            Layer(layer, config.num_attention_heads, config.hidden_act) for layer in model.encoder.layers
        )
        self.final_layer_norm = model.final_layer_norm
        self.length = length

    def forward(self, tokens: Tensor) -> Tensor:
        positions = self.embeddings.position_embedding.weight
        if self.length < positions.shape[0]:
            positions = positions[: self.length]
        x = self.embeddings.token_embedding(tokens) + positions
        for layer in self.layers:
            x = layer(x)
        return self.final_layer_norm(x)
