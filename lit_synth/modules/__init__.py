"""Lightning modules: the teacher and the students, each loaded when first asked for, since torch takes seconds."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lit_synth.modules.adapters import Lora
    from lit_synth.modules.classifier import Classifier
    from lit_synth.modules.seq2seq import Seq2Seq
    from lit_synth.modules.teacher import Teacher

__all__ = ["Classifier", "Lora", "Seq2Seq", "Teacher"]
_HOMES = {"Classifier": "classifier", "Lora": "adapters", "Seq2Seq": "seq2seq", "Teacher": "teacher"}


def __getattr__(name: str) -> Any:
    """Load what is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
