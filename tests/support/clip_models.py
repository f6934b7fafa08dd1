"""Small random CLIP models in the hub's layout, one for each way in which real ones differ."""

import json

import torch
from bundle_export.tiny import TinyConfig, save_tokenizer
from bundle_export.tiny_weights import generator, randomise, round_to_float16
from bundle_export.tokenizer import CLIP_END, CLIP_START
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

# What is not said is as OpenAI's models are: quick GELU, a vocabulary that ends with the end.
CONFIGS = {
    "plain": {},
    "gelu": {"both": {"hidden_act": "gelu"}, "pad": "!", "vision": {"image_size": 48, "patch_size": 16}},
    "old": {"text": {"eos_token_id": 2}},  # as OpenAI's own files on the hub still say
    "short": {"text": {"max_position_embeddings": 16}, "projection": 20},
}


def save_clip(kind, folder, seed=0):
    """Writes the model, its tokenizer and preprocessor_config.json; returns the CLIPModel."""
    given = CONFIGS[kind]
    text = {"hidden_size": 24, "intermediate_size": 48, "num_attention_heads": 3, "num_hidden_layers": 2}
    text |= {"hidden_act": "quick_gelu"} | given.get("both", {})
    vision = {**text, "hidden_size": 32, "num_attention_heads": 4, "image_size": 32, "patch_size": 8}
    text |= {"max_position_embeddings": 77} | given.get("text", {})
    vision |= given.get("vision", {})

    tokenizer = TinyConfig(unet={}, vae={}, text=text, merges=2000, pad=given.get("pad", CLIP_END))
    ids = save_tokenizer(tokenizer, folder)
    text = {"bos_token_id": ids[CLIP_START], "eos_token_id": ids[CLIP_END], "vocab_size": len(ids)} | text
    model = CLIPModel(
        CLIPConfig(text_config=text, vision_config=vision, projection_dim=given.get("projection", 24))
    ).eval()
    numbers = generator(seed, "clip")
    for part in (model.text_model, model.vision_model, model.text_projection, model.visual_projection):
        randomise(part, numbers)
    with torch.no_grad():  # else all pictures would look alike to it
        model.vision_model.embeddings.class_embedding *= 5
        model.vision_model.embeddings.position_embedding.weight *= 0.3
        round_to_float16(model.vision_model)
    model.save_pretrained(folder)
    side = vision["image_size"]
    processor = CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    processor.save_pretrained(folder)
    return model


def change_json(path, **values):
    """Sets keys of a JSON file; `...` as a value takes the key away."""
    content = json.loads(path.read_text()) | values
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))


class ClipReference:
    """transformers' model and processor of a folder, as its users call them."""

    def __init__(self, folder):
        self.model = CLIPModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
        self.tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        self.processor = CLIPImageProcessorPil.from_pretrained(folder, local_files_only=True)

    @torch.no_grad()
    def of_picture(self, picture):
        return self.model.get_image_features(self.pixels(picture)).pooler_output[0]

    def pixels(self, picture):
        return self.processor(picture, return_tensors="pt").pixel_values

    @torch.no_grad()
    def of_text(self, words):
        given = self.tokenizer([words], padding="max_length", truncation=True, return_tensors="pt")
        return self.model.get_text_features(**given).pooler_output[0]
