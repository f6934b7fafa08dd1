"""CLIP's byte-pair vocabulary as a SentencePiece model whose piece ids are the text encoder's token ids.

SentencePiece merges the adjacent pair whose concatenation is the best-scored piece. With a piece for every
merge, scored by the merge's rank, that is byte-pair encoding, provided that the vocabulary has the three
properties which `refuse_inexact` checks. CLIP's end of word becomes SentencePiece's space: words are given
joined by spaces, and the space that follows a word is the first thing merged into its last character.
"""

from sentencepiece import sentencepiece_model_pb2 as proto

from .errors import bad_model

END_OF_WORD = "</w>"
SPACE = "\u2581"
Piece = proto.ModelProto.SentencePiece


def byte_characters() -> list[str]:
    """The characters that stand for bytes, in the order of CLIP's ids: printable bytes as themselves first."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(byte) for byte in printable] + [chr(0x100 + i) for i in range(256 - len(printable))]


def sentencepiece_model(
    ids: dict[str, int], merges: list[tuple[str, str]], start: str, end: str
) -> bytes:
    """A serialised SentencePiece model for a vocabulary (token -> id) and its merges, best first."""
    refuse_inexact(ids, merges, (start, end))
    ranks = {left + right: rank for rank, (left, right) in enumerate(merges)}

    model = proto.ModelProto()
    for token in sorted(ids, key=ids.get):
        piece = model.pieces.add(piece=token.replace(END_OF_WORD, SPACE), type=Piece.NORMAL)
        if token in (start, end):
            piece.type = Piece.CONTROL
        elif token in ranks:
            piece.score = -ranks[token]
        elif token.endswith(END_OF_WORD):
            piece.score = 1  # before every merge
        else:
            piece.score = -len(merges)  # a single character: no merge makes it
    # SentencePiece wants exactly one unknown piece. CLIP has none: no text produces it.
    model.pieces.add(piece="<unk>", type=Piece.UNKNOWN)

    trainer = model.trainer_spec
    trainer.model_type = proto.TrainerSpec.BPE
    trainer.vocab_size = len(model.pieces)
    trainer.treat_whitespace_as_suffix = True
    trainer.split_by_whitespace = True
    trainer.byte_fallback = False
    trainer.bos_id, trainer.bos_piece = ids[start], start
    trainer.eos_id, trainer.eos_piece = ids[end], end
    trainer.unk_id, trainer.unk_piece = len(ids), "<unk>"
    trainer.pad_id = -1
    normalizer = model.normalizer_spec
    normalizer.name = "identity"
    normalizer.precompiled_charsmap = b""
    normalizer.add_dummy_prefix = True  # with whitespace as suffix: a space after the last word
    normalizer.remove_extra_whitespaces = False
    normalizer.escape_whitespaces = True
    return model.SerializeToString(deterministic=True)


def refuse_inexact(ids: dict[str, int], merges: list[tuple[str, str]], specials: tuple[str, ...]) -> None:
    """Refuses a vocabulary for which the model above would not be exact."""
    if sorted(ids.values()) != list(range(len(ids))):
        raise bad_model(
            f"tokenizer: its {len(ids)} ids are not 0 to {len(ids) - 1}; this vocabulary cannot be exported"
        )

    characters = byte_characters()
    base = {*characters, *(character + END_OF_WORD for character in characters)}
    made = {left + right: rank for rank, (left, right) in enumerate(merges)}
    for wanted in (base, set(made), set(specials)):
        missing = sorted(wanted - set(ids))
        if missing:
            raise bad_model(
                f"tokenizer: the vocabulary lacks {missing[0]!r}; vocabulary and merges do not belong together"
            )
    extra = sorted(set(ids) - base - set(made) - set(specials))
    if extra:
        raise bad_model(
            f"tokenizer: {extra[0]!r} is no byte, no merge and not the start or end; added tokens cannot be exported"
        )

    ranks = {merge: rank for rank, merge in enumerate(merges)}
    for rank, (left, right) in enumerate(merges):
        whole = left + right
        in_order = all(part in base or made[part] < rank for part in (left, right))
        if made[whole] != rank or whole in base or not in_order or encoded(symbols(whole), ranks) != [whole]:
            raise bad_model(
                f"tokenizer: merge {rank} ({left} {right}) does not give {whole!r} by byte-pair encoding;"
                " this vocabulary cannot be exported"
            )


def symbols(token: str) -> list[str]:
    """A token's characters, the last of them with the end of word."""
    if token.endswith(END_OF_WORD):
        body = token.removesuffix(END_OF_WORD)
        return [*body[:-1], body[-1] + END_OF_WORD]
    return list(token)


def encoded(parts: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """Byte-pair encoding as CLIP does it: merge every occurrence of the best-ranked pair, again and again."""
    while len(parts) > 1:
        best = min(zip(parts, parts[1:], strict=False), key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        merged, i = [], 0
        while i < len(parts):
            if tuple(parts[i : i + 2]) == best:
                merged.append(parts[i] + parts[i + 1])
                i += 2
            else:
                merged.append(parts[i])
                i += 1
        parts = merged
    return parts
