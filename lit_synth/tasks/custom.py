"""A classification task of your own, described in the YAML alone."""

from lit_synth.data import TaskDataModule


class Custom(TaskDataModule):
    r"""Any folder of labelled texts: give ``data.task`` its columns, labels and two prompts.

    >>> from lit_synth.task import Task
    >>> Task("tickets", ("subject", "body"), "team", ("billing", "support"),
    ...      "{subject}\n{body}\nTeam:", "Team: {target}\nTicket:", "{subject}\n{body}").fields
    ('subject', 'body')
    """
