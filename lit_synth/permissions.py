"""What a command may do only if its user says so: import other classes than ours, read pickles; and to stay offline.

A config, a model or a data file may come from somebody else. None of the three can give a permission: they are words of
the command line, and go to child processes by the environment.
"""

import ipaddress
import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pydoc import locate
from typing import Any

from lit_synth.errors import InputError

IMPORTS = ("lit_synth", "lightning", "torch.optim", "transformers.optimization")
"""What a class path may lie under. Not all of torch or transformers, which can load code: ``torch.hub.load``."""
OPTIONS = {
    "--allow_imports": "LIT_SYNTH_ALLOW_IMPORTS",
    "--allow_pickle": "LIT_SYNTH_ALLOW_PICKLE",
    "--offline": "LIT_SYNTH_OFFLINE",
}
_OF_LIBRARIES = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "DO_NOT_TRACK": "1"}
"""With ``--offline`` they look into their caches at once, instead of trying and failing."""
_DENIED = re.compile(r"Importing '([^']+)' is not allowed")
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_REACHES = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg")
_hooked: list[bool] = []


def taken(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Part the permissions from the other words of a command; return those, and environment variables.

    Raises:
        InputError: What is to be imported is not named, or another permission has a value.

    >>> taken(["fit", "--offline", "--allow_imports", "my_tasks,torch", "--config", "a.yaml"])
    (['fit', '--config', 'a.yaml'], {'LIT_SYNTH_OFFLINE': '1', 'LIT_SYNTH_ALLOW_IMPORTS': 'my_tasks,torch'})
    """
    left, found, rest = list[str](), dict[str, str](), iter(words)
    for word in rest:
        option, is_pair, value = word.partition("=")
        if option not in OPTIONS:
            left.append(word)
        elif option != "--allow_imports":
            if is_pair:  # `=false` must not be a permission
                raise InputError(f"{word}: {option} takes no value; give it alone, or leave it out")
            found[OPTIONS[option]] = "1"
        else:
            names = value if is_pair else next(rest, "")
            if not all(map(_NAME.fullmatch, names.split(","))):
                raise InputError(f"--allow_imports {names!r}: name packages, parted by commas, as my_tasks,torch")
            found[OPTIONS[option]] = names
    return left, found


@contextmanager
def permitted(given: Mapping[str, str]) -> Iterator[None]:
    """Let a command do what was permitted, and nothing else of its kind, until the block ends."""
    from jsonargparse import set_parsing_settings

    if given.get(OPTIONS["--offline"]):
        given = {**given, **_OF_LIBRARIES}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    more = _allowed()
    # A class path is looked at before it is imported, and where it leads to after: `lightning.x.os.system` is `os`.
    set_parsing_settings(
        import_path_denylist=["*"], import_path_allowlist=[*IMPORTS, *more], instantiate_subclass_spec_in_any=False
    )
    if is_offline() and not _hooked:
        sys.addaudithook(_refuse_network)
        _hooked.append(True)
    try:
        yield
    finally:
        set_parsing_settings(import_path_denylist=more, import_path_allowlist=list(IMPORTS))
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def denied(error: BaseException) -> InputError | None:
    """Return in our own words that a class path was refused, where that is what an error says."""
    found = _DENIED.search(str(error))
    return None if found is None else _refused(found[1])


def class_at(path: str) -> type:
    """Import the class that a file names beside a model: with the same limits as those of a config.

    Raises:
        InputError: It may not be named, or there is none.

    >>> class_at("os.system")
    Traceback (most recent call last):
    lit_synth.errors.InputError: class path os.system: a config may name classes of lit_synth, lightning, \
torch.optim, transformers.optimization only; if you trust this one, give --allow_imports os
    """
    if not _may_be_named(path):
        raise _refused(path)
    found = locate(path)
    if not isinstance(found, type):
        raise InputError(f"class path {path}: there is no such class")
    if not _may_be_named(f"{found.__module__}.{found.__qualname__}"):
        raise _refused(f"{found.__module__}.{found.__qualname__}")
    return found


def may_unpickle() -> bool:
    """Tell whether weights may be read from pickles."""
    return bool(os.environ.get(OPTIONS["--allow_pickle"]))


def is_offline() -> bool:
    """Tell whether no other machine may be asked."""
    return bool(os.environ.get(OPTIONS["--offline"]))


def is_local(host: str) -> bool:
    """Tell whether a host is this machine.

    >>> is_local("127.0.0.1"), is_local("localhost"), is_local("localhost.example.com")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _allowed() -> list[str]:
    return [name for name in os.environ.get(OPTIONS["--allow_imports"], "").split(",") if name]


def _may_be_named(path: str) -> bool:
    return any(path.startswith(f"{package}.") for package in (*IMPORTS, *_allowed()))


def _refused(path: str) -> InputError:
    return InputError(
        f"class path {path}: a config may name classes of {', '.join(IMPORTS)} only; if you trust this one, "
        f"give --allow_imports {path.partition('.')[0]}"
    )


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop every library of this process, not only our own code, from reaching another machine."""
    if event not in _REACHES or not is_offline():
        return
    host = arguments[0]
    if isinstance(host, socket.socket):
        address = arguments[1] if event == "socket.connect" else arguments[-1]
        if host.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            return
        host = address[0]
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if not is_local(name) and name not in (socket.gethostname(), "0.0.0.0", "::", ""):  # noqa: S104 - nothing is bound
        raise InputError(f"--offline: {name} was to be asked; give local folders, or leave --offline out")
