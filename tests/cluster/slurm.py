"""A SLURM cluster of one node with two pretended GPUs, on the loopback of this machine."""

import ctypes
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

CONFIGURATION = Path("/etc/slurm")  # the only place where a job's steps look for it
MARK = "# Written by the tests of gradloss.\n"
GPUS = 2
CPUS = 4  # more than GPUs, so that it is GPUs that jobs wait for
DAEMONS = ("munged", "slurmctld", "slurmd")
PR_SET_CHILD_SUBREAPER = 36

SLURM_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
MinJobAge=7200
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=40000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
"""
GRES_CONF = """\
AutoDetect=off
NodeName={host} Name=gpu Count=1 File=/dev/null
NodeName={host} Name=gpu Count=1 File=/dev/zero
"""


@dataclass(frozen=True)
class Job:
    """What SLURM remembers of a job.

    Attributes:
        number: Of SLURM.
        comment: Rule and wildcards, as the executor names them.
        state: As COMPLETED.
        gpus: How many it had.
        memory: That it asked for, in MB.
        start: Of running, in seconds since the epoch.
        end: Of running; of one that runs, when its time is up.
    """

    number: int
    comment: str
    state: str
    gpus: int
    memory: int
    start: int
    end: int


class Cluster:
    """The daemons of the cluster, children of this process; use it in a `with` statement.

    Args:
        folder: For keys, state and logs.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.host = socket.gethostname().split(".")[0]
        self.daemons: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> "Cluster":
        _adopt_orphans()
        self._write_configuration()
        try:
            for name in DAEMONS:
                self.start(name)
            wait_for(lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%T"), 60)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self, name: str) -> None:
        """Start a daemon in the foreground."""
        munge = {"key-file": "key", "seed-file": "seed", "pid-file": "pid", "socket": "socket"}
        options = {
            "munged": [
                *("--foreground", "--force", f"--log-file={self.folder}/munge.log"),
                *(f"--{option}={self.folder}/munge.{end}" for option, end in munge.items()),
            ],
            "slurmctld": ["-D"],
            "slurmd": ["-D", "-N", self.host],
        }
        with (self.folder / f"{name}.out").open("ab") as output:
            self.daemons[name] = subprocess.Popen(
                [shutil.which(name, path="/usr/sbin:/usr/bin"), *options[name]],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if name == "munged":
            wait_for((self.folder / "munge.socket").exists, 30)

    def kill(self, name: str) -> None:
        """End a daemon as the kernel does when memory runs out."""
        self.daemons[name].kill()
        self.daemons.pop(name).wait()

    def stop(self) -> None:
        """End every process that came from here, jobs that outlive the daemons too."""
        started = psutil.Process().children(recursive=True)
        for process in started:
            process.kill()
        for daemon in self.daemons.values():
            daemon.wait()
        psutil.wait_procs(started, timeout=30)
        for name in ("slurm.conf", "gres.conf"):
            (CONFIGURATION / name).unlink(missing_ok=True)

    def ask(self, *command: str) -> str:
        """What a command of SLURM answers; nothing if it fails."""
        answer = subprocess.run(
            command,
            env=os.environ | {"SLURM_TIME_FORMAT": "%s"},
            capture_output=True,
            text=True,
        )
        return answer.stdout

    def jobs(self) -> list[Job]:
        """All jobs since the start, in the order of submission."""
        lines = self.ask("scontrol", "show", "job", "--oneliner").splitlines()
        jobs = [_job(dict(re.findall(r"(\w+)=(\S+)", line))) for line in lines if "JobId=" in line]
        return sorted(jobs, key=lambda job: job.number)

    def _write_configuration(self) -> None:
        for file in (CONFIGURATION / "slurm.conf", CONFIGURATION / "gres.conf"):
            if file.exists() and not file.read_text().startswith(MARK):
                raise FileExistsError(f"{file} is there: this machine is part of a cluster")
        CONFIGURATION.mkdir(exist_ok=True)
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        for name, text in (("slurm.conf", SLURM_CONF), ("gres.conf", GRES_CONF)):
            values = {"host": self.host, "folder": self.folder, "cpus": CPUS, "gpus": GPUS}
            (CONFIGURATION / name).write_text(MARK + text.format(**values))


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: It does not, in this time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {seconds} s")
        time.sleep(0.2)


def _job(fields: dict[str, str]) -> Job:
    gpus = re.fullmatch(r"gres:gpu:(\d+)", fields.get("TresPerJob", ""))
    return Job(
        number=int(fields["JobId"]),
        comment=fields["Comment"],
        state=fields["JobState"],
        gpus=int(gpus[1]) if gpus else 0,
        memory=int(fields["MinMemoryNode"].removesuffix("M")),
        start=_seconds(fields["StartTime"]),
        end=_seconds(fields["EndTime"]),
    )


def _seconds(text: str) -> int:
    return 0 if text == "Unknown" else int(text)


def _adopt_orphans() -> None:
    """Become the parent of what outlives its own, as the steps of a killed slurmd do."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
