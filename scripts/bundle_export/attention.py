"""Attention without masks, heads fixed in advance: what UNet and VAE use while they are traced."""

import torch.nn.functional as F
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn

from .errors import bad_model


class Attend:
    """An attention processor for diffusers' `Attention`, for tracing.

    diffusers' own computes head sizes from tensor shapes and converts to the query's dtype, which
    tracing turns into needless operators and into a dtype that cannot be changed any more.
    """

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,  # (B, N, C), or (B, C, h, w) in the VAE
        encoder_hidden_states: Tensor | None = None,  # (B, T, D)
        attention_mask: None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        """Attends to `encoder_hidden_states`, or to `hidden_states` itself; returns their shape."""
        assert attention_mask is None
        tokens = hidden_states
        if hidden_states.ndim == 4:
            tokens = hidden_states.flatten(2).transpose(1, 2)  # (B, h*w, C)
        if attn.group_norm is not None:
            tokens = attn.group_norm(tokens.transpose(1, 2)).transpose(1, 2)
        context = tokens if encoder_hidden_states is None else encoder_hidden_states

        def heads(projected: Tensor) -> Tensor:
            return projected.unflatten(-1, (attn.heads, -1)).transpose(1, 2)  # (B, heads, N, C/heads)

        mixed = F.scaled_dot_product_attention(
            heads(attn.to_q(tokens)), heads(attn.to_k(context)), heads(attn.to_v(context))
        )
        out = attn.to_out[0](mixed.transpose(1, 2).flatten(2))

        if hidden_states.ndim == 4:
            out = out.transpose(1, 2).reshape_as(hidden_states)
        if attn.residual_connection:
            out = out + hidden_states
        return out / attn.rescale_output_factor


# Parts of diffusers' Attention that `Attend` leaves out; all of them are None in the models that are supported.
LEFT_OUT = ("spatial_norm", "norm_q", "norm_k", "norm_cross", "add_k_proj")


def use_plain_attention(model: nn.Module, name: str) -> None:
    """Gives every attention of `model` the processor above, refusing any that it would change."""
    for path, module in model.named_modules():
        if not isinstance(module, Attention):
            continue
        for part in LEFT_OUT:
            if getattr(module, part, None) is not None:
                raise bad_model(
                    f"{name}: attention {path} has {part}, expected plain attention;"
                    " this kind of model cannot be exported"
                )
        module.set_processor(Attend())


def drop_dropout(model: nn.Module) -> None:
    """Replaces dropout, which does nothing in evaluation, by nothing."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Dropout):
                setattr(module, name, nn.Identity())
