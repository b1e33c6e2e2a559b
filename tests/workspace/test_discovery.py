"""The project root, the files listed, and the files read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator.workspace.discovery import list_files, locate
from migrator.workspace.errors import WorkspaceError
from migrator.workspace.reading import read_sources

from .trees import git, repository, write_tree

TF = "import tensorflow as tf\n"


def read(root: Path, *named: str) -> tuple[set[str], dict[str, str]]:
    """The paths read as text, and path -> kind of every problem."""
    project = locate([root / name for name in named] or [root])
    sources = read_sources(project, list_files(project))
    return set(sources.texts), {problem.path: problem.kind for problem in sources.problems}


def test_root_is_the_top_of_the_repository(tmp_path: Path) -> None:
    top = repository(tmp_path / "repo", {"a/b/train.py": TF, "pyproject.toml": ""})
    project = locate([top / "a" / "b" / "train.py"])
    assert project.root == top
    assert project.repository is not None


def test_root_is_the_nearest_folder_with_a_project_file(tmp_path: Path) -> None:
    write_tree(tmp_path, {"lib/setup.py": "", "lib/pkg/train.py": TF})
    assert locate([tmp_path / "lib" / "pkg"]).root == tmp_path / "lib"


def test_root_is_the_given_folder_else(tmp_path: Path) -> None:
    write_tree(tmp_path, {"code/train.py": TF})
    assert locate([tmp_path / "code"]).root == tmp_path / "code"
    assert locate([tmp_path / "code" / "train.py"]).root == tmp_path / "code"


def test_an_ignored_folder_is_a_project_of_its_own(tmp_path: Path) -> None:
    top = repository(tmp_path / "repo", {".gitignore": "build/\n", "pyproject.toml": ""})
    write_tree(top, {"build/demo/train.py": TF})
    project = locate([top / "build" / "demo"])
    assert (project.root, project.repository) == (top / "build" / "demo", None)
    assert list_files(project) == ["train.py"]


def test_two_projects_are_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a/setup.py": "", "b/setup.py": ""})
    with pytest.raises(WorkspaceError, match="different projects"):
        locate([tmp_path / "a", tmp_path / "b"])


def test_two_plain_folders_have_their_common_folder_as_root(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a/x.py": TF, "b/y.py": TF, "c/z.py": TF})
    project = locate([tmp_path / "a", tmp_path / "b"])
    assert project.root == tmp_path
    assert [path for path in list_files(project) if project.is_named(path)] == ["a/x.py", "b/y.py"]


def test_git_lists_tracked_and_new_files_but_not_ignored_or_deleted_ones(tmp_path: Path) -> None:
    top = repository(
        tmp_path / "repo", {"kept.py": TF, "gone.py": TF, "ü/naïve name.py": TF, ".gitignore": "skip.py\n"}
    )
    write_tree(top, {"new.py": TF, "skip.py": TF})
    (top / "gone.py").unlink()
    assert list_files(locate([top])) == ["kept.py", "new.py", "ü/naïve name.py"]


def test_a_named_file_is_listed_even_when_ignored(tmp_path: Path) -> None:
    top = repository(tmp_path / "repo", {".gitignore": "skip.py\n"})
    write_tree(top, {"skip.py": TF})
    assert list_files(locate([top / "skip.py"])) == ["skip.py"]


def test_walking_leaves_out_tools_and_ignored_folders(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "train.py": TF,
            ".venv/pyvenv.cfg": "",
            ".venv/lib/x.py": TF,
            "node_modules/x.py": TF,
            "__pycache__/x.py": TF,
            ".gitignore": "out/\n*_pb2.py\n",
            "out/x.py": TF,
            "deep/a_pb2.py": TF,
            "deep/.gitignore": "/local.py\n",
            "deep/local.py": TF,
            "deep/er/local.py": TF,
        },
    )
    assert list_files(locate([tmp_path])) == ["deep/er/local.py", "train.py"]


def test_excluded_patterns(tmp_path: Path) -> None:
    write_tree(tmp_path, {"train.py": TF, "vendor/a.py": TF, "vendor/deep/b.py": TF})
    assert list_files(locate([tmp_path]), ["vendor/", "!keep.py"]) == ["train.py"]


def test_a_link_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    write_tree(tmp_path, {"p/train.py": TF, "outside.py": TF})
    os.symlink("train.py", tmp_path / "p" / "alias.py")
    os.symlink("../outside.py", tmp_path / "p" / "foreign.py")
    os.symlink("nowhere.py", tmp_path / "p" / "broken.py")
    project = locate([tmp_path / "p"])
    assert "train.py" in list_files(project)
    assert not {"alias.py", "foreign.py"} & set(list_files(project))
    assert locate([tmp_path / "p" / "alias.py"]).named == (tmp_path / "p" / "train.py",)


def test_unrelated_files_are_not_analysed(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"train.py": TF, "web.py": "import flask\n", "broken.py": "def (\n", "nul.py": b"\0", "empty.py": ""}
    )
    assert read(tmp_path) == ({"train.py"}, {})


def test_files_joined_by_imports_are_analysed(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "pkg/__init__.py": "",
            "pkg/model.py": TF + "from . import sizes\nfrom .deep.layers import dense\n",
            "pkg/sizes.py": "UNITS = 3\n",
            "pkg/deep/__init__.py": "",
            "pkg/deep/layers.py": "from .. import constants as c\n",
            "pkg/constants.py": "K = 1\n",
            "main.py": "from pkg import (model,  # the model\n    sizes)\n",
            "runner.py": "import os, main\n",
            "other.py": "import json\n",
        },
    )
    texts, problems = read(tmp_path)
    assert texts == {
        *("pkg/__init__.py", "pkg/model.py", "pkg/sizes.py", "pkg/deep/__init__.py", "pkg/deep/layers.py"),
        *("pkg/constants.py", "main.py", "runner.py"),
    }
    assert problems == {}


def test_named_files_get_a_message_each_and_do_not_disturb_the_others(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "train.py": TF,
            "empty.py": "",
            "nul.py": b"import tensorflow\0",
            "latin.py": TF.encode() + b"x = '\xe9'\n",
            "two.py": "print 'x'\n",
            "book.ipynb": '{"cells": ["import tensorflow, no cell"]}',
        },
    )
    names = ["train.py", "empty.py", "nul.py", "latin.py", "two.py", "book.ipynb", "absent.py"]
    texts, problems = read(tmp_path, *names)
    assert texts == {"train.py"}
    assert problems == {
        str(tmp_path / "absent.py"): "missing",
        "book.ipynb": "unparsable",
        "empty.py": "empty",
        "nul.py": "nul_byte",
        "latin.py": "undecodable",
        "two.py": "python2",
    }


def test_an_unreadable_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, {"train.py": TF, "secret.py": TF})
    (tmp_path / "secret.py").unlink()
    (tmp_path / "secret.py").mkdir()  # opening it fails, also for root
    project = locate([tmp_path])
    sources = read_sources(project, ["secret.py", "train.py"])
    assert [(p.path, p.kind) for p in sources.problems] == [("secret.py", "unreadable")]
    assert set(sources.texts) == {"train.py"}


def test_reading_in_parallel_gives_the_same(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"m{number}.py": TF + f"x = {number}\n" for number in range(200)})
    project = locate([tmp_path])
    paths = list_files(project)
    assert read_sources(project, paths, jobs=4) == read_sources(project, paths, jobs=1)


def test_git_that_does_not_answer_is_remembered(tmp_path: Path) -> None:
    write_tree(tmp_path, {"repo/train.py": TF, "repo/.git": "gitdir: nowhere\n"})
    project = locate([tmp_path / "repo"])
    assert project.repository is None
    assert project.git_fault


def test_uncommitted_files_are_found(tmp_path: Path) -> None:
    from migrator.workspace.repository import uncommitted

    names = ["same.py", "edited.py", "staged.py", "[odd] name.py"]
    top = repository(tmp_path / "repo", dict.fromkeys(names, TF))
    for name in ("edited.py", "staged.py", "[odd] name.py"):
        write_tree(top, {name: TF + "x = 1\n"})
    git(top, "add", "staged.py")
    write_tree(top, {"new.py": TF})
    project = locate([top])
    assert project.repository is not None
    found = uncommitted(project.repository, [*names, "new.py"])
    assert sorted(found) == ["[odd] name.py", "edited.py", "new.py"]
    assert "not tracked" in found["new.py"]
