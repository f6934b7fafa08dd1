"""A running ip2p_probe: single functions of the library, called from Python."""

import json
import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


class ProbeError(Exception):
    """A call that was answered with ok: false."""

    def __init__(self, answer):
        super().__init__(answer["error"])
        self.exit = answer["exit"]
        self.sentence = answer["error"]


class Probe:
    """Starts the program that IP2P_PROBE names, default build/tests/ip2p_probe."""

    def __init__(self, program=None, stderr=None, environment=None):
        self.program = Path(
            program or os.environ.get("IP2P_PROBE") or REPOSITORY / "build/tests/ip2p_probe"
        )
        self.process = subprocess.Popen(
            [self.program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=os.environ | (environment or {}),
            text=True,
            bufsize=1,
        )

    def answer(self, request):
        """The answer to one request, whatever it says."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.program} ended with {self.process.wait()} on {request}")
        return json.loads(line)

    def call(self, request):
        """The answer to a request that must succeed; ProbeError when it does not."""
        answer = self.answer(request)
        if not answer["ok"]:
            raise ProbeError(answer)
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
