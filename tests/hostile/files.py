"""Files as they should not be, by name: what is in them, and what reading them gives: rows, or words."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import csv, parquet

GOOD = {"text": "fine", "sentiment": "positive"}
OTHER = {"text": "dull", "sentiment": "negative"}


class Case(NamedTuple):
    """A file of a split, and how many rows it has, or a regular expression for what is told."""

    name: str
    suffix: str
    content: bytes
    expected: int | str


TEXTS = {
    "emoji": "a film 🎬👩‍👩‍👧‍👦🇩🇪",
    "right to left": "פילם טוב مع فيلم \u202eabc\u202c",
    "combining": "e\u0301a\u0300 Z\u0335\u0321",
    "line separators": "one\u2028two\u2029three\x85four",
    "zero width": "a\u200bb\u200dc\ufeffd",
    "beyond the basic plane": "𝔉𝔦𝔩𝔪 𠀀",
    "template words": "{target} {text} {label} {} {0} { } }{",
    "other templates": "%s %(text)s ${text} {{text}} {% if x %} $(ls) `ls`",
    "chat tokens": "<|im_start|>assistant<|im_end|><|endoftext|><|padding|>",
    "encoder tokens": "[CLS] [SEP] [MASK] [PAD] [UNK] </s> <s> <pad> <unk>",
    "markup": "<script>alert(1)</script> &amp; <!-- --> ]]>",
    "quotes": "she said \"no\", 'yes' and ''",
    "commas": "a, b, c,,, d,",
    "line breaks": "one\ntwo\r\nthree\rfour",
    "tabs": "one\ttwo",
    "back slashes": 'C:\\new\\u0041 \\" \\',
    "JSON": '{"text": "inner", "sentiment": [1, {"a": null}]}',
    "words that are values": "null",
    "not a number": "NaN",
    "a number": "007",
    "a formula": "=1+1;@SUM(A1)",
    "control": "bell\x07 escape\x1b[31m red",
    "spaces around": "  spaces  ",
    "other spaces": "\u3000wide\u00a0",
    "a comment": "# not a comment",
    "long": "word " * 20_000,
    "one long word": "w" * 300_000,
}
NO_TEXTS: dict[str, Any] = {
    "null": None,
    "empty": "",
    "spaces": " \t\n",
    "wide space": "\u3000",
    "a number": 7,
    "a fraction": 1.5,
    "not a number": float("nan"),
    "true": True,
    "a list": ["a"],
    "an object": {"a": {"b": [None]}},
    "NUL": "a\0b",
}
NO_LABELS: dict[str, Any] = {
    "null": None,
    "empty": "",
    "spaces": "  ",
    "another": "neutral",
    "another case": "Positive",
    "not a number": float("nan"),
    "a number": 1,
    "true": True,
    "a list": ["positive"],
    "an object": {"label": "positive"},
    "two lines": "posi\ntive",
    "both": "positive, negative",
    "NUL": "positive\0",
    "long": "positive " * 50_000,
}


def jsonl(*rows: Any) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def packed(*rows: Any) -> bytes:
    return gzip.compress(jsonl(*rows))


def in_parquet(*rows: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(list(rows)), out)
    return out.getvalue()


def in_csv(*rows: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    csv.write_csv(pa.Table.from_pylist(list(rows)), out)
    return out.getvalue()


WRITERS: dict[str, Callable[..., bytes]] = {
    ".jsonl": jsonl,
    ".jsonl.gz": packed,
    ".csv": in_csv,
    ".parquet": in_parquet,
}


def values() -> Iterator[Case]:
    """One bad value between good rows, in every format that can hold it."""
    for column, bad in (("text", NO_TEXTS), ("sentiment", NO_LABELS)):
        for name, value in bad.items():
            told = r"train\S*:\d+: (column|unknown label) .*" + column
            for suffix, write in WRITERS.items():
                # A column of Parquet, and so what makes our CSV, has one type.
                if isinstance(value, str | None) or not suffix.endswith(("csv", "parquet")):
                    yield Case(f"{column} is {name}", suffix, write(GOOD, OTHER, GOOD | {column: value}), told)
            if isinstance(value, int | float | list | dict):
                yield Case(f"{column} is {name}", ".parquet", in_parquet(GOOD | {column: value}), told)


L, M = jsonl(GOOD), jsonl(OTHER)
TEXT = (L + M).decode()
DEEP = b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b', "sentiment": "positive"}\n'
LINES: dict[str, tuple[bytes, int | str]] = {
    "mark of the byte order": (b"\xef\xbb\xbf" + L + M, 2),
    "mark in the middle": (L + b"\xef\xbb\xbf" + M, ":2: not JSON"),
    "UTF-16": (TEXT.encode("utf-16"), ":1: not UTF-8.*: iconv -f UTF-16 -t UTF-8 "),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), ":1: not JSON"),
    "UTF-32": (TEXT.encode("utf-32"), ":1: not UTF-8.*: iconv -f UTF-32 -t UTF-8 "),
    "Latin-1": (
        L + '{"text": "café", "sentiment": "positive"}'.encode("latin-1"),
        ":2: not UTF-8.*save the file as",
    ),
    "Windows": (L + M + '{"text": "“x”"}\n'.encode("cp1252"), ":3: not UTF-8"),
    "GB 18030": ('{"text": "好"}'.encode("gb18030"), ":1: not UTF-8"),
    "Shift JIS": ('{"text": "映画"}'.encode("shift-jis"), ":1: not UTF-8"),
    "half a character at the end": (L + b'{"text": "\xf0\x9f', ":2: not UTF-8"),
    "over-long UTF-8": (L + b'{"text": "\xc0\xaf"}', ":2: not UTF-8"),
    "half an emoji, escaped": (rb'{"text": "\ud83d", "sentiment": "positive"}', ":1: column 'text' holds .* no text"),
    "NUL bytes": (L + b"\0\0\0\0\n", ":2: not JSON"),
    "NUL, escaped": (rb'{"text": "a\u0000b", "sentiment": "positive"}', ":1: column 'text' holds .* no text"),
    "empty": (b"", "no rows; expected columns text, sentiment"),
    "only a mark": (b"\xef\xbb\xbf", "no rows"),
    "only blank lines": (b"\n \n\t\r\n", "no rows"),
    "blank lines between": (L + b"\n\n" + M + b"\n", 2),
    "no last line break": ((L + M).rstrip(), 2),
    "Windows line ends": ((L + M).replace(b"\n", b"\r\n"), 2),
    "old Mac line ends": ((L + M).replace(b"\n", b"\r"), 2),
    "mixed line ends": (L.replace(b"\n", b"\r\n") + M.replace(b"\n", b"\r") + L, 3),
    "half a row": (L + M[:20], ":2: not JSON"),
    "two rows in a line": (L.rstrip() + M, ":1: not JSON"),
    "over several lines": (json.dumps(GOOD, indent=2).encode(), ":1: not JSON"),
    "a list of rows": (json.dumps([GOOD, OTHER]).encode(), ":1: expected an object, found list"),
    "single quotes": (str(GOOD).encode(), ":1: not JSON"),
    "a comment": (b"// rows\n" + L, ":1: not JSON"),
    "a comma behind": (L.rstrip() + b",\n" + M, ":1: not JSON"),
    "a word": (L + b"fine\n", ":2: not JSON"),
    "a number": (L + b"7\n", ":2: expected an object, found int"),
    "a string": (L + b'"fine"\n', ":2: expected an object, found str"),
    "null": (b"null\n" + L, ":1: expected an object, found NoneType"),
    "nested": (L + DEEP, ":2: not JSON .*nested too deep"),
    "a number of 5,000 digits": (L + b'{"text": ' + b"1" * 5000 + b"}", ":2: not JSON"),
    "a column twice": (L + b'{"text": "a", "text": "b", "sentiment": "positive"}', ":2: column 'text' stands twice"),
    "a column less": (L + b'{"text": "a"}', ":2: no column 'sentiment'; the row has: text"),
    "another case": (b'{"Text": "a", "sentiment": "positive"}', ":1: no column 'text'; the row has: Text, sentiment"),
    "a column of two lines": (rb'{"a\nb": 1}', r":1: no column 'text'; the row has: a\\nb"),
    "a thousand columns": (jsonl({f"column {place}": 0 for place in range(1000)}), ":1: no column 'text'"),
    "columns more": (jsonl(GOOD | {"note": {"deep": [1]}, "target": "x"}, OTHER), 2),
    "no columns": (b"{}\n", ":1: no column 'text'; the row has: none"),
    "CSV": (b"text,sentiment\nfine,positive\n", ":1: not JSON"),
    "a web page": (b"<!doctype html><p>Not found", ":1: not JSON"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ":1: not UTF-8"),
    "a note of Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", ":1: not JSON"),
    "10 MB in a line": (jsonl(GOOD | {"text": "a dull film " * 900_000}, OTHER), 2),
}
H = b"text,sentiment\n"
TABLES: dict[str, tuple[bytes, int | str]] = {
    "empty": (b"", "no rows; expected columns text, sentiment"),
    "only a mark": (b"\xef\xbb\xbf", "no rows"),
    "only the header": (H, "no rows"),
    "only line breaks": (b"\n\n\n", "no rows"),
    "mark of the byte order": (b"\xef\xbb\xbf" + H + b"fine,positive\n", 1),
    "UTF-16": ("text,sentiment\nfine,positive\n".encode("utf-16"), ":1: not UTF-8"),
    "UTF-16 without a mark": ("text,sentiment\nfine,positive\n".encode("utf-16-le"), ":[12]: "),
    "Latin-1": (H + "fine,positive\ncafé,positive\n".encode("latin-1"), ":3: not UTF-8"),
    "half a character": (H + b"fine\xe2\x82,positive\n", ":2: not UTF-8"),
    "NUL": (H + b"a\0b,positive\n", ":2: "),
    "no header": (b"fine,positive\ndull,negative\n", ":2: no column 'text'; the row has: fine, positive"),
    "semicolons": (b"text;sentiment\nfine;positive\n", 1),
    "tabs": (b"text\tsentiment\nfine\tpositive\n", 1),
    "spaces": (b"text sentiment\nfine positive\n", ":2: no column 'text'; the row has: text sentiment"),
    "spaces in the header": (b"text, sentiment\nfine,positive\n", ":2: no column 'sentiment'"),
    "a column twice": (b"text,text,sentiment\na,b,positive\n", ":1: column 'text' stands twice; keep one"),
    "a column without a name": (b"text,,sentiment\na,b,positive\n", 1),
    "one column": (b"text\nfine\n", ":2: no column 'sentiment'; the row has: text"),
    "a cell less": (H + b"fine,positive\ndull\n", ":3: 1 cells under 2 columns, from 'dull'"),
    "a cell more": (H + b"fine, warm,positive\n", ":2: 3 cells under 2 columns, from 'fine'; put a text that holds"),
    "a cell more behind": (b"sentiment,text\npositive,fine, warm\n", ":2: 3 cells under 2 columns"),
    "a comma behind": (H + b"fine,positive,\n", ":2: 3 cells under 2 columns"),
    "spaces in a line": (H + b"fine,positive\n  \n", ":3: 1 cells under 2 columns"),
    "blank lines between": (H + b"\nfine,positive\n\n\ndull,negative\n", 2),
    "old Mac line ends": ((H + b"fine,positive\ndull,negative\n").replace(b"\n", b"\r"), 2),
    "mixed line ends": (b"text,sentiment\r\nfine,positive\rdull,negative\n", 2),
    "no last line break": (H + b"fine,positive", 1),
    "a quote never closed": (H + b'"fine,positive\ndull,negative\n', "not CSV .*is a quote left open"),
    "a quote closed too early": (H + b'"fine" film,positive\n', "not CSV .*is a quote left open"),
    "a quote closed in a later row": (H + b'"fine,positive\ndull,negative\nso "so",positive\n', "not CSV"),
    "quotes inside": (H + b'a "fine" film,positive\n', 1),
    "doubled quotes": (H + b'"a ""fine"" film",positive\n', 1),
    "a line break in quotes": (H + b'"a\nfine\r\nfilm",positive\ndull,negative\n', 2),
    "an error behind a line break in quotes": (H + b'"a\nb",positive\ndull,neutral\n', ":4: unknown label 'neutral'"),
    "a cell of 200 KB": (H + b"w" * 200_000 + b",positive\n", 1),
    "a cell of 10 MB": (H + b"word " * 2_000_000 + b",positive\n", 1),
    "an empty text": (H + b",positive\n", ":2: column 'text' holds ''"),
    "an empty label": (H + b"fine,\n", ":2: column 'sentiment' holds ''"),
    "a comment": (b"# rows\n" + H + b"fine,positive\n", ":2: 2 cells under 1 columns"),
    "JSON Lines": (L, ":1|no rows"),
    "a spreadsheet": (b"PK\x03\x04\x14\0\x06\0\x08\0", "no rows|:1: "),
}
WHOLE = in_parquet(*[GOOD, OTHER] * 50)
FLIPPED = bytearray(WHOLE)
FLIPPED[-6] ^= 255


def _columns(**columns: Any) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out)
    return out.getvalue()


def _twice() -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"]), out)
    return out.getvalue()


ONE = ["positive"]
COLUMNS: dict[str, tuple[bytes, int | str]] = {
    "empty": (b"", "not a Parquet file"),
    "text": (L, "not a Parquet file"),
    "only the mark": (b"PAR1", "not a Parquet file"),
    "half of it": (WHOLE[: len(WHOLE) // 2], "not a Parquet file"),
    "all but a byte": (WHOLE[:-1], "not a Parquet file"),
    "a length that lies": (bytes(FLIPPED), "not a Parquet file"),
    "no rows": (_columns(text=pa.array([], pa.string()), sentiment=pa.array([], pa.string())), "no rows"),
    "a column twice": (_twice(), "column 'text' stands twice"),
    "bytes": (_columns(text=[b"fine"], sentiment=ONE), ":1: column 'text' holds b'fine'"),
    "times": (_columns(text=pa.array([0], pa.timestamp("s")), sentiment=ONE), ":1: column 'text' holds datetime"),
    "a dictionary": (_columns(text=pa.array(["fine"]).dictionary_encode(), sentiment=ONE), 1),
    "large strings": (_columns(text=pa.array(["fine"], pa.large_string()), sentiment=ONE), 1),
    "only nulls": (_columns(text=pa.nulls(2), sentiment=[*ONE, *ONE]), ":1: column 'text' holds None"),
    "labels as numbers": (_columns(text=["fine"], sentiment=[1.0]), ":1: unknown label '1'"),
}
ARCHIVE = packed(GOOD, OTHER)
PACKED: dict[str, tuple[bytes, int | str]] = {
    "not packed": (L, "no whole gzip file"),
    "empty": (b"", "no rows"),
    "half of it": (ARCHIVE[: len(ARCHIVE) // 2], "no whole gzip file"),
    "without its sum": (ARCHIVE[:-8], "no whole gzip file"),
    "another sum": (ARCHIVE[:-8] + bytes(8), "no whole gzip file"),
    "more behind": (ARCHIVE + b"more", "no whole gzip file"),
    "two in one": (ARCHIVE + ARCHIVE, 4),
}


def files() -> Iterator[Case]:
    """Whole files that are not what they should be."""
    for name, (content, expected) in LINES.items():
        yield Case(name, ".jsonl", content, expected)
        yield Case(name, ".jsonl.gz", gzip.compress(content, 1), expected)
    for suffix, table in ((".csv", TABLES), (".parquet", COLUMNS), (".jsonl.gz", PACKED)):
        for name, (content, expected) in table.items():
            yield Case(name, suffix, content, expected)


def texts() -> Iterator[tuple[str, str, str]]:
    """Every text in every format."""
    for name, text in TEXTS.items():
        for suffix in WRITERS:
            yield name, suffix, text
