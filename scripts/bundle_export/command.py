"""What the exporter's commands share: quiet libraries, and errors as one line and an exit code."""

import sys
import warnings
from collections.abc import Callable

import diffusers
import transformers

from .errors import Refusal, say


def run(program: str, action: Callable[[], None]) -> int:
    """Runs `action`; a refusal becomes a line on stderr. Returns the exit code."""
    quiet()
    try:
        action()
    except Refusal as refusal:
        say(f"{program}: {refusal}")
        return int(refusal.code)
    except KeyboardInterrupt:
        say(f"{program}: interrupted")
        return 130
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
