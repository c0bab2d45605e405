"""What many tests share: tiny models made on the spot without a network, tiny data, and the way to real data."""

import json
import os
import random
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# Before any library reads them: no test asks a hub or opens a window, and models this small are slower on two threads.
os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", MPLBACKEND="Agg")

# A deadline measures the machine, not the code; everything else is hypothesis' own profile, which knows CI.
hypothesis.settings.register_profile("lit_synth", deadline=None)
hypothesis.settings.load_profile("lit_synth")

CHECKOUT = Path(__file__).parents[1]
SENTENCES = (
    "Review: a warm and funny film\nSentiment: positive",
    "Review: two hours of a dull plot\nSentiment: negative",
    "Sentiment: negative\nReview: the script was a bore",
    "Utterance: wake me up at nine in the morning\nIntent: alarm set",
    "Intent: weather query\nUtterance: will it rain in London on Friday?",
)
OPENINGS = ("honestly ,", "all in all ,", "to my surprise ,", "in the end ,", "this time")
SUBJECTS = ("the plot", "the cast", "the script", "the ending", "the director's work", "every scene")
VERBS = ("is", "feels", "seems", "remains")
WORDS = {
    "positive": ("wonderful", "moving", "clever", "a joy", "brilliant", "full of charm", "warm", "superb"),
    "negative": ("dreadful", "boring", "clumsy", "a chore", "stupid", "full of holes", "cold", "tedious"),
}
SIZES = {"train": 120, "validation": 40, "test": 40}


def pytest_itemcollected(item: pytest.Item) -> None:
    if "real_data" in getattr(item, "fixturenames", ()):
        item.add_marker("real_data")


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Return a function from a task's name to its folder of real rows; without one a test skips, in CI it fails."""
    root = Path(os.environ.get("LIT_SYNTH_DATA") or CHECKOUT.parent / "shared" / "data")

    def folder(task: str) -> Path:
        found = root / task
        if not found.is_dir():
            absent = f"no real data of {task}: set LIT_SYNTH_DATA to the folder that holds {task}/train.jsonl.gz"
            if os.environ.get("CI", "").lower() == "true":
                pytest.fail(absent, pytrace=False)
            pytest.skip(absent)
        return found

    return folder


@pytest.fixture(scope="session")
def reviews_like(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of easy, made-up reviews: no sentence twice, as many positive as negative. Read only."""
    folder = tmp_path_factory.mktemp("reviews_like")
    combinations = {label: list(product(OPENINGS, SUBJECTS, VERBS, words)) for label, words in WORDS.items()}
    for label, parts in combinations.items():
        random.Random(label).shuffle(parts)
    for split, size in SIZES.items():
        rows = [(label, " ".join(combinations[label].pop())) for _ in range(size // 2) for label in WORDS]
        lines = ({"id": f"{split}{i}", "text": text, "sentiment": label} for i, (label, text) in enumerate(rows))
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture(scope="session")
def tiny_causal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a saved causal model of some 50,000 random weights: `gpt_neox`, or what the test asks for.

    Another: ``@pytest.mark.parametrize("tiny_causal", ["llama", "gpt2"], indirect=True)``.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    kind: str = getattr(request, "param", "gpt_neox")
    folder = tmp_path_factory.mktemp(f"tiny_{kind}")
    tokenizer = _byte_level_tokenizer()
    tokenizer.save_pretrained(folder)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 128}
    if kind != "gpt2":
        shape["intermediate_size"] = 64
    ends = {"bos_token_id": None, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = AutoConfig.for_model(kind, vocab_size=len(tokenizer), tie_word_embeddings=False, **shape, **ends)
    _save(AutoModelForCausalLM.from_config, config, folder)
    return folder


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a saved BERT of some 30,000 random weights, without a head, as a student starts from one."""
    from transformers import AutoModel, BertConfig

    folder = tmp_path_factory.mktemp("tiny_bert")
    tokenizer = _word_piece_tokenizer()
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
    )
    _save(AutoModel.from_config, config, folder)
    return folder


@pytest.fixture(scope="session")
def tiny_seq2seq(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a kind to a saved model of some 50,000 random weights; it has no generation config.

    Kinds: ``bart``, ``t5`` and ``encoder-decoder``.
    """
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    folders: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in folders:
            folders[kind] = tmp_path_factory.mktemp(f"tiny_{kind}")
            tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
            tokenizer.save_pretrained(folders[kind])
            _save(AutoModelForSeq2SeqLM.from_config, _seq2seq_config(kind, tokenizer), folders[kind])
            (folders[kind] / "generation_config.json").unlink()
        return folders[kind]

    return folder


def _texts() -> Iterable[str]:
    yield from SENTENCES
    for words in WORDS.values():
        yield from (" ".join(parts) for parts in product(OPENINGS, SUBJECTS, VERBS, words))


def _byte_level_tokenizer() -> Any:
    """Train a byte-pair tokenizer whose padding token is not its end token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|padding|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(_texts(), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=special[0], pad_token=special[1])


def _word_piece_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    words = {name: f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=[*words.values()])
    tokenizer.train_from_iterator(_texts(), trainer)
    ends = [(name, tokenizer.token_to_id(name)) for name in (words["cls"], words["sep"])]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    names = {f"{name}_token": word for name, word in words.items()}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, **names)


def _seq2seq_config(kind: str, tokenizer: Any) -> Any:
    from transformers import BartConfig, BertConfig, EncoderDecoderConfig, T5Config

    ids: dict[str, Any] = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.sep_token_id}
    ids |= {"bos_token_id": tokenizer.cls_token_id, "decoder_start_token_id": tokenizer.cls_token_id}
    size = len(tokenizer)
    if kind == "bart":
        shape: dict[str, Any] = {
            f"{side}_{name}": value
            for side in ("encoder", "decoder")
            for name, value in (("layers", 2), ("attention_heads", 2), ("ffn_dim", 64))
        }
        return BartConfig(vocab_size=size, d_model=32, max_position_embeddings=64, **shape, **ids)
    if kind == "t5":
        # As its checkpoints do. With relative positions it cannot tell one start token from two alike.
        ids["decoder_start_token_id"] = tokenizer.pad_token_id
        return T5Config(vocab_size=size, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2, **ids)
    part = BertConfig(
        vocab_size=size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    config = EncoderDecoderConfig.from_encoder_decoder_configs(part, part, **ids)
    config.vocab_size = size
    return config


def _save(make: Callable[..., Any], config: Any, folder: Path) -> None:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        make(config).save_pretrained(folder)
