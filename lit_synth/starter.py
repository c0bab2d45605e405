"""The YAML with which a run starts on a table: what was found in it, and settings that follow from its size."""

import re
import shlex
from collections import Counter
from pathlib import Path

import yaml

from lit_synth.errors import InputError
from lit_synth.survey import Survey, quantile

TOKENS_A_WORD = 1.6
"""More than English needs, so that other languages, names and codes fit too."""
SIZES = (32, 64, 128, 256, 512)
TEST_SHARE = 0.3
"""As `lit_synth.data.one_file` holds out by default; written out, for the verdict rests on these rows."""
FEW_UNLABELLED = 50
"""Rows with an empty label that lie in the labelled table itself: with fewer, no student is trained on them."""
MOST_POOL = 2000
"""With more rows annotating takes longer than all the rest; how many help is for the user to try."""
MOST_GOLD = 5000
"""With more labels there is little that a teacher could add, and it takes long to learn them."""


def starter(
    path: Path, found: Survey, config: Path, output: Path, pool: Path | None = None, unlabelled: int = 0
) -> str:
    """Return the commented YAML of a run on a table.

    Args:
        path: Of the table.
        found: What it holds.
        config: Of the YAML itself.
        output: Folder of the run.
        pool: Table of rows to annotate.
        unlabelled: How many rows there are to annotate, there and in the table itself.

    Raises:
        InputError: There is too little to learn from.
    """
    guess = found.guess
    if guess.is_label and len(found.labels) < 2:
        only = ", ".join(found.labels) or "nothing"
        raise InputError(f"{path}: column {guess.target!r} holds one label only ({only}); two or more are needed")
    if found.kept < 10:
        raise InputError(f"{path}: {found.kept} different rows with a text and a target; ten or more are needed")
    lines = [
        f"# {_one_line(path.name)}: {found.usable:,} rows with text and target",
        f"# lit_synth run --config {_one_line(shlex.quote(str(config)))}",
        "data: Custom",
        f"data_dir: {scalar(str(path))}",
        *_pool(pool, unlabelled, found.kept),
        f"test_share: {TEST_SHARE} # of labelled rows, held out to test on; fewer make the verdict less sure",
        f"fraction: {_fraction(found.kept)}",
        f"strategies: {_strategies(annotated(pool, unlabelled))}",
        "seeds: [0] # more, such as [0, 1, 2], show how much is chance",
        f"output: {scalar(str(output))}",
        "task:",
        *(f"  {line}" for line in _task(path, found)),
        *_sizes(found, annotated(pool, unlabelled)),
    ]
    return "".join(f"{line}\n" for line in lines)


def annotated(pool: Path | None, unlabelled: int) -> bool:
    """Tell whether a run annotates a pool, of this table or of so many rows; else its teacher writes rows.

    >>> annotated(None, 49), annotated(None, 50)
    (False, True)
    """
    return pool is not None or unlabelled >= FEW_UNLABELLED


def _pool(pool: Path | None, unlabelled: int, kept: int) -> list[str]:
    named = [f"pool: {scalar(str(pool))} # rows without labels, which the teacher annotates"] if pool else []
    rows = unlabelled + max(0, _others(kept) - MOST_GOLD)
    if annotated(pool, unlabelled) and rows > MOST_POOL:
        first = ", those without a label first" if rows > unlabelled else ""
        named.append(f"pool_limit: {MOST_POOL} # of {rows:,} rows{first}; more take longer")
    return named


def _strategies(annotates: bool) -> str:
    if annotates:
        return (
            "[gold, annotate, teacher] # students on your rows alone and with annotated ones; the teacher itself; "
            "generate, both: with rows that it writes, then without generate_weight"
        )
    return "[gold, generate, teacher] # students on your rows alone and with written ones; the teacher itself"


def _fraction(kept: int) -> str:
    left = _others(kept)
    if left > MOST_GOLD:
        return f"{MOST_GOLD} # gold rows, of {left:,}: with more, synthetic rows seldom help; the rest joins the pool"
    return "1 # of the other rows all are gold; the rest of a smaller share joins the pool, its labels hidden"


def scalar(text: str) -> str:
    """Return a text as YAML that is read back as the same text, in quotes where it needs them.

    >>> print(scalar("billing"), scalar("no"), scalar("1e5"), scalar("a: b"))
    billing "no" "1e5" "a: b"
    """
    plain = re.fullmatch(r"[A-Za-z_][\w/.-]*", text, re.ASCII) and text.casefold() not in ("nan", "inf", "none")
    if plain and yaml.safe_load(text) == text:
        return text
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf")).strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())  # a comment ends where a line does


def _task(path: Path, found: Survey) -> list[str]:
    guess = found.guess
    name = re.sub(r"\W+", "_", path.name.split(".")[0]).strip("_") or "rows"
    lines = [
        f"name: {scalar(name)}",
        f"fields: [{', '.join(map(scalar, guess.text))}] # several are read as a pair of texts",
        f"target: {scalar(guess.target)}",
    ]
    if guess.is_label:
        lines += ["labels:", *(f"  - {scalar(label)} # {count:,} rows" for label, count in found.labels.most_common())]
        if words := _words_of_their_own(found.labels):
            lines.append(f"label_words: {{{', '.join(f'{scalar(label)}: {scalar(label)}' for label in words)}}}")
        numbers = all(re.fullmatch(r"[\d.-]+", label) for label in found.labels)
        why = "numbers tell a teacher nothing: write what each means" if numbers else "what stands for it in prompts"
        lines.append(f"# label_words: {{LABEL: WORDS}} # {why}")
    lines.append("# instruction: what is to be done, in front of the teacher's prompts; see --preview")
    return lines


def _words_of_their_own(labels: Counter[str]) -> list[str]:
    """Return labels that could not be told apart in prompts, where an underscore becomes a blank."""
    words = Counter(label.replace("_", " ") for label in labels)
    return [label for label in labels if "_" in label and words[label.replace("_", " ")] > 1]


def _sizes(found: Survey, annotates: bool) -> list[str]:
    text, target = (_tokens(quantile(lengths, 0.95)) for lengths in (found.lengths, found.target_lengths))
    gold = min(MOST_GOLD, _others(found.kept))
    steps = 300 if gold < 500 else 600
    lines = ["teacher:", "  model: embedded:teacher # a folder, or a name on the hub: a larger one teaches better"]
    if annotates:
        lines.append("  generate_weight: 0 # it learns no writing, half of its time; without this line it does")
    if not found.guess.is_label:
        lines.append(f"  max_new_tokens: {target}")
    if not annotates:
        lines += [
            "generation:",
            f"  amount: {min(1000, max(100, gold))} # rows to be written and kept",
            f"  sampling: {{max_new_tokens: {min(384, text)}}}",
        ]
    return [
        *lines,
        "student:",
        "  # model: a folder, or a name on the hub; by default a small one that ships inside a package",
        f"  max_length: {text} # tokens; longer inputs are cut",
        *([] if found.guess.is_label else [f"  max_target_length: {target}"]),
        "  search: # tried on rows held out of gold, for every student alike; more rates may be better and take longer",
        f"    max_steps: {steps}",
        f"    every: {steps // 5}",
        "    learning_rates: [2.0e-4]",
    ]


def _others(kept: int) -> int:
    """Return how many rows are not held out to test on."""
    return round(kept * (1 - TEST_SHARE))


def _tokens(words: int) -> int:
    wanted = words * TOKENS_A_WORD + 8
    return next((size for size in SIZES if size >= wanted), SIZES[-1])
