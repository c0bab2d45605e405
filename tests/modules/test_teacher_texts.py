"""The teacher of text-to-text tasks, and the teacher that is prompted only."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from lit_synth.data import TeacherEncoder
from lit_synth.data.collate import Collate
from lit_synth.decoding.writing import Sampling
from lit_synth.examples import Example
from lit_synth.modules import Teacher
from lit_synth.task import Task
from lit_synth.tasks.reviews import REVIEWS

TELL = Task("tell", ("facts",), "text", condition="topic", annotate_prompt="Review: {facts}\nText:")
ROWS = [
    Example("1", {"facts": "plot warm", "topic": "film"}, "the plot is warm", references=("the plot is warm", "warm")),
    Example("2", {"facts": "cast cold", "topic": "play"}, "a cold cast"),
]
GENERATED = [
    Example(f"g{n}", {"topic": topic}, None, "generated", provenance={"seed": n, "writing": 0, "requested": topic})
    for n, topic in enumerate(("film", "play"))
]


def encoder_of(folder: Path, **more: Any) -> TeacherEncoder:
    return TeacherEncoder(str(folder), **{"max_length": 96, **more})


def prompts_of(folder: Path, rows: list[Example], task: Task = TELL) -> dict[str, Any]:
    encoder = encoder_of(folder)
    left = Collate(int(encoder.tokenizer.pad_token_id), left=True)
    return left([encoder.prediction_row(task, row) for row in rows])


def lessons_of(folder: Path, rows: list[Example], task: Task = TELL) -> dict[str, Any]:
    encoder = encoder_of(folder)
    encoded = [row for example in rows for row in encoder.training_rows(task, example)]
    return Collate(int(encoder.tokenizer.pad_token_id))(encoded)


def teacher_of(folder: Path, task: Task = TELL, **arguments: Any) -> Teacher:
    torch.manual_seed(0)
    teacher = Teacher(task, str(folder), freeze_embeddings=False, **arguments)
    teacher.configure_model()
    return teacher


@pytest.fixture(scope="module")
def taught(tiny_causal: Path) -> Teacher:
    """Return a teacher that knows the two rows by heart; the first by its first reference."""
    teacher = teacher_of(tiny_causal, sampling=Sampling(0.3, 0.9, 30))
    batch = lessons_of(tiny_causal, [row.with_target(row.target) for row in ROWS])
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=1e-2)
    for _ in range(80):
        optimizer.zero_grad()
        teacher.losses(batch).mean().backward()
        optimizer.step()
    return teacher.eval()


def test_every_reference_is_a_lesson(tiny_causal: Path) -> None:
    encoder = encoder_of(tiny_causal)
    rows = encoder.training_rows(TELL, ROWS[0])
    assert [row["direction"] for row in rows] == ["annotate", "annotate", "generate"]
    assert [encoder.tokenizer.decode(row["input_ids"], skip_special_tokens=True) for row in rows] == [
        "Review: plot warm\nText: the plot is warm",
        "Review: plot warm\nText: warm",
        "Topic: film\nFacts: plot warm",
    ]


def test_it_annotates_with_the_likeliest_text_whatever_the_sampling(taught: Teacher, tiny_causal: Path) -> None:
    pool = [row.with_target(None) for row in ROWS]
    before = taught.sampling
    try:
        for temperature in (0.0, 0.3, 50.0):
            taught.sampling = replace(before, temperature=temperature)
            found = taught.predict_step(prompts_of(tiny_causal, pool), 0)
            assert [row.target for row in found] == ["the plot is warm", "a cold cast"]
    finally:
        taught.sampling = before
    assert all((row.origin, row.probabilities, row.references) == ("annotated", None, ()) for row in found)
    assert [row.provenance["answer"] for row in found] == ["the plot is warm", "a cold cast"]


def test_a_text_that_does_not_end_in_time_is_none(taught: Teacher, tiny_causal: Path) -> None:
    before = taught.sampling
    try:
        tokens = [len(taught.tokenizer(TELL.completion(str(row.target)))["input_ids"]) for row in ROWS]
        assert tokens[0] > tokens[1]
        for most, texts in ((tokens[0], [None, "a cold cast"]), (tokens[1], [None, None])):  # the end is one more
            taught.sampling = replace(before, max_new_tokens=most)
            found = taught.predict_step(prompts_of(tiny_causal, [row.with_target(None) for row in ROWS]), 0)
            assert [row.target for row in found] == texts
            assert [row.provenance["answer"] for row in found] == texts
            assert taught.test_step(prompts_of(tiny_causal, ROWS), 0) == {"texts": texts}
    finally:
        taught.sampling = before


def test_a_test_gives_texts_or_probabilities(taught: Teacher, tiny_causal: Path) -> None:
    assert taught.test_step(prompts_of(tiny_causal, ROWS), 0) == {"texts": ["the plot is warm", "a cold cast"]}
    classifier = teacher_of(tiny_causal, REVIEWS).eval()
    rows = [Example("1", {"text": "a warm film"}, "positive")]
    found = classifier.test_step(prompts_of(tiny_causal, rows, REVIEWS), 0)
    assert found["probabilities"].shape == (1, 2)


def test_it_writes_an_input_for_a_condition_then_reads_it(taught: Teacher, tiny_causal: Path) -> None:
    written = taught.predict_step(prompts_of(tiny_causal, GENERATED), 0)
    assert [row.fields for row in written] == [row.fields for row in ROWS]
    assert written[0].target is None
    assert written[0].provenance["prompt"] == "Topic: film\nFacts:"
    read = taught.predict_step(prompts_of(tiny_causal, written), 0)
    assert [(row.target, row.origin) for row in read] == [
        ("the plot is warm", "generated"),
        ("a cold cast", "generated"),
    ]
    assert read[0].provenance["requested"] == "film"


@pytest.mark.parametrize("weight", [0.0, 0.25, 3.0])
def test_rows_that_teach_writing_weigh_as_told(tiny_causal: Path, weight: float) -> None:
    teacher, batch = teacher_of(tiny_causal, generate_weight=weight).eval(), lessons_of(tiny_causal, ROWS)
    teacher.log = lambda *_, **__: None  # type: ignore[method-assign]
    losses = teacher.losses(batch)
    assert batch["direction"] == ["annotate", "annotate", "generate", "annotate", "generate"]
    expected = (losses[0] + losses[1] + losses[3] + weight * (losses[2] + losses[4])) / 5
    torch.testing.assert_close(teacher.training_step(batch, 0), expected)


def test_the_development_loss_is_logged_for_each_direction(tiny_causal: Path) -> None:
    teacher, batch = teacher_of(tiny_causal, generate_weight=9.0).eval(), lessons_of(tiny_causal, ROWS)
    logged: dict[str, Any] = {}
    teacher.log = lambda name, value, **_: logged.update({name: value})  # type: ignore[method-assign]
    with torch.no_grad():
        teacher.validation_step(batch, 0)
        losses = teacher.losses(batch)
    torch.testing.assert_close(logged["val_loss"], losses.mean())
    torch.testing.assert_close(logged["val_annotate_loss"].compute(), losses[[0, 1, 3]].mean())
    torch.testing.assert_close(logged["val_generate_loss"].compute(), losses[[2, 4]].mean())


class Scripted:
    """Stands for a language model: writes the same tokens behind every prompt, then goes on for ever."""

    def __init__(self, teacher: Teacher, text: str) -> None:
        self.plain = teacher.language_model.forward
        teacher.language_model.config.logit_scale = 1.0  # so that the model is asked for its logits as a whole
        self.tokens = teacher.tokenizer(text, add_special_tokens=False)["input_ids"]
        self.written = 0

    def __call__(self, **words: Any) -> Any:
        output = self.plain(**words)
        output.logits.zero_()
        output.logits[:, -1, self.tokens[min(self.written, len(self.tokens) - 1)]] = 50.0
        self.written += 1
        return output


@pytest.mark.parametrize(
    ("script", "one_line", "text"),
    [
        (" a warm film\n\nReview: the plot", True, "a warm film"),
        (" a warm film\n\nReview: the plot", False, None),
        (" a warm film<|endoftext|>", True, "a warm film"),
        (" a warm film\nMore.<|endoftext|>", False, "a warm film\nMore."),
        (" a warm film that goes on and on and on", True, None),
    ],
)
def test_a_line_break_ends_a_text_of_a_model_that_is_prompted_only(
    tiny_causal: Path, monkeypatch: pytest.MonkeyPatch, script: str, one_line: bool, text: str | None
) -> None:
    teacher = teacher_of(tiny_causal, sampling=Sampling(0.0, max_new_tokens=25, one_line=one_line)).eval()
    monkeypatch.setattr(teacher.language_model, "forward", Scripted(teacher, script))
    assert teacher.test_step(prompts_of(tiny_causal, ROWS[:1]), 0) == {"texts": [text]}


def test_line_breaks_are_all_tokens_that_hold_one(tiny_causal: Path) -> None:
    teacher = teacher_of(tiny_causal)
    assert teacher.line_breaks
    decoded = {token: teacher.tokenizer.decode([token]) for token in range(len(teacher.tokenizer))}
    assert teacher.line_breaks == [token for token, text in decoded.items() if "\n" in text]


NESTED = replace(REVIEWS, labels=("play", "play_game"))


@pytest.mark.parametrize("one_line", [True, False])
def test_a_label_that_begins_another_ends_as_the_model_ends_it(
    tiny_causal: Path, monkeypatch: pytest.MonkeyPatch, one_line: bool
) -> None:
    """A model that is prompted only goes on with the next example where a fine-tuned one writes its end token."""
    teacher = teacher_of(tiny_causal, NESTED, sampling=Sampling(one_line=one_line)).eval()
    script = Scripted(teacher, " play game")
    shorter = len(teacher.tokenizer(" play")["input_ids"])
    end = teacher.tokenizer("\n\n" if one_line else "<|endoftext|>")["input_ids"][0]

    def ending(**words: Any) -> Any:
        output = script(**words)
        if script.written == shorter + 1:
            output.logits[:, -1, end] = 60.0
        return output

    monkeypatch.setattr(teacher.language_model, "forward", ending)
    batch = prompts_of(tiny_causal, [Example("1", {"text": "chess"}, "play")], NESTED)
    (row,) = teacher.test_step(batch, 0)["probabilities"].tolist()
    assert row == pytest.approx([1.0, 0.0], abs=1e-3)
