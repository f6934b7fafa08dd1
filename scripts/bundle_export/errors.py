"""How the exporter says no: one sentence and an exit code, those of ip2p itself."""

import sys
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of ip2p that the exporter uses."""

    USAGE = 2
    FILE = 3
    MODEL = 4
    BUG = 70


class Refusal(Exception):
    """A sentence for the user: what, which, expected, got, what to do. Never shown with a traceback."""

    def __init__(self, code: Exit, sentence: str):
        super().__init__(sentence)
        self.code = code


def bad_model(sentence: str) -> Refusal:
    """The model is readable, and no bundle can be made of it."""
    return Refusal(Exit.MODEL, sentence)


def bad_file(sentence: str) -> Refusal:
    """A file cannot be read, written or fetched."""
    return Refusal(Exit.FILE, sentence)


def bad_usage(sentence: str) -> Refusal:
    """The command line does not make sense."""
    return Refusal(Exit.USAGE, sentence)


def say(sentence: str) -> None:
    """Tells people (stderr; stdout is for results)."""
    print(sentence, file=sys.stderr, flush=True)
