"""A SLURM of its own on this machine: a controller and two nodes on loopback, its ports, keys and logs its own."""

import os
import random
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
AuthInfo=socket={folder}/munge.socket
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
FirstJobId={job}
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} CPUs=1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} CPUs=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main Nodes=n1,n2 Default=YES State=UP MaxTime=60 PriorityTier=1 PreemptMode=CANCEL GraceTime=120
PartitionName=urgent Nodes=n1,n2 State=UP MaxTime=60 PriorityTier=2 PreemptMode=OFF
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
        self.queued: dict[str, float] = {}

    def ask(self, *words: str) -> str:
        """Return what a command of SLURM says."""
        found = subprocess.run(words, env=self.environment, text=True, capture_output=True, timeout=60)
        assert found.returncode == 0, (words, found.stderr)
        return found.stdout.strip()

    def state(self, job: str) -> str:
        """Return the state of a job, such as ``RUNNING``."""
        found = self.ask("scontrol", "show", "job", "--oneliner", job)
        return found.partition("JobState=")[2].split()[0]

    def end_of(self, job: str, seconds: float = 600.0) -> str:
        """Wait until a job has ended for good; return how."""
        self.until(
            lambda: self.state(job) not in ("PENDING", "RUNNING", "COMPLETING", "REQUEUED", "SUSPENDED"), seconds
        )
        return self.state(job)

    def is_back(self, job: str) -> bool:
        """Tell whether a job queued again has started; it may do so soon: SLURM has one wait for two minutes.

        Not at once: the word of its first script's end, if it came behind the second start, would end that one.
        """
        found = self.ask("scontrol", "show", "job", "--oneliner", job)
        again = "Restarts=1" in found
        is_queued = again and "JobState=PENDING" in found
        if is_queued and time.monotonic() - self.queued.setdefault(job, time.monotonic()) > 10:
            subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], env=self.environment, check=False)
        return again and "JobState=PENDING" not in found and "JobState=COMPLETING" not in found

    def until(self, reached: Callable[[], bool], seconds: float = 600.0) -> None:
        """Wait for something."""
        limit = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < limit, self.ask("squeue", "--long")
            time.sleep(0.2)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start everything, and end it for sure: even where this process is killed."""
    ports = dict(zip(("controller", "first", "second"), _free_ports(3), strict=True))
    (folder / "state").mkdir()
    # The port at which ranks meet is made of it: another cluster on this machine, as of a second test run, has others.
    job = random.randrange(1, 9000)
    (folder / "slurm.conf").write_text(CONF.format(host=socket.gethostname(), folder=folder, job=job, **ports))
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    found = Cluster(folder)
    munged = ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket"]
    munged += [f"--{name}-file={folder}/munged.{name}" for name in ("log", "pid", "seed")]
    with (folder / "daemons.out").open("ab") as out, ExitStack() as stack:

        def start(*words: str) -> subprocess.Popen[bytes]:
            child = subprocess.Popen(words, stdout=out, stderr=out, env=found.environment, start_new_session=True)
            stack.callback(_end, child)
            return child

        children = [start(*munged)]
        found.until(lambda: (folder / "munge.socket").exists(), 20)
        children += [start("slurmctld", "-D"), start("slurmd", "-D", "-N", "n1"), start("slurmd", "-D", "-N", "n2")]
        # Reads until this process closes its end, if need be by its death.
        pids = " ".join(str(child.pid) for child in children)
        last = f"cat >/dev/null; scancel --user=root; sleep 7; kill -KILL {pids}; rm -rf {folder}"
        keeper = subprocess.Popen(
            ["sh", "-c", last], stdin=subprocess.PIPE, env=found.environment, start_new_session=True
        )
        stack.callback(keeper.wait)
        stack.callback(keeper.kill)
        found.until(lambda: _idle(found) == 2, 60)
        yield found
        subprocess.run(["scancel", "--user=root"], env=found.environment, timeout=60, check=False)
        limit = time.monotonic() + 20
        while found.ask("squeue", "--noheader") and time.monotonic() < limit:
            time.sleep(0.2)


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _idle(found: Cluster) -> int:
    asked = subprocess.run(
        ["sinfo", "--noheader", "--Node", "--format=%N %T"],
        env=found.environment,
        text=True,
        capture_output=True,
        timeout=60,
    )
    # A line for each partition of a node.
    return sum(line.endswith(" idle") for line in set(asked.stdout.splitlines()))


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
