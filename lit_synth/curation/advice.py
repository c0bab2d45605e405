"""What the development part lets one expect of synthetic rows, said before a student is trained on them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

FEW = 30
"""Development rows under which a share is too coarse to lean on."""
FAR = 0.05
"""Distance of shares from which on it is told."""
SHOWN = 3
"""Labels that are named."""
_BOTH = "Both together: about what annotating brings; no development row tells what written rows add to it."
COMMON = 0.2
"""Share of generated rows of a label, read as another one and kept, from which it is told."""


def advise(found: Mapping[str, Any]) -> list[str]:
    """Return what is to be expected, in sentences.

    Args:
        found: Of one seed: ``majority`` (share of the commonest label), ``annotators``, ``calibration`` with the
            ``gain`` of all annotators over the student on gold, and ``strategies`` with ``agreement``, the share of
            generated rows that are read as what was asked for, ``read_otherwise``, which of them are not and were kept,
            by label as ``[rows, of]``, ``labels``, the number of different ones, and ``shares``, how often they are
            read, ``accepted`` rows and ``rejected`` ones by reason; where a student on gold was searched, ``expected``:
            the teacher's ``accuracy`` or its ``score`` in a ``metric``, on so many ``rows`` of development, and the
            best of ``gold``.
    """
    if not found.get("annotators"):
        return _of_texts(found)
    calibration, (teacher, *_) = found["calibration"], found["annotators"]
    rows, together = calibration["rows"], calibration["after"]["accuracy"]
    said = []
    if teacher["accuracy"] <= found["majority"]:
        said.append(
            f"The teacher is right on {_percent(teacher['accuracy'])} of {rows} development rows, no more than the "
            f"commonest label, {_percent(found['majority'])}: synthetic rows are unlikely to pay."
        )
    elif gain := calibration.get("gain"):
        said.append(
            f"On {rows} development rows the annotators together are right on {_percent(together)}, the student on "
            f"gold on {_percent(together - gain['mean'])} ({_points(gain)}): annotating {_outlook(gain)}."
        )
    elif "score" in (expected := found.get("expected") or {}):
        said.append(_of_scores(expected, "labels"))
    elif expected:
        gain = _unpaired(together, expected["gold"], rows)
        said.append(
            f"On {rows} development rows the teacher is right on {_percent(together)}, the student on gold at its best "
            f"on {_percent(expected['gold'])} ({_points(gain)}): annotating {_outlook(gain)}."
        )
    if {"annotate", "generate"} <= set(found["strategies"]):
        said.append(_BOTH)
    if (
        "generate" in found["strategies"]
        and (agreement := found["strategies"]["generate"].get("agreement")) is not None
    ):
        outlook = (
            "may bring what annotating does" if agreement >= together else "is likely to bring less than annotating"
        )
        said.append(
            f"{_percent(agreement)} of what the teacher wrote is read as the label asked for: generating {outlook}."
        )
        said += _kept_all_the_same(found["strategies"]["generate"].get("read_otherwise", {}))
    for strategy, one in found["strategies"].items():
        said += _of_shares(strategy, one.get("shares") or {})
        if one.get("labels") == 1:
            said.append(f"Every row of {strategy} has the same label: a student can only unlearn the others from them.")
    return said + _few(rows)


def _few(rows: int) -> list[str]:
    return [f"{rows} development rows are few: take this as a hint."] if rows < FEW else []


def _of_shares(strategy: str, shares: Mapping[str, Any]) -> list[str]:
    """Say what became of labels that are read more or less often than they were expected."""
    farthest, *_ = shares.get("labels") or [{"read": 0.0, "expected": 0.0}]
    if abs(farthest["read"] - farthest["expected"]) < FAR:
        return []
    read = f"{strategy}: the teacher reads {_percent(farthest['read'])} as {farthest['label']!r}"
    expected = _percent(farthest["expected"])
    if shares["p"] is None:
        return [f"{read}, {expected} were asked for: its probabilities were shifted towards that."]
    if shares["matched"]:
        return [f"{read}, gold has {expected}: its probabilities were shifted towards that."]
    return [f"{read}, gold has {expected}: the pool is of another kind than gold, and labels stay as they are read."]


def _kept_all_the_same(otherwise: Mapping[str, Sequence[int]]) -> list[str]:
    """Name the labels for which the teacher wrote rows that are not read as theirs, and what can be done."""
    common = {label: (rows, of) for label, (rows, of) in otherwise.items() if rows >= COMMON * of}
    if not common:
        return []
    worst = sorted(common, key=lambda label: -common[label][0] / common[label][1])[:SHOWN]
    told = ", ".join(f"{label} {common[label][0]:,} of {common[label][1]:,}" for label in worst)
    more = f" and {len(common) - len(worst):,} more labels" if len(common) > len(worst) else ""
    return [
        f"Written for one label, read as another, and kept: {told}{more}. Look at them in the report; "
        "--curation.rules.disagreement reject leaves out what the teacher reads otherwise, before any shift of its "
        "probabilities (with --redo in the same folder)."
    ]


def _of_texts(found: Mapping[str, Any]) -> list[str]:
    said, strategies = [], found["strategies"]
    if "score" in (expected := found.get("expected") or {}):
        said.append(_of_scores(expected, "texts"))
    if {"annotate", "generate"} <= set(strategies):
        said.append(_BOTH)
    if written := strategies.get("generate", {}).get("accepted"):
        of = written + sum(strategies["generate"]["rejected"].values())
        said.append(
            f"{_percent(written / of)} of the {of:,} rows that the teacher wrote are well formed and new: no "
            "development row tells whether they teach a student, so generating may pay, or may not."
        )
    return said + (_few(expected["rows"]) if expected else [])


def _of_scores(expected: Mapping[str, Any], what: str) -> str:
    rows, teacher, gold = expected["rows"], expected["score"], expected["gold"]
    gain = _unpaired(teacher, gold, rows)
    return (
        f"On {rows} development rows the teacher's {what} score {100 * teacher:.1f} in {expected['metric']}, those of "
        f"the student on gold at its best {100 * gold:.1f} ({_points(gain)}): annotating {_outlook(gain)}."
    )


def _unpaired(one: float, other: float, rows: int) -> dict[str, float]:
    """Return the difference of two means of so many scores from 0 to 1, with an interval of 95 % that is no narrower.

    Such scores vary no more than those that are either.
    """
    noise = 1.96 * math.sqrt((one * (1 - one) + other * (1 - other)) / rows)
    return {"mean": one - other, "low": one - other - noise, "high": one - other + noise}


def _points(gain: Mapping[str, float]) -> str:
    return f"{100 * gain['mean']:+.1f} points, {100 * gain['low']:+.1f} to {100 * gain['high']:+.1f}"


def _outlook(gain: Mapping[str, float]) -> str:
    if gain["low"] > 0:
        return "is likely to pay"
    return "is unlikely to pay" if gain["high"] < 0 else "may pay, or may not"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
