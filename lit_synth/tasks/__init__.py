"""One file a task: its `Task` value and its data module."""

from lit_synth.tasks.boolq import BoolQ
from lit_synth.tasks.custom import Custom
from lit_synth.tasks.multirc import MultiRC
from lit_synth.tasks.reviews import Reviews
from lit_synth.tasks.rte import Rte
from lit_synth.tasks.sgd import Sgd
from lit_synth.tasks.slurp import Slurp
from lit_synth.tasks.webnlg import WebNlg

__all__ = ["BoolQ", "Custom", "MultiRC", "Reviews", "Rte", "Sgd", "Slurp", "WebNlg"]
