"""The manifest's `defaults`: what ip2p uses where its command line says nothing."""

from .errors import bad_usage

# The original's, for what neither the source nor the command line says.
DEFAULTS = {"sampler": "euler_a", "steps": 100, "cfg_text": 7.5, "cfg_image": 1.5, "resolution": 512}
SAMPLERS = ("euler_a", "euler", "heun", "lms", "ddim", "pndm", "dpmpp_2m", "dpmpp_2m_karras", "unipc")
RANGES = {"steps": (1, 1000), "cfg_text": (0, 50), "cfg_image": (0, 50), "resolution": (1, 16384)}
WORDS = {str: "a name", int: "a whole number", float: "a number"}


def parsed_defaults(given: list[str]) -> dict:
    """The manifest's `defaults` from KEY=VALUE strings."""
    defaults = {}
    for entry in given:
        key, equals, value = entry.partition("=")
        if key not in DEFAULTS or not equals:
            raise bad_usage(f"--default {entry}: expected KEY=VALUE with one of {', '.join(DEFAULTS)}")
        kind = type(DEFAULTS[key])
        try:
            defaults[key] = kind(value)
        except ValueError as error:
            raise bad_usage(f"--default {entry}: expected {WORDS[kind]}") from error
        if key == "sampler" and value not in SAMPLERS:
            raise bad_usage(f"--default {entry}: unknown sampler; known: {', '.join(SAMPLERS)}")
        low, high = RANGES.get(key, (None, None))
        if low is not None and not low <= defaults[key] <= high:
            raise bad_usage(f"--default {entry}: expected {low} to {high}")
    return defaults
