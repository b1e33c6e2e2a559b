"""Encodings and newlines: what an edit does not touch stays byte for byte."""

from __future__ import annotations

import codecs
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.workspace.encoding import Undecodable, decode, encode_edit, encode_new, newline_of

FORMS = {
    "plain": b"import tensorflow as tf\nx = 1\n",
    "crlf": b"import tensorflow as tf\r\nx = 1\r\n",
    "lone cr": b"import tensorflow as tf\rx = 1\r",
    "mixed": b"import tensorflow as tf\r\nx = 1\ny = 2\r\nz = 3\n",
    "no final newline": b"import tensorflow as tf\nx = 1",
    "crlf, no final newline": b"import tensorflow as tf\r\nx = 1",
    "bom": codecs.BOM_UTF8 + b"x = '\xc3\xa9'\n",
    "bom, crlf": codecs.BOM_UTF8 + b"x = 1\r\ny = 2\r\n",
    "bom with declaration": codecs.BOM_UTF8 + b"# -*- coding: utf-8 -*-\nx = 1\n",
    "latin-1": b"# -*- coding: latin-1 -*-\nname = 'caf\xe9'\n",
    "latin-1 on line 2": b"#!/usr/bin/env python\n# vim: set fileencoding=iso-8859-15 :\neuro = '\xa4'\n",
    "cp1252": b"# coding: cp1252\nquote = '\x93'\n",
    "form feed": b"x = 1\n\x0c\ny = 2\n",
    "other line separators inside": "x = '\u2028'\ny = '\x85'\n".encode(),
    "empty": b"",
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS.keys())
def test_text_that_is_not_changed_comes_back_byte_for_byte(data: bytes) -> None:
    assert encode_edit(data, decode(data).text) == data


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS.keys())
def test_text_has_plain_newlines(data: bytes) -> None:
    assert "\r" not in decode(data).text


LINES = st.lists(
    st.tuples(st.sampled_from(["", "x = 1", "# \x0c é"]), st.sampled_from(["\n", "\r\n", "\r"])), max_size=8
)


@given(LINES, st.booleans(), st.integers(0, 8))
def test_unmoved_lines_keep_their_bytes_in_any_mix_of_newlines(
    lines: list[tuple[str, str]], ended: bool, position: int
) -> None:
    original = "".join(text + end for text, end in lines) + ("" if ended else "last = 1")
    kept = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", original)
    at = min(position, max(len(kept) - (not ended), 0))
    text = decode(original.encode()).text.split("\n")

    written = encode_edit(original.encode(), "\n".join([*text[:at], "inserted = 1", *text[at:]])).decode()

    assert written.startswith("".join(kept[:at]) + "inserted = 1")
    assert written.endswith("".join(kept[at:]))
    assert decode(written.encode()).text.split("\n") == [*text[:at], "inserted = 1", *text[at:]]


def test_new_lines_take_the_newline_of_the_line_before() -> None:
    assert encode_edit(b"a\r\nb\nc\r\n", "a\nA\nb\nB\nc\n") == b"a\r\nA\r\nb\nB\nc\r\n"


def test_a_latin1_file_stays_latin1() -> None:
    original = FORMS["latin-1"]
    assert encode_edit(original, decode(original).text + "x = 'ü'\n") == original + b"x = '\xfc'\n"


def test_refused_when_the_new_code_does_not_fit_the_encoding() -> None:
    with pytest.raises(Undecodable, match="stored as iso-8859-1, which lacks '→'"):
        encode_edit(FORMS["latin-1"], "# -*- coding: latin-1 -*-\n# →\n")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x = 1\nname = 'caf\xe9'\n", "is not valid utf-8: byte 0xe9 on line 2"),
        (b"# coding: no-such-code\nx = 1\n", "declares the encoding 'no-such-code' on line 1"),
        (b"# coding: rot13\nk = 1\n", "cannot be read as text"),
        (b"name = '\xff'\n", "not valid utf-8"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\nx = 1\n", "declares the encoding 'latin-1'"),
    ],
)
def test_undecodable_says_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(Undecodable, match=message):
        decode(data)


def test_a_created_file_has_the_wanted_newline() -> None:
    assert encode_new("a\nb\n", "\r\n") == b"a\r\nb\r\n"
    assert newline_of(b"a\r\nb\r\nc\n") == "\r\n"
    assert newline_of(b"a\n") == newline_of(b"") == "\n"
