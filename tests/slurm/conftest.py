"""One SLURM for all tests here, and the environment in which it is asked."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.slurm.cluster import Cluster, absent, cluster


@pytest.fixture(scope="session")
def slurm() -> Iterator[Cluster]:
    """Return a running SLURM of two nodes; where there is none a test skips, in CI it fails."""
    reason = absent()
    if reason:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    # Not below pytest's own folder: the name of a socket may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="lit_synth_slurm_") as folder, cluster(Path(folder)) as found:
        # Its nodes are this machine, and no name service knows them.
        found.environment |= {
            "MASTER_ADDR": "127.0.0.1",
            "PYTHONPATH": str(CHECKOUT),
            "PATH": f"{Path(sys.executable).parent}:{found.environment['PATH']}",
        }
        yield found


@pytest.fixture
def inside(slurm: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Let commands of this process find the SLURM too."""
    for name in ("PATH", "SLURM_CONF", "MASTER_ADDR", "PYTHONPATH"):
        monkeypatch.setenv(name, slurm.environment[name])
    return slurm
