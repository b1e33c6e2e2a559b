"""Parts of a tree: files that cannot see each other are apart, and everything that decides about a file is with it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from migrator.lower.reading import context
from migrator.source.components import SUPPORT_FILE, components
from migrator.source.project import Project


def parts(files: dict[str, str]) -> list[tuple[str, ...]]:
    """The parts of a tree of sources."""
    return components(Project(files))


APART = {
    "scripts in one folder": (["a.py", "b.py"], {}),
    "equal names in folders of their own": (
        ["one/model.py one/train.py", "two/model.py two/train.py"],
        {"one/train.py": "import model\n", "two/train.py": "import model\n"},
    ),
    "libraries": (["a.py", "other/keras.py"], {"a.py": "import keras\nimport tensorflow as tf\n"}),
    "a file that does not parse": (["a.py", "b.py"], {"a.py": "import b (\n"}),
}
TOGETHER = {
    "an import": {"a.py": "import b\n", "b.py": ""},
    "an import in a function": {"a.py": "def f():\n    from b import x\n", "b.py": ""},
    "an import at any depth": {
        "a.py": "class C:\n    def f(self):\n        try:\n            with o:\n                pass\n"
        "        except E:\n            for _ in x:\n                pass\n            else:\n"
        "                import b\n",
        "b.py": "",
    },
    "an import at the end of a try": {"a.py": "try:\n    pass\nfinally:\n    import b\n", "b.py": ""},
    "an import of a case": {"a.py": "match x:\n    case 1:\n        import b\n", "b.py": ""},
    "an import of an import": {"a.py": "import b\n", "b.py": "import c\n", "c.py": ""},
    "two that import one": {"a.py": "import c\n", "b.py": "import c\n", "c.py": ""},
    "relative": {"p/a.py": "from . import b\n", "p/b.py": ""},
    "from above": {"p/q/a.py": "from p.b import x\n", "p/b.py": ""},
    "a package": {"p/__init__.py": "", "p/a.py": "", "p/b.py": ""},
    "a folder with a support module": {SUPPORT_FILE: "", "a.py": "", "b.py": ""},
    "a folder without __init__": {"a.py": "import p\n", "p/b.py": "", "p/q/c.py": ""},
    "a module on an unknown search path": {"tests/a.py": "from lib.b import x\n", "src/lib/b.py": ""},
    "an import on the line of its condition": {"a.py": "if 1: import b\n", "b.py": ""},
    "a root that is a package": {
        "__init__.py": "",
        "net.py": "",
        "data.py": "",
        "deep/train.py": "from digits import net\nfrom digits.data import x\n",
    },
    "a notebook": {"a.ipynb": "import b\n", "b.py": ""},
}


@pytest.mark.parametrize(("expected", "texts"), APART.values(), ids=APART)
def test_files_that_cannot_see_each_other_are_apart(expected: Sequence[str], texts: dict[str, str]) -> None:
    found = parts({path: texts.get(path, "") for line in expected for path in line.split()})
    assert found == [tuple(line.split()) for line in expected]


@pytest.mark.parametrize("files", TOGETHER.values(), ids=TOGETHER)
def test_files_that_may_see_each_other_are_together(files: dict[str, str]) -> None:
    assert parts(files) == [tuple(sorted(files))]


def test_the_support_module_is_the_one_that_is_written() -> None:
    assert f"{context.SUPPORT}.py" == SUPPORT_FILE


def test_no_files_have_no_parts() -> None:
    assert parts({}) == []
