"""What runs a fine-tuned teacher that reads and writes, as a value; without torch and without the engine itself."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from lit_synth.errors import InputError

INSTALL = {"vllm": "pip install 'lit-synth[vllm]', which needs Linux"}
"""What to do for an engine that is not part of every installation."""


@dataclass(frozen=True)
class Engine:
    """What runs the fine-tuned teacher while it annotates, writes and is tested.

    Args:
        name: ``transformers`` runs it inside the trainer; ``vllm`` in processes of its own.
        tensor_parallel: GPUs over which vllm splits every matrix of the teacher.
        memory: Share of each GPU's memory that vllm takes, weights and all.

    Raises:
        InputError: A value that no engine can do with, or that this one does not read.

    >>> Engine("vllm", tensor_parallel=2).serves, Engine().serves
    (True, False)
    """

    name: Literal["transformers", "vllm"] = "transformers"
    tensor_parallel: int = 1
    memory: float = 0.85

    def __post_init__(self) -> None:
        if self.tensor_parallel < 1:
            raise InputError(f"engine.tensor_parallel {self.tensor_parallel}: give 1 or more")
        if not 0 < self.memory < 1:
            raise InputError(f"engine.memory {self.memory:g}: give a share between 0 and 1, as 0.85")
        if self.name == "transformers" and self.tensor_parallel > 1:
            raise InputError(
                f"engine.tensor_parallel {self.tensor_parallel}: transformers does not read it; give engine.name vllm"
            )

    @property
    def serves(self) -> bool:
        """Whether the teacher runs outside the trainer, which then holds no weights."""
        return self.name != "transformers"

    def check(self) -> None:
        """See that the engine is installed: asked before a teacher is trained, and not after.

        Raises:
            InputError: It is not.
        """
        if self.serves and find_spec(self.name) is None:
            raise InputError(f"engine.name {self.name}: is not installed; {INSTALL[self.name]}, or leave it out")
