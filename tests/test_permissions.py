"""What a config, a model or a checkpoint of somebody else may not do, each tried with one that would do it."""

import json
import os
import shutil
import socket
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from lit_synth import permissions, run
from lit_synth.cli import main
from lit_synth.deployed import reading_of
from lit_synth.download import Archive, fetch, unpack
from lit_synth.errors import InputError
from lit_synth.modules import Teacher
from lit_synth.modules.pretrained import load_pretrained
from lit_synth.onnx_file import write_onnx
from lit_synth.permissions import denied, permitted, taken
from lit_synth.plan import body_weights
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tokenizer import load_tokenizer
from tests.forked import settings, start
from tests.report.chromium import CHROMIUM
from tests.report.test_browser import browse
from tests.serving import Reply, serving, spoken

CODE = "import os, pathlib\npathlib.Path(os.environ['CANARY']).write_text('sang')\n"
STAGE = {
    "model": {"class_path": "lit_synth.modules.Teacher", "init_args": {"weights": False}},
    "data": {
        "class_path": "lit_synth.tasks.Reviews",
        "init_args": {"encoder": {"class_path": "lit_synth.data.TeacherEncoder"}},
    },
    "trainer": {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False},
}

Said = Callable[..., str]


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module `evil` that can be imported, and the file that shows that it was."""
    path = tmp_path / "canary"
    (tmp_path / "evil.py").write_text(CODE + "class Thing: pass\n")
    monkeypatch.setenv("CANARY", str(path))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield path
    sys.modules.pop("evil", None)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Said:
    """Return a function that runs a command which is refused, and returns its one line."""
    monkeypatch.chdir(tmp_path)

    def call(config: dict[str, Any] | str, *words: str) -> str:
        text = config if isinstance(config, str) else yaml.safe_dump(config)
        (tmp_path / "given.yaml").write_text(text)
        command, *rest = words
        capfd.readouterr()
        assert main([command, "--config", "given.yaml", *rest]) == 2
        lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("lit_synth: ")]
        assert len(lines) == 1
        return str(lines[0])

    return call


def stage(*path: str, value: Any) -> dict[str, Any]:
    """Return a stage's config with one value changed."""
    config: dict[str, Any] = json.loads(json.dumps(STAGE))
    inner = config
    for name in path[:-1]:
        inner = inner.setdefault(name, {})
    inner[path[-1]] = value
    return config


THING = {"class_path": "evil.Thing"}
PLACES = {
    "model": stage("model", value=THING),
    "data": stage("data", value=THING),
    "encoder": stage("data", "init_args", "encoder", value=THING),
    "optimizer": stage("model", "init_args", "optimizer", value="evil.Thing"),
    "callback": stage("trainer", "callbacks", value=[THING]),
    "logger": stage("trainer", "logger", value=THING),
    "strategy": stage("trainer", "strategy", value=THING),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_class_of_somebody_else_is_refused_before_it_is_imported(canary: Path, said: Said, place: str) -> None:
    assert "class path evil.Thing: a config may name classes of lit_synth, lightning, " in said(PLACES[place], "fit")
    assert not canary.exists()
    assert "evil" not in sys.modules


@pytest.mark.parametrize("more", [{"data": "evil.Thing"}, {"data": "Reviews", "trainer": {"callbacks": [THING]}}])
def test_a_run_imports_no_class_of_somebody_else(
    canary: Path, said: Said, more: dict[str, Any], tmp_path: Path
) -> None:
    told = said({"output": str(tmp_path / "run"), **more}, "run")
    assert "class path evil.Thing" in told
    assert told.endswith("give --allow_imports evil")
    assert not canary.exists()


@pytest.mark.parametrize(
    "path",
    [
        "torch.hub.load",
        "os.system",
        "builtins.eval",
        "lightning.pytorch.trainer.trainer.os.system",
        "lit_synth.cli.os.system",
        "jsonargparse.set_parsing_settings",
    ],
)
def test_what_runs_code_is_refused_by_any_path(said: Said, path: str) -> None:
    spec = {"class_path": path, "init_args": {"command": "touch sang"}}
    assert "a config may name classes of" in said(stage("model", "init_args", "optimizer", value=spec), "fit")
    assert not Path("sang").exists()


def test_a_permission_is_for_one_command_and_one_package(canary: Path, said: Said) -> None:
    told = said(PLACES["callback"], "fit", "--allow_imports", "other,evil")
    assert canary.exists()
    assert "a config may name" not in told  # it is imported, and is no callback
    canary.unlink()
    sys.modules.pop("evil")
    assert "class path evil.Thing" in said(PLACES["callback"], "fit", "--allow_imports=other")
    assert not canary.exists()


@pytest.mark.parametrize("words", [["--allow_imports"], ["--allow_imports", ""], ["--allow_imports=a b"]])
def test_what_is_allowed_has_to_be_named(words: list[str]) -> None:
    with pytest.raises(InputError, match="name packages, parted by commas"):
        taken(words)


@pytest.mark.parametrize("word", ["--allow_pickle=false", "--allow_pickle=", "--offline=0"])
def test_a_permission_with_a_value_is_none(word: str) -> None:
    with pytest.raises(InputError, match="takes no value; give it alone, or leave it out"):
        taken([word])


@pytest.mark.parametrize("more", [{"data": "evil.Thing"}, {"data": "Reviews", "trainer": {"callbacks": [THING]}}])
def test_a_run_from_python_imports_no_class_of_somebody_else(
    canary: Path, more: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "given.yaml").write_text(yaml.safe_dump({"output": str(tmp_path / "run"), **more}))
    with pytest.raises(InputError, match=r"class path evil\.Thing: .*give --allow_imports evil"):
        run(tmp_path / "given.yaml")
    assert not canary.exists()


@pytest.mark.parametrize(
    "name", ["evil.Thing", "os.system", "lit_synth.cli.os.system", "lit_synth.permissions.socket.socket"]
)
def test_a_student_of_somebody_else_imports_no_class(
    canary: Path, tiny_encoder: Path, tmp_path: Path, name: str
) -> None:
    shutil.copytree(tiny_encoder, tmp_path / "gold" / "model")
    encoder = {"class_path": "lit_synth.data.ClassifierEncoder", "init_args": {"max_length": 24}}
    data = {"class_path": name, "init_args": {"encoder": encoder}}
    (tmp_path / "gold" / "config.yaml").write_text(yaml.safe_dump({"data": data}))
    with pytest.raises(InputError, match=r"^class path "):
        reading_of(tmp_path / "gold" / "model")
    assert not canary.exists()


def test_permissions_end_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    before = dict(os.environ)
    with permitted(taken(["--offline", "--allow_imports", "evil", "--allow_pickle"])[1]):
        assert (os.environ["LIT_SYNTH_ALLOW_IMPORTS"], os.environ["HF_HUB_OFFLINE"]) == ("evil", "1")
        assert permissions.may_unpickle()
        assert permissions.is_offline()
    assert dict(os.environ) == before
    assert denied(ValueError("Importing 'evil.x' is not allowed, by whom")) is not None
    assert denied(ValueError("something else")) is None


@pytest.mark.parametrize("command", ["run", "fit"])
@pytest.mark.parametrize("tag", ["python/object/apply:os.system", "python/name:os.system", "python/module:os"])
def test_yaml_makes_no_objects(said: Said, tag: str, command: str) -> None:
    said(f"output: !!{tag} ['touch sang']\n", command)
    assert not Path("sang").exists()


class Pickled:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("sang",)


@pytest.mark.parametrize("claimed", [None, False])
def test_a_checkpoint_is_weights_and_nothing_else(
    said: Said, tmp_path: Path, tiny_causal: Path, reviews_like: Path, claimed: bool | None
) -> None:
    torch.save({"state_dict": Pickled()}, tmp_path / "evil.ckpt")
    config = stage("data", "init_args", "data_dir", value=str(reviews_like))
    config["model"]["init_args"] = {"model": str(tiny_causal)}
    config["data"]["init_args"]["encoder"]["init_args"] = {"model": str(tiny_causal)}
    config |= {"ckpt_path": str(tmp_path / "evil.ckpt"), "weights_only": claimed}
    assert "a checkpoint holds more than weights, and could run code" in said(config, "fit")
    assert not Path("sang").exists()


def test_pickled_weights_are_refused_and_may_be_allowed(
    tiny_causal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoModelForCausalLM

    folder = tmp_path / "model"
    shutil.copytree(tiny_causal, folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"its weights are pickles, .* or give --allow_pickle if you trust them"):
        load_pretrained(AutoModelForCausalLM, str(folder))
    with permitted(taken(["--allow_pickle"])[1]):
        found = load_pretrained(AutoModelForCausalLM, str(folder))
    monkeypatch.setattr("lit_synth.onnx_file.find_spec", lambda name: name)
    with pytest.raises(InputError, match="its weights are pickles"):
        write_onnx(folder)
    assert all(torch.equal(one, two) for one, two in zip(found.parameters(), model.parameters(), strict=True))


def test_a_models_own_code_is_never_run(tiny_causal: Path, tmp_path: Path, canary: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_causal, folder)
    for name in ("config.json", "tokenizer_config.json"):
        content = json.loads((folder / name).read_text())
        own = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model", "AutoTokenizer": ["evil.T", "evil.T"]}
        content |= {"auto_map": own, "model_type": "evil", "tokenizer_class": "EvilTokenizer"}
        (folder / name).write_text(json.dumps(content))
    (folder / "evil.py").write_text(CODE + "class Config: pass\nclass Model: pass\nclass T: pass\n")
    module = Teacher(REVIEWS, str(folder))
    for load in (module.configure_model, lambda: load_tokenizer(str(folder)), lambda: body_weights(str(folder))):
        with pytest.raises(InputError, match="needs code of its own, which is never run"):
            load()
    assert not canary.exists()


def test_an_archive_writes_where_we_say(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as bundle:
        bundle.writestr("../outside", "x")
        bundle.writestr("weights", "y")
    (tmp_path / "in").mkdir()
    unpack(tmp_path / "a.whl", {"../outside": tmp_path / "in" / "one", "weights": tmp_path / "in" / "two"})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.whl", "in", "one", "two"]


# The network


def test_offline_stops_whoever_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    with permitted(taken(["--offline"])[1]):
        for reach in (
            lambda: socket.create_connection(("192.0.2.1", 9), timeout=1),
            lambda: socket.getaddrinfo("example.org", 443),
            lambda: socket.gethostbyname("example.org"),
            lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9)),
        ):
            with pytest.raises(InputError, match=r"--offline: \S+ was to be asked; give local folders"):
                reach()
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
            pass  # this machine is no network


def test_offline_asks_no_package_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIT_SYNTH_CACHE", str(tmp_path))
    monkeypatch.setenv("LIT_SYNTH_OFFLINE", "1")
    with pytest.raises(InputError, match=r"a\.whl: not there, and --offline asks no index; .* or copy a\.whl into"):
        fetch(Archive("a", "a.whl", "0" * 64))


# Keys and texts


KEY = "sk-a-key-that-nobody-may-see"
EVIL = "<script>document.title = 'taken'</script><img src=x onerror=document.title='taken'> </textarea> number"


def test_a_run_asks_nobody_keeps_the_key_and_shows_texts_as_texts(
    tmp_path: Path, tiny_causal: Path, tiny_encoder: Path, reviews_like: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tmp_path / "rows"
    rows.mkdir()
    for split in ("train", "test"):
        lines = map(json.loads, (reviews_like / f"{split}.jsonl").read_text().splitlines())
        evil = (line | {"text": f"{EVIL} {split} {place}"} for place, line in enumerate(lines))
        (rows / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in evil))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def script(prompt: str, before: int) -> Reply:
        if before == 0:
            return Reply(json.dumps({"error": {"message": f"busy, dear {KEY}"}}).encode(), status=500)
        return Reply(spoken("<script>document.title = 'taken'</script> positive"))

    with serving(script) as server:
        endpoint = {"base_url": server.url, "model": "<b>m</b>", "max_requests": None, "max_tokens": 8}
        config = settings(tiny_causal, tiny_encoder, rows, strategies=["annotate", "few_shot"], limit=6)
        config["few_shot"] = {"endpoint": endpoint, "shots": [0]}
        (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
        words = ["run", "--config", str(tmp_path / "run.yaml"), "--output", str(tmp_path / "run"), "--offline"]
        child = start(words, tmp_path / "log", lambda: _note_who_is_asked(tmp_path / "asked"))
        assert child.wait() == 0, child.said()
        assert f"Bearer {KEY}" in {headers["Authorization"] for headers in server.headers}
    assert set((tmp_path / "asked").read_text().split()) == {"127.0.0.1"}
    assert KEY not in child.said()
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    page = tmp_path / "run" / "report.html"
    html = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;document.title" in html
    if CHROMIUM is not None:
        dom, complaints = browse(page, tmp_path)
        assert "<title>taken</title>" not in dom
        assert complaints == []  # nothing was tried, so that nothing had to be stopped


def _note_who_is_asked(path: Path) -> None:
    """Write down every host that any part of this process connects to, or looks up."""

    def noted(whole: Callable[..., Any], host: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            with path.open("a") as lines:
                lines.write(f"{host(*arguments)}\n")
            return whole(*arguments, **more)

        return call

    for name in ("connect", "connect_ex"):
        whole = getattr(socket.socket, name)
        setattr(socket.socket, name, noted(whole, lambda _, address: address[0]))
    socket.getaddrinfo = noted(socket.getaddrinfo, lambda asked, *_: asked)
