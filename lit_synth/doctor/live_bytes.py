"""Bytes that tensors hold while work runs that is not really done: a model of any size can be measured anywhere."""

import weakref
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows the storages that operations make, from when they are made until nothing holds them.

    Args:
        known: Tensors whose storages are counted elsewhere, such as weights: a view of one is nothing new.
    """

    def __init__(self, known: Iterable[Tensor] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = 0
        self.peak = 0
        # A storage's Python object is another one each time it is asked for; what it stands for is not.
        self._held = {tensor.untyped_storage()._cdata for tensor in known}

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Do the operation and count what it has made."""
        made = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(made):
            if isinstance(leaf, Tensor):
                self._count(leaf)
        return made

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._held:
            return
        self._held.add(key)
        size = storage.nbytes()
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._free, key, size)

    def _free(self, key: int, size: int) -> None:
        self._held.discard(key)
        self.now -= size


def peak_bytes(work: Callable[[], object], known: Iterable[Tensor] = ()) -> tuple[int, int]:
    """Return the most bytes that were held at once by what the work made, and those still held when it ends.

    >>> import torch
    >>> kept = []
    >>> peak_bytes(lambda: kept.append((torch.ones(1000) + 1).sum()))
    (8000, 4)
    """
    with LiveBytes(known) as live:
        result = work()
        left = live.now
    del result
    return live.peak, left
