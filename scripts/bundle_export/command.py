"""What the exporter's commands share: quiet libraries, and errors as one line and an exit code."""

import os
import sys
import traceback
import warnings
from collections.abc import Callable

import diffusers
import huggingface_hub
import transformers

from .errors import Exit, Refusal, say
from .tokenizer import first_line

TRACEBACK = "IP2P_TRACEBACK"  # set to anything, it shows where a fault was


def run(program: str, action: Callable[[], None]) -> int:
    """Runs `action`; a refusal, or a fault, becomes a line on stderr. Returns the exit code."""
    quiet()
    try:
        action()
    except Refusal as refusal:
        say(f"{program}: {refusal}")
        return int(refusal.code)
    except KeyboardInterrupt:
        say(f"{program}: interrupted")
        return 130
    except Exception as error:
        if os.environ.get(TRACEBACK):
            traceback.print_exc()
        what = f"{type(error).__name__}: {first_line(error)}"
        say(f"{program}: a fault of {program} itself: {what}; set {TRACEBACK}=1 to see where, and report it")
        return int(Exit.BUG)
    return 0


def quiet() -> None:
    """Leaves stderr to the exporter's own sentences."""
    quiet_logging()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def quiet_logging() -> None:
    """No progress bars and no log lines below an error from the libraries."""
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    huggingface_hub.utils.logging.set_verbosity_error()
