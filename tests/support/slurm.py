"""A Slurm cluster of one machine for a test: munged, slurmctld and slurmd in a temporary folder, gone afterwards."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

PATHS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"])
PROGRAMS = ["munged", "munge", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "sinfo"]

# No cgroups, no mail, no accounting, nothing that listens to other machines. The node says of itself how many CPUs
# it has, whatever is there (config_overrides), and a job is looked at as soon as it comes (batch_sched_delay).
SLURM_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
ReturnToService=2
KillWait=1
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class SlurmRefuses(Exception):
    """A cluster cannot be started here; says why."""


@pytest.fixture
def slurm():
    """A running cluster; the test is skipped where there can be none."""
    with ExitStack() as stack:
        try:
            cluster = stack.enter_context(slurm_cluster())
        except SlurmRefuses as refusal:
            pytest.skip(f"no Slurm here: {refusal}")
        yield cluster


@contextmanager
def slurm_cluster(cpus=8):
    """A cluster with one idle node of `cpus` CPUs. SlurmRefuses where that cannot be."""
    check_machine()
    # Not below pytest's folder: paths of sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    cluster = Slurm(folder)
    try:
        cluster.configure(cpus)
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def check_machine():
    if os.geteuid() != 0:
        raise SlurmRefuses("slurmd starts jobs as root only")
    if missing := [name for name in PROGRAMS if not shutil.which(name, path=PATHS)]:
        raise SlurmRefuses(f"{', '.join(missing)} not found; Debian has them in slurmctld and slurmd")


class Slurm:
    """The cluster's daemons, and commands to it."""

    def __init__(self, folder):
        self.folder = folder
        self.daemons = []
        others = ("SLURM", "SBATCH", "SQUEUE", "SINFO")  # of a cluster that the tests may themselves run on
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(others)}
        self.environment = inherited | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": PATHS}

    def configure(self, cpus):
        controller_port, node_port = free_ports(2)
        (self.folder / "slurm.conf").write_text(
            SLURM_CONF.format(
                host=socket.gethostname().split(".")[0], folder=self.folder, cpus=cpus,
                controller_port=controller_port, node_port=node_port,
            )
        )  # fmt: skip
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(128))

    def start(self):
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed", "log-file": "log"}
        flags = [f"--{flag}={self.folder}/munge.{end}" for flag, end in files.items()]
        # --force: only root has to come into this folder, which munged finds strange.
        self.start_daemon("munged", "--foreground", "--force", *flags)
        self.wait_until("munged", lambda: self.says("munge", "-n", "-S", self.folder / "munge.socket"))
        self.start_daemon("slurmctld", "-D")
        self.start_daemon("slurmd", "-D")
        self.wait_until("slurmd", lambda: self.says("sinfo", "-h", "-o", "%T").strip() == "idle")

    def start_daemon(self, name, *arguments):
        program = shutil.which(name, path=PATHS)
        with open(self.folder / f"{name}.out", "w") as out:
            process = subprocess.Popen(
                [program, *arguments], env=self.environment, cwd=self.folder, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        self.daemons.append((name, process))

    def wait_until(self, name, is_so, seconds=20):
        """Waits for what `name` has to bring about. SlurmRefuses when it, or a daemon that it needs, does not."""
        end = time.monotonic() + seconds
        while not is_so():
            for daemon, process in self.daemons:
                if process.poll() is not None:
                    raise SlurmRefuses(f"{daemon} ended: {self.last_words(daemon)}")
            if time.monotonic() > end:
                raise SlurmRefuses(f"{name} is not ready after {seconds} s: {self.last_words(name)}")
            time.sleep(0.1)

    def last_words(self, daemon):
        return (self.folder / f"{daemon}.out").read_text().strip().rpartition("\n")[2] or "it says nothing"

    def says(self, *command):
        """What a command prints; nothing when it fails."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else ""

    def ask(self, *command, **more):
        """What a command prints; it must not fail."""
        done = subprocess.run(command, **({"env": self.environment} | more), capture_output=True, text=True)
        assert done.returncode == 0, f"{command[0]}: {done.stderr}"
        return done.stdout.strip()

    def run(self, script, folder, **variables):
        """Submits a file in `folder` and waits for its array; {number of the task: what Slurm says of it}."""
        job = self.ask("sbatch", "--parsable", script, cwd=folder, env=self.environment | variables)
        self.wait_for_jobs()
        records = [record(line) for line in self.ask("scontrol", "show", "--oneliner", "job", job).splitlines()]
        return {int(task["ArrayTaskId"]): task for task in records}

    def wait_for_jobs(self, seconds=120):
        """Waits until nothing runs or is waiting to."""
        end = time.monotonic() + seconds
        while jobs := self.ask("squeue", "--noheader", "--array", "--Format=JobArrayID,State,Reason"):
            assert time.monotonic() < end, f"these jobs do not end:\n{jobs}"
            time.sleep(0.2)

    def stop(self):
        """Ends the daemons, the last first, and whatever a job left."""
        for _, process in reversed(self.daemons):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        end = time.monotonic() + 10
        while (pids := self.processes()) and time.monotonic() < end:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def processes(self):
        """Every process of this cluster and its jobs: they have its configuration's name in their environment."""
        mark = f"SLURM_CONF={self.folder}/slurm.conf".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended meanwhile
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found


def free_ports(count):
    """Ports that nothing listens to."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def record(line):
    """A line of `scontrol show --oneliner` as {key: value}."""
    return dict(re.findall(r"(\S+?)=(\S*)", line))
