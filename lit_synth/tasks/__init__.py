"""One file a task: its `Task` value and its data module."""

from lit_synth.tasks.custom import Custom
from lit_synth.tasks.reviews import Reviews
from lit_synth.tasks.slurp import Slurp

__all__ = ["Custom", "Reviews", "Slurp"]
