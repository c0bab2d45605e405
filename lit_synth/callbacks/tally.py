"""What became of the rows of a stage so far, for the display: counted as they are written, and as they are judged."""

from collections import Counter
from collections.abc import Sequence

from lit_synth.curation.verdicts import unusable_answer, unusable_writing
from lit_synth.data import Requests
from lit_synth.display.board import Rows
from lit_synth.display.choice import display
from lit_synth.examples import Example

LONGEST = 400
"""Characters of a field that are shown at most."""


class Tally:
    """Counts the rows of one order from one judging to the next; costs a few counts a row.

    Args:
        requests: The order.
        last: The last row before, in words.
    """

    def __init__(self, requests: Requests, last: str = "") -> None:
        self.writes = requests.kind == "generate"
        self.wanted = requests.amount if self.writes else None
        self.last = last
        self.accepted = self.fresh = 0
        self.rejected, self.unusable = Counter[str](), Counter[str]()

    def judge(self, is_accepted: bool, record: Example) -> None:
        """Count a verdict."""
        self.accepted += is_accepted
        if not is_accepted:
            # What follows a colon, such as the name that is unseen, is another for every row.
            self.rejected[str(record.provenance["reason"]).split(":")[0]] += 1

    def write(self, records: Sequence[Example], whole: bool) -> None:
        """Count a batch that was just written, and show it.

        Args:
            records: The batch.
            whole: Whether it is all that was written: of several ranks each knows its own rows alone, and counts none.
        """
        for record in records:
            reason = unusable_writing(record) if self.writes else unusable_answer(record)
            if reason is None:
                self.last = in_a_line(record, self.writes)
            elif whole:
                self.unusable[reason] += 1
        self.fresh += len(records) if whole else 0
        self.tell()

    def tell(self) -> None:
        """Show the counts."""
        unusable, rejected = dict(self.unusable), dict(self.rejected)
        display().rows(Rows(self.last, self.fresh, unusable, self.accepted, self.wanted, rejected))


def in_a_line(record: Example, writes: bool) -> str:
    """Return a record as what was asked for and what came of it.

    >>> row = Example("1", {"text": "a warm film", "why": "the cast"}, "good")
    >>> print(in_a_line(row, True))
    good → a warm film | the cast
    >>> print(in_a_line(row, False))
    good ← a warm film | the cast
    """
    text = " | ".join(value[:LONGEST] for value in record.fields.values())
    target = record.target or record.provenance.get("requested") or ""
    return f"{str(target)[:LONGEST]} {'→' if writes else '←'} {text}" if target else text
