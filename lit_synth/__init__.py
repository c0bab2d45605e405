"""From a few labelled examples to a proven small model: teacher, synthetic data, student, report."""

__version__ = "0.1.0.dev0"
