"""The bundle's tokenizer.model and the manifest's `text`, from a source's tokenizer."""

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path

import sentencepiece
from transformers import CLIPTokenizer

from .clip_vocabulary import END_OF_WORD, byte_characters, sentencepiece_model
from .errors import bad_file, bad_model

CLIP_MERGES = 49152 - 256 - 2  # of the file that OpenAI published, which goes on after those in use
CLIP_START, CLIP_END = "<|startoftext|>", "<|endoftext|>"
SENTENCEPIECE_FILES = ("tokenizer.model", "spiece.model")
PROBES = (
    "make it snow",
    "  Turn the CAT's eyes blue, don't ask!! ",
    "add 12 fireworks & a 3.5m tall Weihnachtsbaum \u00e0 la caf\u00e9",
    "\u6c34\u5f69\u753b\u306b\u3057\u3066 \U0001f600 \u0416\u0451",
)


@dataclass
class Tokenizer:
    """What a bundle needs of a tokenizer."""

    model: bytes  # serialised SentencePiece model; piece ids are token ids
    front_end: str  # "clip" or "plain"
    tokens: int  # how many ids there are
    start: int
    end: int
    pad: int
    length: int | None  # tokens a text is padded to; None: as many as the text encoder has positions


def load_tokenizer(path: Path) -> Tokenizer:
    """Reads a tokenizer folder of a diffusers model, or CLIP's published bpe_simple_vocab_16e6.txt.gz."""
    if path.is_file():
        return clip_tokenizer(published_clip(path))
    for name in SENTENCEPIECE_FILES:
        if (path / name).is_file():
            return plain_tokenizer(path / name, path / "tokenizer_config.json")
    if (path / "tokenizer.json").is_file() or all((path / n).is_file() for n in ("vocab.json", "merges.txt")):
        return clip_tokenizer(clip_from_folder(path))
    raise bad_model(
        f"tokenizer: {path} has neither vocab.json and merges.txt, nor tokenizer.json, nor"
        f" {' or '.join(SENTENCEPIECE_FILES)}; give a tokenizer with --tokenizer"
    )


def clip_from_folder(path: Path) -> CLIPTokenizer:
    """transformers' tokenizer, which is the reference for the ids of start, end and padding."""
    declared = read_json(path / "tokenizer_config.json").get("tokenizer_class") or "CLIPTokenizer"
    if declared.removesuffix("Fast") != "CLIPTokenizer":
        raise bad_model(f"tokenizer: is a {declared}, expected a CLIPTokenizer or a SentencePiece model")
    try:
        return CLIPTokenizer.from_pretrained(path, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise bad_file(f"tokenizer: cannot read {path}: {first_line(error)}") from error


def published_clip(path: Path) -> CLIPTokenizer:
    """The tokenizer of OpenAI's merges file (gzip), whose ids follow from the order of its lines."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines = file.read().split("\n")[1 : 1 + CLIP_MERGES]
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise bad_file(f"tokenizer: cannot read {path}, expected CLIP's gzipped merges: {first_line(error)}") from error
    merges = [tuple(line.split()) for line in lines]
    if len(merges) != CLIP_MERGES or any(len(merge) != 2 for merge in merges):
        raise bad_model(f"tokenizer: {path} is not CLIP's bpe_simple_vocab_16e6.txt.gz; it has other lines")
    base = byte_characters()
    tokens = [*base, *(c + END_OF_WORD for c in base), *("".join(m) for m in merges), CLIP_START, CLIP_END]
    return CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=merges)


def clip_tokenizer(reference: CLIPTokenizer) -> Tokenizer:
    """Converts a CLIP tokenizer and compares the result with it."""
    merges = json.loads(reference.backend_tokenizer.to_str())["model"]["merges"]
    ids = reference.get_vocab()
    model = sentencepiece_model(
        ids, [tuple(merge) for merge in merges], reference.bos_token, reference.eos_token
    )
    refuse_other_ids(reference, model)
    length = reference.model_max_length
    return Tokenizer(
        model=model,
        front_end="clip",
        tokens=len(ids),
        start=reference.bos_token_id,
        end=reference.eos_token_id,
        pad=reference.pad_token_id,
        length=length if length < 1 << 20 else None,  # transformers says 1e30 for "not given"
    )


def refuse_other_ids(reference: CLIPTokenizer, model: bytes) -> None:
    """Refuses a converted model that gives other ids than `reference` on a few texts."""
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
    for text in PROBES:
        found = clip_ids(reference, pieces, text)
        expected = reference(text, add_special_tokens=False).input_ids
        if found != expected:
            raise bad_model(
                f"tokenizer: {text!r} gives ids {found}, expected {expected}; this tokenizer cannot be exported"
            )


def clip_ids(reference: CLIPTokenizer, pieces: sentencepiece.SentencePieceProcessor, text: str) -> list[int]:
    """The ids of a text, computed as ip2p does: CLIP's front end, then SentencePiece.

    Start, end and padding are tokens wherever their own spelling is in the text: Stable Diffusion 2 pads
    with "!", and therefore reads every "!" as padding.
    """
    backend = reference.backend_tokenizer
    specials = {reference.bos_token, reference.eos_token, reference.pad_token}
    ids = []
    for part in re.split("(" + "|".join(map(re.escape, sorted(specials))) + ")", text):
        if part in specials:
            ids.append(reference.convert_tokens_to_ids(part))
            continue
        words = backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(part))
        ids += pieces.encode(" ".join(word for word, _ in words))
    return ids


def plain_tokenizer(path: Path, config_path: Path) -> Tokenizer:
    """A SentencePiece model as it is; its config names the start, the end and the padding."""
    config = read_json(config_path)
    model = path.read_bytes()
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)

    def special(key: str) -> int:
        token = config.get(key)
        token = token.get("content") if isinstance(token, dict) else token
        if token is None:
            raise bad_model(f"tokenizer: {config_path} names no {key}; a bundle needs start, end and padding")
        number = pieces.piece_to_id(token)
        if pieces.id_to_piece(number) != token:
            raise bad_model(f"tokenizer: {key} is {token!r}, which {path.name} does not have")
        return number

    length = config.get("model_max_length")
    return Tokenizer(
        model=model,
        front_end="plain",
        tokens=pieces.get_piece_size(),
        start=special("bos_token"),
        end=special("eos_token"),
        pad=special("pad_token"),
        length=int(length) if length and length < 1 << 20 else None,
    )


def text_section(tokenizer: Tokenizer, encoder_config) -> dict:
    """The manifest's `text`; refuses a tokenizer and a text encoder that do not belong together."""
    positions, rows = encoder_config.max_position_embeddings, encoder_config.vocab_size
    length = tokenizer.length or positions
    if length > positions:
        raise bad_model(f"tokenizer: pads to {length} tokens, expected at most the text encoder's {positions}")
    if max(tokenizer.tokens - 1, tokenizer.start, tokenizer.end, tokenizer.pad) >= rows:
        raise bad_model(
            f"tokenizer: has {tokenizer.tokens} ids, expected at most the text encoder's {rows};"
            " tokenizer and text encoder do not belong together"
        )
    return {
        "length": length,
        "width": encoder_config.hidden_size,
        "vocabulary": rows,
        "start": tokenizer.start,
        "end": tokenizer.end,
        "pad": tokenizer.pad,
        "front_end": tokenizer.front_end,
    }


def read_json(path: Path) -> dict:
    """A JSON object from a file; an empty one if there is no such file."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise bad_file(f"{path}: cannot be read as JSON: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """The first line of an error's text, for a sentence of ours."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")
