"""What a figure is called, how it is written, and which way is better."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of `metrics.json`, in words; values are 0 to 1 and are shown as 0 to 100.

    Args:
        key: Its name in files.
        name: Its name in a sentence.
        unit: Stands behind a figure: shares of what can be counted are percentages, F and overlap are plain numbers.
        units: What its intervals and tests are over, as in "test rows".
        lower: Whether lower is better.
    """

    key: str
    name: str
    unit: str = ""
    units: str = "rows"
    lower: bool = False

    @property
    def title(self) -> str:
        """The name as a heading begins."""
        return self.name[0].upper() + self.name[1:]

    @property
    def column(self) -> str:
        """The name as a table's header, which has to say what is unusual."""
        return f"{self.name} (lower is better)" if self.lower else self.name

    @property
    def beyond(self) -> str:
        """Where a better figure stands."""
        return "below" if self.lower else "above"

    def show(self, value: float) -> str:
        """Write a value.

        >>> named("accuracy").show(0.7575), named("rougeL").show(0.345)
        ('75.8 %', '34.5')
        """
        return f"{100 * value:.1f}{self.unit}"


_KNOWN = {
    metric.key: metric
    for metric in (
        Metric("accuracy", "accuracy", unit=" %"),
        Metric("macro_f1", "macro F1"),
        Metric("f1a", "F1a", units="questions"),
        Metric("em", "EM", unit=" %", units="questions"),
        Metric("f1m", "F1m", units="questions"),
        Metric("rougeL", "ROUGE-L"),
        Metric("rouge1", "ROUGE-1"),
        Metric("rouge2", "ROUGE-2"),
        Metric("bleu", "BLEU"),
        Metric("chrf", "chrF"),
        Metric("slot_error_rate", "slot error rate", unit=" %", lower=True),
        Metric("coverage", "coverage", unit=" %"),
    )
}


def named(key: str) -> Metric:
    """Return a metric by its name in files; one that is not known here is shown by that name.

    >>> named("slot_error_rate").column, named("meteor").name
    ('slot error rate (lower is better)', 'meteor')
    """
    return _KNOWN.get(key, Metric(key, key))
