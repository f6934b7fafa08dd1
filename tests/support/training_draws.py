"""The random choices of a training run, written again from their description in include/ip2p/train/draw.h."""

import torch

MASK = (1 << 64) - 1
PURPOSES = (
    "order", "substitute", "wording", "crop_x", "crop_y", "flip", "dropout", "timestep", "noise", "offset",
)
FEISTEL_ROUNDS = 6


def split_mix(value):
    """SplitMix64: the next state, mixed."""
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & MASK
    return value ^ (value >> 31)


def bits(seed, batch, item, purpose):
    state = split_mix(seed)
    for number in batch, item, PURPOSES.index(purpose):
        state = split_mix(state ^ number)
    return state


def uniform(seed, batch, item, purpose):
    """In [0, 1): the upper 53 bits."""
    return (bits(seed, batch, item, purpose) >> 11) / (1 << 53)


def below(seed, batch, item, purpose, count):
    return bits(seed, batch, item, purpose) % count


def normal(seed, batch, item, purpose, shape):
    generator = torch.Generator().manual_seed(bits(seed, batch, item, purpose))
    return torch.randn(shape, generator=generator)


def shuffled(seed, position, count):
    """Where an endless list stands that shows each of `count` once a round."""
    key = bits(seed, position // count, 0, "order")
    width = (count - 1).bit_length()
    half = 4 if width < 8 else (width + 1) // 2
    number = position % count
    while True:
        left, right = number >> half, number & ((1 << half) - 1)
        for turn in range(FEISTEL_ROUNDS):
            left, right = right, left ^ (split_mix(split_mix((key + turn) & MASK) ^ right) & ((1 << half) - 1))
        number = left << half | right
        if number < count:
            return number
