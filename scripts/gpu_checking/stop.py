"""How the check ends early: a sentence and an exit code, those of ip2p itself."""

import sys

OK, NO, FILE, DEVICE, BUG = 0, 1, 3, 5, 70


class Stop(Exception):
    """A sentence and an exit code: why there is nothing to report."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


def say(sentence):
    print(f"gpu_check: {sentence}", file=sys.stderr, flush=True)
