"""A task of your own, described in the YAML alone: classification, pairs of texts, or text to text."""

from lit_synth.data import TaskDataModule


class Custom(TaskDataModule):
    r"""Any folder of rows: give ``data.task`` its columns, and labels where it is classification.

    Prompts are made from the names of the columns and an instruction, or given in full.

    >>> from lit_synth.task import Task
    >>> task = Task("tickets", ("subject", "body"), "team", ("billing", "support"), instruction="Who answers this?")
    >>> print(task.annotate_prompt)
    Who answers this?
    Subject: {subject}
    Body: {body}
    Team:
    >>> task.writings
    {'Team: {target}\nSubject:': '{subject}\nBody: {body}'}
    """
