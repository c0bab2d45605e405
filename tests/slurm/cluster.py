"""A SLURM of its own on this machine: a controller and two nodes on loopback, its ports, keys and logs its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "srun", "sbatch", "squeue", "scancel", "scontrol")
MUNGE = "/etc/munge/munge.key"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
CONF = """\
ClusterName=lit_synth
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=2
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPort={controller}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
KillWait=5
JobRequeue=1
MinJobAge=300
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} CPUs=2
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} CPUs=2
PartitionName=main Nodes=n1,n2 Default=YES State=UP MaxTime=60 OverSubscribe=NO
"""


def absent() -> str | None:
    """Return why no SLURM can be started here, or nothing."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    if missing:
        return f"no {missing[0]}; on Debian and Ubuntu: apt-get install slurm-wlm munge"
    return None if os.geteuid() == 0 else "a SLURM of one's own is started by root"


class Cluster:
    """What the tests ask of it.

    Args:
        folder: Of its state, logs and socket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PATH": PATH, "SLURM_CONF": str(folder / "slurm.conf")}

    def ask(self, *words: str) -> str:
        """Return what a command of SLURM says."""
        found = subprocess.run(words, env=self.environment, text=True, capture_output=True, timeout=60)
        assert found.returncode == 0, (words, found.stderr)
        return found.stdout.strip()

    def state(self, job: str) -> str:
        """Return the state of a job, such as ``RUNNING``."""
        found = self.ask("scontrol", "show", "job", "--oneliner", job)
        return found.partition("JobState=")[2].split()[0]

    def end_of(self, job: str, seconds: float = 300.0) -> str:
        """Wait until a job has ended for good; return how."""
        self.until(
            lambda: self.state(job) not in ("PENDING", "RUNNING", "COMPLETING", "REQUEUED", "SUSPENDED"), seconds
        )
        return self.state(job)

    def until(self, reached: Callable[[], bool], seconds: float = 300.0) -> None:
        """Wait for something."""
        limit = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < limit, self.ask("squeue", "--long")
            time.sleep(0.2)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start everything, and end it for sure."""
    ports = dict(zip(("controller", "first", "second"), _free_ports(3), strict=True))
    (folder / "state").mkdir()
    text = CONF.format(host=socket.gethostname(), folder=folder, **ports)
    (folder / "slurm.conf").write_text(text)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    found = Cluster(folder)
    munged = ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket"]
    munged += [f"--{name}={folder}/munged.{name[:-5]}" for name in ("log-file", "pid-file", "seed-file")]
    daemons = [munged, ["slurmctld", "-D"], ["slurmd", "-D", "-N", "n1"], ["slurmd", "-D", "-N", "n2"]]
    with ExitStack() as stack:
        for words in daemons:
            stack.enter_context(_daemon(words, folder, found.environment))
            if words is munged:
                found.until(lambda: (folder / "munge.socket").exists(), 20)
        found.until(lambda: _idle(found) == 2, 60)
        yield found
        subprocess.run(["scancel", "--user=root", "--signal=KILL"], env=found.environment, timeout=60, check=False)
        subprocess.run(["scancel", "--user=root"], env=found.environment, timeout=60, check=False)
        _patiently(lambda: found.ask("squeue", "--noheader") == "", 20)


@contextmanager
def _daemon(words: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / f"{'_'.join(words[:1] + words[3:4])}.out".replace("/", "_")[-80:]).open("ab") as out:
        child = subprocess.Popen(words, stdout=out, stderr=out, env=environment, start_new_session=True)
    try:
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _idle(found: Cluster) -> int:
    asked = subprocess.run(
        ["sinfo", "--noheader", "--Node", "--format=%T"],
        env=found.environment,
        text=True,
        capture_output=True,
        timeout=60,
    )
    return asked.stdout.split().count("idle")


def _patiently(reached: Callable[[], bool], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not reached() and time.monotonic() < limit:
        time.sleep(0.2)


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
