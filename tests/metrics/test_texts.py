"""Against the implementations of torchmetrics, and chrF counted out, on real rows with one and with many references."""

from collections import Counter
from dataclasses import replace
from statistics import fmean

import pytest
import torch
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from torchmetrics.functional.text import chrf_score, rouge_score, sacre_bleu_score

from lit_synth.metrics import Scored, score, unit_scores

ROWS = pytest.mark.parametrize("rows", ["turns", "facts"])


@pytest.fixture
def scored(request: pytest.FixtureRequest, rows: str) -> list[Scored]:
    found: list[Scored] = request.getfixturevalue(rows)
    assert any(row.predicted is None for row in found)
    return found


def _pairs(rows: list[Scored]) -> tuple[list[str], list[list[str]]]:
    return [row.text for row in rows], [list(row.references) for row in rows]


@ROWS
@pytest.mark.parametrize("name", ["rouge1", "rouge2", "rougeL"])
def test_rouge_is_that_of_torchmetrics(scored: list[Scored], name: str) -> None:
    def theirs(rows: list[Scored]) -> float:
        found = rouge_score(*_pairs(rows), use_stemmer=True, rouge_keys=name, accumulate="best")
        return float(found[f"{name}_fmeasure"])

    assert score([name], scored)[name] == pytest.approx(theirs(scored), abs=1e-5)
    assert 0.3 < theirs(scored) < 0.9
    units = unit_scores(name, scored)
    assert [units[row.id] for row in scored[:60]] == pytest.approx([theirs([row]) for row in scored[:60]], abs=1e-5)


@ROWS
def test_bleu_is_that_of_torchmetrics(scored: list[Scored]) -> None:
    # Of two reference lengths as close to a text's, sacrebleu takes the shorter, torchmetrics the first.
    ordered = [replace(row, references=tuple(sorted(row.references, key=_length))) for row in scored]
    expected = float(sacre_bleu_score(*_pairs(ordered)))
    assert score(["bleu"], scored)["bleu"] == pytest.approx(expected, abs=1e-5)
    assert 0.2 < expected < 0.9


def _length(text: str) -> int:
    return len(Tokenizer13a()(text).split())


@ROWS
def test_chrf_is_that_of_its_definition(scored: list[Scored]) -> None:
    total = [(0, 0, 0)] * 6
    for row in scored:
        best = max((_character_counts(row.text, reference) for reference in row.references), key=_f2)
        total = [(a + x, b + y, c + z) for (a, b, c), (x, y, z) in zip(total, best, strict=True)]
    assert score(["chrf"], scored)["chrf"] == pytest.approx(_f2(total))
    assert 0.3 < _f2(total) < 0.9


@ROWS
def test_chrf_is_near_that_of_torchmetrics(scored: list[Scored]) -> None:
    # torchmetrics takes the mean of the F of each n, not the F of the means, and leaves out rows without a match.
    matched = [row for row, value in zip(scored, unit_scores("rouge1", scored).values(), strict=True) if value][:150]
    expected = chrf_score(*_pairs(matched), n_word_order=0)
    assert isinstance(expected, torch.Tensor)
    assert score(["chrf"], matched)["chrf"] == pytest.approx(float(expected), abs=0.01)


def _character_counts(text: str, reference: str) -> list[tuple[int, int, int]]:
    counts = []
    for n in range(1, 7):
        ours, theirs = (_pieces("".join(one.split()), n) for one in (text, reference))
        counts.append(((ours & theirs).total(), ours.total(), theirs.total()))
    return counts


def _pieces(text: str, n: int) -> Counter[str]:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))


def _f2(counts: list[tuple[int, int, int]]) -> float:
    used = [(both / ours, both / theirs) for both, ours, theirs in counts if ours and theirs]
    if not any(precision for precision, _ in used):
        return 0.0
    precision, recall = (fmean(values) for values in zip(*used, strict=True))
    return 5 * precision * recall / (4 * precision + recall)


@ROWS
def test_any_reference_is_perfect_and_no_text_is_nothing(scored: list[Scored]) -> None:
    names = ["rougeL", "rouge1", "bleu", "chrf"]
    last = [replace(row, predicted=row.references[-1]) for row in scored]
    assert score(names, last) == pytest.approx(dict.fromkeys(names, 1.0))
    assert max(score(names, last).values()) <= 1
    assert score(names, [replace(row, predicted=None) for row in scored]) == dict.fromkeys(names, 0.0)


def test_the_number_of_references_may_differ_and_more_never_hurt_a_row() -> None:
    one = [Scored("a", {}, ("it is open",), "it is closed now"), Scored("b", {}, ("yes it is",), "yes it is")]
    more = [replace(one[0], references=("it is open", "it is closed now")), one[1]]
    assert score(["bleu", "chrf", "rougeL"], more) == pytest.approx({"bleu": 1, "chrf": 1, "rougeL": 1})
    assert score(["bleu"], one)["bleu"] < 0.8
