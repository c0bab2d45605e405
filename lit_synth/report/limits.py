"""The caps of a run, which stand wherever one of its figures does."""

from dataclasses import dataclass

from lit_synth.report.wording import listing


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run was told to leave out; ``None`` where nothing.

    Args:
        limit: Cap on pool, synthetic and test rows.
        pool_limit: Cap on the pool alone.
        test_limit: Cap on test rows alone.
    """

    limit: int | None = None
    pool_limit: int | None = None
    test_limit: int | None = None

    @property
    def facts(self) -> list[str]:
        """Every cap as it was set.

        >>> Limits(limit=200, test_limit=500).facts
        ['limit 200', 'test limit 500']
        """
        caps = ("limit", self.limit), ("pool limit", self.pool_limit), ("test limit", self.test_limit)
        return [f"{name} {value:,}" for name, value in caps if value is not None]

    @property
    def caption(self) -> str:
        """Every cap as it worked, the lower one where two are set; empty where none is.

        >>> Limits(200).caption, Limits().caption
        ('Limited run: pool, synthetic and test rows capped at 200.', '')
        >>> Limits(pool_limit=2000, test_limit=200).caption
        'Limited run: pool capped at 2,000, test rows capped at 200.'
        """
        parts: dict[int, list[str]] = {}
        for name, own in (("pool", self.pool_limit), ("synthetic", None), ("test", self.test_limit)):
            caps = [cap for cap in (own, self.limit) if cap is not None]
            if caps:
                parts.setdefault(min(caps), []).append(name)
        told = ", ".join(f"{_rows(names)} capped at {cap:,}" for cap, names in parts.items())
        return f"Limited run: {told}." if told else ""


def _rows(parts: list[str]) -> str:
    return "pool" if parts == ["pool"] else f"{listing(parts)} rows"
