"""The first NVIDIA GPU, as its driver and nvidia-smi tell of it."""

import ctypes
import os
import subprocess
import threading

from .stop import DEVICE, Stop


class Memory:
    """The most device memory in use while it lasts, less what was in use before; None on the CPU."""

    def __init__(self, device):
        self.watched = device != "cpu"
        self.peak_mib = None

    def __enter__(self):
        if self.watched:
            self.before, self.most, self.stopped = used_mib(), 0, threading.Event()
            self.thread = threading.Thread(target=self.watch)
            self.thread.start()
        return self

    def watch(self):
        while not self.stopped.wait(0.02):
            self.most = max(self.most, used_mib())

    def __exit__(self, *_):
        if self.watched:
            self.stopped.set()
            self.thread.join()
            self.peak_mib = self.most - self.before


def nvidia_smi(what):
    """One figure of the first GPU that may be used."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0] or "0"
    command = ["nvidia-smi", "-i", first, f"--query-gpu={what}", "--format=csv,noheader,nounits"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError as error:
        raise no_gpu("nvidia-smi is not in PATH") from error
    except (OSError, subprocess.CalledProcessError) as error:
        raise no_gpu(f"nvidia-smi fails ({error})") from error


def no_gpu(why):
    return Stop(DEVICE, f"this machine has no usable NVIDIA GPU: {why}; run it where one is, or try the script with --rehearse")


def used_mib():
    return int(nvidia_smi("memory.used"))


def gpu():
    """Name and driver of the first GPU."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
        count = ctypes.c_int(0)
        found = cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except OSError:
        found = False
    if not found:
        raise no_gpu("the driver lists none")
    return {"name": nvidia_smi("name"), "driver": nvidia_smi("driver_version")}
