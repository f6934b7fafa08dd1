"""The text encoder before it meets pictures: its vocabulary, and what it learns from wordings alone.

It is taught to name the edits that a sentence asks for, so that sentences with unseen words land near seen ones.
Words that training lacks are met in training too: words of no meaning here are put between the others, endings are
changed, letters swapped, and words cut into pieces at random. No held-out word is among them.
"""

import io
import json
import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import sentencepiece
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from .edits import EDITS
from .packages import Packages
from .stage import fingerprint, is_whole, seal, unseal, write_atomically
from .wordings import PAIRS, pair_wordings, training_words, wordings, words

WORD_LIST = ("debian:wamerican-small", "usr/share/dict/american-english-small")
LENGTH = 32  # tokens, with start and end
WIDTH = 128
PIECES = 1600
PAD, START, END, UNKNOWN = 0, 1, 2, 3
ENDINGS = ("s", "ed", "ing", "ish", "like", "y", "er", "ness", "ly", "ized", "ify")
STEPS, BATCH, RATE = 2200, 96, 1.5e-3
PAIR_SHARE = 0.3

Request = tuple[tuple[str, str], ...]  # the (edit, option) that a sentence asks for, one or two
LABELS = [(edit, option) for edit, entry in EDITS.items() for option in entry.options]


def held_out(split: str) -> list[tuple[str, Request]]:
    """A split's sentences and what they ask for; of pairs, a few each."""
    found = [(said, (label,)) for label in LABELS for said in wordings(*label, split)]
    chance = np.random.RandomState(7)
    for pair in PAIRS:
        request = with_options(pair, chance)
        found += [(said, request) for said in pair_wordings(*request, split, chance, 3)]
    return found


def with_options(pair: tuple[str, str], chance: np.random.RandomState) -> Request:
    """A pair's edits, with a colour where one is needed."""
    options = [EDITS[edit].options for edit in pair]
    return tuple((edit, o[chance.randint(len(o))]) for edit, o in zip(pair, options, strict=True))


@lru_cache(maxsize=1)
def filler_words(folder: Path) -> list[str]:
    """Common English words, without those that only held-out sentences hold."""
    package, member = WORD_LIST
    listed = Packages(folder).read(package, member).decode("utf-8").split()
    return [w for w in listed if w.isascii() and w.isalpha() and w.islower() and w not in hidden_words()]


@lru_cache(maxsize=1)
def hidden_words() -> frozenset[str]:
    """The words that only held-out sentences hold."""
    return frozenset(words([said for split in ("validation", "test") for said, _ in held_out(split)]) - training_words())


def make_vocabulary(work: Path) -> bytes:
    """A SentencePiece unigram model: pieces of training wordings and of English words, bytes for the rest."""
    lines = [said for label in LABELS for said in wordings(*label, "train")]
    lines += filler_words(work / "packages")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, model_type="unigram", vocab_size=PIECES,
        byte_fallback=True, character_coverage=1.0, normalization_rule_name="nmt_nfkc_cf", num_threads=1,
        pad_id=PAD, bos_id=START, eos_id=END, unk_id=UNKNOWN, pad_piece="<pad>", minloglevel=2,
    )  # fmt: skip
    return model.getvalue()


def new_text_encoder(pieces: int) -> CLIPTextModel:
    """An untrained text encoder of the demo model's shape."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=pieces, hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=2,
            num_attention_heads=4, max_position_embeddings=LENGTH, bos_token_id=START, eos_token_id=END,
            pad_token_id=PAD, attention_dropout=0.0,
        )
    )  # fmt: skip


def tokens_of(pieces: list[list[int]]) -> Tensor:
    """Piece ids as the model's tokens (N, LENGTH): start, pieces, end, padding."""
    rows = [[START, *ids[: LENGTH - 2], END] for ids in pieces]
    return torch.tensor([row + [PAD] * (LENGTH - len(row)) for row in rows])


def disturbed(sentence: str, fillers: list[str], chance: np.random.RandomState) -> str:
    """The sentence with words, endings and letters that do not change what it asks for."""
    said = sentence.split()
    if chance.rand() < 0.15 and len(said) > 3:
        del said[chance.randint(2)]  # the carrier: "make", "turn", "it"
    for _ in range(chance.randint(0, 4)):
        said.insert(chance.randint(len(said) + 1), fillers[chance.randint(len(fillers))])
    if chance.rand() < 0.25:
        at = chance.randint(len(said))
        word = said[at].rstrip("e") if chance.rand() < 0.5 else said[at]
        said[at] = word + ENDINGS[chance.randint(len(ENDINGS))]
    if chance.rand() < 0.1:
        at = chance.randint(len(said))
        if len(said[at]) > 4:
            cut = chance.randint(1, len(said[at]) - 2)
            said[at] = said[at][:cut] + said[at][cut + 1] + said[at][cut] + said[at][cut + 2 :]
    result = " ".join(said)
    return sentence if words([result]) & hidden_words() else result  # a changed ending may make a held-out word


class Sentences:
    """Draws training sentences and what they ask for, every label equally often."""

    def __init__(self, vocabulary: sentencepiece.SentencePieceProcessor, fillers: list[str], seed: int):
        self.vocabulary, self.fillers = vocabulary, fillers
        self.chance = np.random.RandomState(seed)
        sentencepiece.set_random_generator_seed(seed)
        self.single = {label: wordings(*label, "train") for label in LABELS}
        self.pairs = [with_options(PAIRS[i % len(PAIRS)], self.chance) for i in range(8 * len(PAIRS))]
        self.paired = [pair_wordings(*request, "train", self.chance, 60) for request in self.pairs]

    def batch(self) -> tuple[Tensor, Tensor]:
        """Tokens (BATCH, LENGTH) and labels (BATCH, labels) of 0 and 1."""
        tokens, labels = [], torch.zeros(BATCH, len(LABELS))
        for row in range(BATCH):
            if self.chance.rand() < PAIR_SHARE:
                at = self.chance.randint(len(self.pairs))
                request, said = self.pairs[at], self.paired[at]
            else:
                request = (LABELS[self.chance.randint(len(LABELS))],)
                said = self.single[request[0]]
            sentence = said[self.chance.randint(len(said))]
            if self.chance.rand() < 0.8:
                sentence = disturbed(sentence, self.fillers, self.chance)
            cut = self.chance.rand() < 0.5
            tokens.append(self.vocabulary.encode(sentence, enable_sampling=cut, alpha=0.2, nbest_size=-1))
            for label in request:
                labels[row, LABELS.index(label)] = 1
        return tokens_of(tokens), labels


def logits_at_end(model: CLIPTextModel, head: nn.Linear, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of every position (N, LENGTH, labels), and 1 (N, LENGTH) where the sentence has been read."""
    states = model(tokens).last_hidden_state
    return head(states), ((tokens == END) | (tokens == PAD)).float()


def train(model: CLIPTextModel, sentences: Sentences, seed: int) -> nn.Linear:
    """Teaches the states from the end token on to name the edits; returns the layer that reads them."""
    torch.manual_seed(seed)
    head = nn.Linear(WIDTH, len(LABELS))
    parameters = [*model.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.98), weight_decay=0.05)
    model.train()
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * max(0.01, 0.5 + 0.5 * math.cos(math.pi * step / STEPS))
        tokens, labels = sentences.batch()
        logits, read = logits_at_end(model, head, tokens)
        wanted = labels[:, None].expand_as(logits)
        loss = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(2)
        loss = (loss * read).sum() / read.sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        if step % 500 == 0:
            print(f"text: step {step} of {STEPS}, loss {loss.item():.3f}", flush=True)
    model.eval()
    return head


@torch.no_grad()
def accuracy(model: CLIPTextModel, head: nn.Linear, vocabulary, cases: list[tuple[str, Request]]) -> tuple[float, list]:
    """The share of sentences whose edits are all named, and no other; and the sentences that fail."""
    tokens = tokens_of([vocabulary.encode(said) for said, _ in cases])
    logits, read = logits_at_end(model, head, tokens)
    scores = (logits * read[..., None]).sum(1) / read.sum(1, keepdim=True)
    wrong = []
    for (said, request), score in zip(cases, scores, strict=True):
        best = {LABELS[i] for i in score.topk(len(request)).indices.tolist()}
        if best != set(request):
            wrong.append((said, request, best))
    return 1 - len(wrong) / len(cases), wrong


def make_text_start(work: Path, seed: int = 0) -> Path:
    """Writes <work>/text/{tokenizer,text_encoder}, and how well held-out sentences are understood."""
    folder = work / "text"
    made_from = fingerprint(["text_start.py", "wordings.txt", "wordings.py"], LABELS, seed)
    if is_whole(folder, made_from):
        return folder
    unseal(folder)
    model_file = make_vocabulary(work)
    write_atomically(folder / "tokenizer" / "tokenizer.model", model_file)
    config = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>",
              "model_max_length": LENGTH}  # fmt: skip
    write_atomically(folder / "tokenizer" / "tokenizer_config.json", json.dumps(config, indent=2).encode())

    torch.manual_seed(seed)
    vocabulary = sentencepiece.SentencePieceProcessor(model_proto=model_file)
    model = new_text_encoder(vocabulary.get_piece_size())
    head = train(model, Sentences(vocabulary, filler_words(work / "packages"), seed), seed)
    model.save_pretrained(folder / "text_encoder")

    facts = {}
    for split in ("validation", "test"):
        facts[f"{split}_accuracy"], wrong = accuracy(model, head, vocabulary, held_out(split))
        lines = [f"{said} | {request} | {sorted(best)}" for said, request, best in wrong]
        write_atomically(folder / f"misunderstood-{split}.txt", "\n".join(lines).encode())
    seal(folder, made_from, **facts)
    print(f"text: {facts}", flush=True)
    return folder
