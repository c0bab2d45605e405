"""From a few labelled examples to a proven small model: teacher, synthetic data, student, report.

The same as on the command line; nothing heavy is imported before it is used:

    from lit_synth import Student, export, init, run

    run(init("tickets.csv"))
    student = Student(export("runs/tickets"))
    for answer in student.predict(["my card was charged twice"]):
        print(answer.target, answer.probability)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lit_synth.deployed import Answer, Student
    from lit_synth.errors import InputError
    from lit_synth.verbs.export import export
    from lit_synth.verbs.init import init
    from lit_synth.verbs.label import label
    from lit_synth.verbs.run import run

__version__ = "0.1.0"
__all__ = ["Answer", "InputError", "Student", "export", "init", "label", "run"]

_PLACES = {
    "Answer": "lit_synth.deployed",
    "InputError": "lit_synth.errors",
    "Student": "lit_synth.deployed",
    "export": "lit_synth.verbs.export",
    "init": "lit_synth.verbs.init",
    "label": "lit_synth.verbs.label",
    "run": "lit_synth.verbs.run",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module 'lit_synth' has no attribute {name!r}")
    value = getattr(import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names too."""
    return sorted({*globals(), *__all__})
