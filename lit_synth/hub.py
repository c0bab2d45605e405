"""Why a model cannot be had: its name, the network, or the cache; in one sentence, with what to do."""

import os
from difflib import get_close_matches
from pathlib import Path

from huggingface_hub.constants import HF_HUB_CACHE
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from lit_synth.permissions import is_offline


def why_absent(name: str, error: BaseException) -> str:
    """Return the message for a model or tokenizer that could not be loaded.

    Args:
        name: As it was given: a folder, or a name on the hub.
        error: What transformers raised; its causes say more.
    """
    if "trust_remote_code" in str(error):
        return f"model {name}: needs code of its own, which is never run; take one whose architecture transformers has"
    path = Path(name).expanduser()
    if path.is_dir():
        return f"model {name}: the folder holds no model ({_first(error)})"
    if path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        return f"model {name}: no such folder{_near(path)}"
    causes = _causes(error)
    if any(isinstance(cause, GatedRepoError) for cause in causes):
        return f"model {name}: its owner wants to be asked: do so on its page, then log in with `hf auth login`"
    if any(isinstance(cause, (RepositoryNotFoundError, HFValidationError)) for cause in causes):
        return f"model {name}: no model of that name on the hub, or a private one; check the name, or log in"
    cached = Path(HF_HUB_CACHE) / f"models--{name.replace('/', '--')}"
    held = "is there in part only" if cached.is_dir() else "holds none of that name"
    if is_offline():
        return f"model {name}: the cache {HF_HUB_CACHE} {held}; give a local folder, or leave --offline out"
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE") or any(
        isinstance(cause, OfflineModeIsEnabled) for cause in causes
    ):
        return (
            f"model {name}: the cache {HF_HUB_CACHE} {held}, and HF_HUB_OFFLINE forbids to ask the hub; "
            "unset it, or give a local folder"
        )
    if any(isinstance(cause, (LocalEntryNotFoundError, ConnectionError, TimeoutError)) for cause in causes):
        return (
            f"model {name}: the hub cannot be reached, and the cache {HF_HUB_CACHE} {held}; "
            "check network and proxy, or give a local folder"
        )
    return f"model {name}: cannot be loaded ({_first(error)}); check the name, or give a local folder"


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _near(path: Path) -> str:
    try:
        beside = [one.name for one in path.parent.iterdir() if one.is_dir()]
    except OSError:
        return ""
    found = get_close_matches(path.name, beside, n=1)
    return f"; did you mean {path.parent / found[0]}?" if found else ""


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
