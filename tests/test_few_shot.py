"""The prompted baseline through `lit_synth run`: a model on this machine, and a scripted server that is asked."""

import json
import shutil
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from lit_synth.data import Partition
from lit_synth.decoding import asking
from lit_synth.examples import Example, read_examples
from lit_synth.modules import Teacher
from lit_synth.task import Task
from lit_synth.tasks import Custom, Reviews
from lit_synth.tasks.reviews import REVIEWS
from tests.prompted import Home
from tests.serving import Reply, serving, spoken

TELL = Task("tell", ("facts",), "text", instruction="Tell it.", metrics=("rougeL", "bleu"))
OTHER = dict(zip(REVIEWS.labels, reversed(REVIEWS.labels), strict=True))
Script = Callable[[str, int], Reply]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of whoever runs the tests, and short pauses."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(asking, "_PAUSE", 0.01)


@pytest.fixture
def reviews(tmp_path: Path, tiny_causal: Path, reviews_like: Path) -> Home:
    partition = Partition(16, pool_limit=10, test_limit=10)
    return Home(tmp_path, Reviews(None, data_dir=str(reviews_like), partition=partition), tiny_causal)  # type: ignore[arg-type]


@pytest.fixture
def tell(tmp_path: Path, tiny_causal: Path) -> Home:
    pairs = list(
        product(("plot", "cast", "script", "scene", "work"), ("warm", "cold", "clever", "dull", "long", "odd"))
    )
    rows = [{"facts": f"{thing} {mood}", "text": f"the {thing} is {mood}"} for thing, mood in pairs]
    for split, lines in (("train", rows[:20]), ("test", rows[20:])):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    partition = Partition(16, pool_limit=10, test_limit=10)
    return Home(tmp_path, Custom(TELL, None, str(tmp_path), partition=partition), tiny_causal)  # type: ignore[arg-type]


@pytest.fixture(params=["reviews", "tell"])
def home(request: pytest.FixtureRequest) -> Home:
    """Return a classification and a text-to-text task in turn."""
    found: Home = request.getfixturevalue(request.param)
    return found


def shown_rows(task: Task, rows: Sequence[Example]) -> list[str]:
    return [task.prompt(row.fields) + task.completion(str(row.target)) for row in rows]


def knowing(home: Home) -> Script:
    """Answer rightly, as chats do: labels with markup and in capitals, texts in a line of their own."""
    form, truth = "**Sentiment:** {}." if home.task.labels else "\n {}\n", home.truth()
    return lambda prompt, _: Reply(spoken(form.format(truth[prompt].upper() if home.task.labels else truth[prompt])))


# On this machine


def prompts_of(module: Teacher, batch: dict[str, Any]) -> list[str]:
    pairs = zip(batch["input_ids"], batch["attention_mask"], strict=True)
    return module.tokenizer.batch_decode([ids[mask.bool()] for ids, mask in pairs])


def test_the_number_of_examples_is_chosen_on_development_and_the_smaller_of_two_as_good(
    reviews: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is right on development with 2 or 4 examples, and on test with none: test has no say."""
    development = {row.id: row.target for row in reviews.splits.development}
    test = {row.id: row.target for row in reviews.splits.test}

    def answers(module: Teacher, batch: dict[str, Any]) -> list[str]:
        pairs = zip(batch["example"], prompts_of(module, batch), strict=True)
        right = [("\n\n" in prompt) == (row.id in development) for row, prompt in pairs]
        labels = [str((development | test)[row.id]) for row in batch["example"]]
        return [label if hit else OTHER[label] for label, hit in zip(labels, right, strict=True)]

    def predict(module: Teacher, batch: dict[str, Any], _: int) -> list[Example]:
        return [row.with_target(label) for row, label in zip(batch["example"], answers(module, batch), strict=True)]

    def probabilities(module: Teacher, batch: dict[str, Any], _: int) -> dict[str, torch.Tensor]:
        chosen = torch.tensor([REVIEWS.labels.index(label) for label in answers(module, batch)])
        return {"probabilities": torch.nn.functional.one_hot(chosen, 2)}

    monkeypatch.setattr(Teacher, "predict_step", predict)
    monkeypatch.setattr(Teacher, "test_step", probabilities)
    assert reviews.run(shots=[4, 0, 2]) == 0
    told = reviews.told()
    assert told["tried"] == {"4": 1.0, "0": 0.0, "2": 1.0}
    assert told["shots"] == 2
    assert reviews.figures()["accuracy"] == 0.0
    assert reviews.predictions() == {name: OTHER[str(label)] for name, label in test.items()}


def test_a_prompt_shows_gold_rows_and_no_label_of_test_or_pool(reviews: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[str] = []

    def noted(step: Callable[..., Any]) -> Callable[..., Any]:
        def note(module: Teacher, batch: dict[str, Any], index: int) -> Any:
            prompts.extend(prompts_of(module, batch))
            return step(module, batch, index)

        return note

    for name in ("predict_step", "test_step"):
        monkeypatch.setattr(Teacher, name, noted(getattr(Teacher, name)))
    assert reviews.run() == 0
    assert {prompt.count("\n\n") for prompt in prompts} == {0, 2}
    for prompt in prompts:
        *shown, asked = prompt.split("\n\n")
        assert sorted(shown) == sorted(shown_rows(REVIEWS, reviews.splits.gold[: len(shown)]))
        assert asked in reviews.truth()
    assert {prompt.split("\n\n")[-1] for prompt in prompts} == {*reviews.truth()}


def test_another_model_than_the_teachers_is_tried_on_development(reviews: Home) -> None:
    model = reviews.parts["teacher"]["model"]
    reviews.parts["teacher"]["model"] = "of/no-use-here"
    assert reviews.run(model=model) == 0
    assert reviews.told()["model"] == model
    gold = {row.id: row.target for row in reviews.splits.development}
    for shots, value in reviews.told()["tried"].items():
        rows = list(read_examples(reviews.output / "seed0" / f"few_shot_{shots}" / "accepted.jsonl"))
        assert {row.id for row in rows} == {*gold}
        assert value == pytest.approx(sum(row.target == gold[row.id] for row in rows) / len(gold))


def test_texts_that_do_not_end_count_as_wrong_and_are_counted(tell: Home) -> None:
    """A model of random weights ends by no means within a token."""
    tell.parts["teacher"]["max_new_tokens"] = 1
    assert tell.run() == 0
    assert set(tell.predictions().values()) == {None}
    assert (tell.told()["outside"], tell.told()["rows"]) == (10, 10)
    assert tell.figures()["rougeL"] == 0.0


@pytest.fixture
def facts(tell: Home) -> Home:
    """Return a task whose texts are held against the values of their input."""
    for split in ("train", "test"):
        path = tell.folder / f"{split}.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        lines = [{"triples": row["facts"].replace(" ", " | is | "), "text": row["text"]} for row in rows]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    tell.parts["task"] |= {"fields": ["triples"], "metrics": ["rougeL", "coverage"]}
    return tell


def test_development_answers_that_lack_values_count_as_those_of_test_do(
    facts: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With examples half of each text is right, though no value of its input is in it; without, none ends."""

    def answers(module: Teacher, batch: dict[str, Any]) -> list[str | None]:
        return ["the is" if "\n\n" in prompt else None for prompt in prompts_of(module, batch)]

    def predict(module: Teacher, batch: dict[str, Any], _: int) -> list[Example]:
        return [row.with_target(text) for row, text in zip(batch["example"], answers(module, batch), strict=True)]

    monkeypatch.setattr(Teacher, "predict_step", predict)
    monkeypatch.setattr(Teacher, "test_step", lambda module, batch, _: {"texts": answers(module, batch)})
    assert facts.run() == 0
    assert not list(read_examples(facts.output / "seed0" / "few_shot_2" / "accepted.jsonl"))
    assert facts.told()["tried"] == {"0": 0.0, "2": pytest.approx(2 / 3)}
    assert facts.told()["shots"] == 2
    assert facts.figures()["rougeL"] == pytest.approx(2 / 3)


# Served


def test_right_answers_of_a_server_are_all_right(home: Home) -> None:
    with serving(knowing(home)) as server:
        assert home.run(server) == 0
    told = home.told()
    assert told == {"shots": 0, "model": "m", "tried": {"0": 1.0, "2": 1.0}, "rows": 10, "outside": 0}
    assert set(home.figures()) == {*home.task.metrics}
    assert home.figures()[home.task.headline] == 1.0
    assert home.predictions() == {row.id: row.target for row in home.splits.test}


def test_a_server_is_shown_gold_rows_as_earlier_turns_and_no_label_of_test_or_pool(home: Home) -> None:
    with serving(knowing(home)) as server:
        assert home.run(server, shots=[2]) == 0
    turns = [(home.task.prompt(row.fields), home.task.completion(str(row.target)).strip()) for row in home.splits.gold]
    for body in server.bodies:
        rule, *said = body["messages"]
        assert rule["role"] == "system"
        assert [said[at]["content"] for at in range(4)] == [text for turn in turns[1::-1] for text in turn]
        assert [message["role"] for message in said] == ["user", "assistant", "user", "assistant", "user"]
    assert sorted(server.prompts) == sorted(home.truth())


def test_answers_outside_the_labels_are_wrong_and_counted(reviews: Home) -> None:
    known, odd = knowing(reviews), reviews.splits.test[:3]
    said = dict(zip((REVIEWS.prompt(row.fields) for row in odd), ("", "mixed", "It is positive."), strict=True))
    with serving(lambda prompt, _: Reply(spoken(said[prompt])) if prompt in said else known(prompt, 0)) as server:
        assert reviews.run(server) == 0
    assert (reviews.told()["outside"], reviews.told()["rows"]) == (3, 10)
    assert reviews.figures()["accuracy"] == pytest.approx(0.7)
    assert {name for name, label in reviews.predictions().items() if label is None} == {row.id for row in odd}


def test_a_text_that_a_server_does_not_give_is_wrong_and_counted(tell: Home) -> None:
    known, silent = knowing(tell), TELL.prompt(tell.splits.test[0].fields)
    with serving(lambda prompt, _: Reply(spoken(None)) if prompt == silent else known(prompt, 0)) as server:
        assert tell.run(server) == 0
    assert tell.told()["outside"] == 1
    assert tell.figures()["rougeL"] == pytest.approx(0.9)
    assert [name for name, text in tell.predictions().items() if text is None] == [tell.splits.test[0].id]


def test_a_second_run_asks_nothing_even_where_its_stages_are_gone(home: Home) -> None:
    with serving(knowing(home)) as server:
        assert home.run(server) == 0
    figures, answers = home.figures(), (home.output / "answers.jsonl").read_bytes()
    shutil.rmtree(home.output / "seed0")
    assert home.run(server.url) == 0, "without a server"
    assert home.figures() == figures
    assert (home.output / "answers.jsonl").read_bytes() == answers
    assert answers.count(b"\n") == len(server.prompts) == 2 * 3 + 10


def test_the_most_requests_are_told_in_a_line_and_raised_ask_for_the_rest_alone(
    reviews: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(knowing(reviews)) as server:
        assert reviews.run(server, max_requests=8, concurrency=1) == 2
        cache = reviews.output / "answers.jsonl"
        told = f"max_requests 8 reached; 2 of 10 answers are kept in {cache}; raise it to ask for the rest"
        assert capsys.readouterr().err == f"lit_synth: {told}\n"
        assert len(server.prompts) == 8
        assert reviews.run(server, max_requests=16, concurrency=1) == 0
    assert len(server.prompts) == 16
    assert reviews.figures()["accuracy"] == 1.0


def test_how_fast_is_asked_may_change_and_what_is_asked_may_not(
    reviews: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(knowing(reviews)) as server:
        assert reviews.run(server, concurrency=4) == 0
        written = (reviews.output / "seed0" / "few_shot" / "predictions.jsonl").stat().st_mtime_ns
        capsys.readouterr()
        assert reviews.run(server, concurrency=1, timeout=20.0, max_requests=100) == 0
        said = capsys.readouterr().out
        assert "seed0/few_shot: done before" in said
        assert ": starts" not in said
        assert (reviews.output / "seed0" / "few_shot" / "predictions.jsonl").stat().st_mtime_ns == written
        assert reviews.run(server, model="another") == 2
        assert "made with few_shot.endpoint.model 'm', now 'another'" in capsys.readouterr().err
    assert len(server.prompts) == 16


def test_a_model_that_completes_texts_gets_one_text(home: Home) -> None:
    truth = home.truth()

    def complete(text: str, _: int) -> Reply:
        answer = truth[text.split("\n\n")[-1]]
        return Reply(json.dumps({"choices": [{"text": f" {answer}"}]}).encode())

    # An instruction is the first part of the text, in front of its first prompt.
    with serving(complete) as server:
        assert home.run(server, shots=[2], chat=False) == 0
    assert home.figures()[home.task.headline] == 1.0
    assert {*server.paths} == {"/v1/completions"}
    for body in server.bodies:
        assert "messages" not in body
        rule, *shown, asked = body["prompt"].split("\n\n")
        assert rule.endswith("Write nothing else.")
        assert shown == shown_rows(home.task, home.splits.gold[1::-1])
        assert asked in truth
