"""Writes a diffusers model's weights under the names of the original (CompVis) layout: the exporter's way back."""

import re

RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}
UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def original_layout(unet, vae, text_encoder):
    """All weights of a model in one dictionary, as an original checkpoint's `state_dict` has them."""
    weights = {}
    for name, value in unet.state_dict().items():
        weights["model.diffusion_model." + unet_name(name, unet)] = value.clone()
    for name, value in vae.state_dict().items():
        original = vae_name(name, len(vae.config.block_out_channels))
        convolution = ".attn_1." in original and original.endswith("weight") and value.ndim == 2
        weights["first_stage_model." + original] = (value[:, :, None, None] if convolution else value).clone()
    for name, value in text_encoder.state_dict().items():
        weights["cond_stage_model.transformer.text_model." + name.removeprefix("text_model.")] = value.clone()
    return weights


def unet_name(name, unet):
    step = unet.config.layers_per_block + 1
    module, kind = name.rsplit(".", 1)
    if module in UNET_ENDS:
        return f"{UNET_ENDS[module]}.{kind}"
    if found := re.fullmatch(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", module):
        side, block, part, layer, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
        first, start = ("input", 1) if side == "down" else ("output", 0)
        if part == "downsamplers":
            return f"input_blocks.{start + block * step + step - 1}.0.op.{kind}"
        if part == "upsamplers":
            place = 2 if hasattr(unet.up_blocks[block], "attentions") else 1
            return f"output_blocks.{block * step + step - 1}.{place}.conv.{kind}"
        inner = f"0.{RESNET[rest]}" if part == "resnets" else f"1.{rest}"
        return f"{first}_blocks.{start + block * step + layer}.{inner}.{kind}"
    found = re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d+)\.(.*)", module)
    if found[1] == "attentions":
        return f"middle_block.1.{found[3]}.{kind}"
    return f"middle_block.{2 * int(found[2])}.{RESNET[found[3]]}.{kind}"


def vae_name(name, levels):
    name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
    name = re.sub(r"down_blocks\.(\d+)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d+)\.resnets", lambda m: f"up.{levels - 1 - int(m[1])}.block", name)
    name = re.sub(r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", name)
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    if "mid_block.attentions.0" in name:
        name = name.replace("mid_block.attentions.0", "mid.attn_1")
        for ours, original in ATTENTION.items():
            name = name.replace(f"attn_1.{ours}.", f"attn_1.{original}.")
    return name
