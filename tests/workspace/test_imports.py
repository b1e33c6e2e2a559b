"""Which names a file imports, told from its bytes."""

from __future__ import annotations

import pytest

from migrator.workspace.imports import ImportIndex, imported_names

CLAUSES = {
    "import a": {"a"},
    "import a.b as c, d": {"a.b", "d"},
    "from a.b import c": {"a.b.c"},
    "from a import b as c, d": {"a.b", "a.d"},
    "from a import (b,  # why not c\n    d,\n)": {"a.b", "a.d"},
    "from . import b": {".b"},
    "from .. import b": {"..b"},
    "from ..a import b": {"..a.b"},
    "from a import *": {"a"},
    "from .a import *": {".a"},
    "    import inside": {"inside"},
    "try: pass\nfinally: pass\nimport a; import b": {"a", "b"},
    "import a, \\\n    b": {"a", "b"},
    "from a import b, \\\r\n    c": {"a.b", "a.c"},
    "from a import(b)": {"a.b"},
    "important = 1\nx = important": set(),
    "importlib.reload(a)": set(),
    "# import a": set(),
    "x = 'y'  # import a": set(),
    "": set(),
}


@pytest.mark.parametrize(("text", "names"), CLAUSES.items())
def test_imported_names(text: str, names: set[str]) -> None:
    assert set(imported_names(text.encode())) == names


FILES = ["main.py", "pkg/__init__.py", "pkg/net.py", "pkg/deep/__init__.py", "pkg/deep/layers.py", "other/net.py"]
MEANT = {
    ("main.py", "pkg.net"): {"pkg/__init__.py", "pkg/net.py"},
    ("main.py", "pkg.net.function"): {"pkg/__init__.py", "pkg/net.py"},
    ("main.py", "numpy"): set(),
    ("main.py", "net"): {"pkg/net.py", "other/net.py"},
    ("pkg/net.py", ".deep.layers"): {"pkg/__init__.py", "pkg/deep/__init__.py", "pkg/deep/layers.py"},
    ("pkg/deep/layers.py", "..net"): {"pkg/__init__.py", "pkg/net.py"},
    ("pkg/net.py", "."): {"pkg/__init__.py"},
    ("pkg/net.py", "pkg.net"): {"pkg/__init__.py"},
}


@pytest.mark.parametrize(("place", "files"), MEANT.items())
def test_the_files_that_a_name_may_mean(place: tuple[str, str], files: set[str]) -> None:
    assert ImportIndex(FILES).files(*place) == files


def test_under_the_unknown_name_of_a_root_that_is_a_package() -> None:
    index = ImportIndex(["__init__.py", "net.py", "train.py", "deep/__init__.py", "deep/layers.py"])
    assert index.files("train.py", "digits.net.Net") == {"__init__.py", "net.py"}
    assert index.files("train.py", "digits.deep.layers") == {"__init__.py", "deep/__init__.py", "deep/layers.py"}
    assert index.files("train.py", "numpy") == {"__init__.py"}
