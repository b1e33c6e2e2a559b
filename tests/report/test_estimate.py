"""`--estimate`: what could be converted, by folder and by reason."""

from __future__ import annotations

import io
import json
from pathlib import Path

from migrator.ledger import FileProblem, Ledger, Unit
from migrator.report.estimate import Amounts, Folder, estimate, estimate_document, print_estimate, rolled_up
from migrator.session import Outcome, Request
from migrator.workspace.discovery import Project

from .test_reasons import unit


def outcome(*units: Unit, named: str = "") -> Outcome:
    root = Path("/project")
    project = Project(root, None, "", (root / named,), ())
    ledger = Ledger(files_scanned=9, units=units, problems=(FileProblem("p.py", "python2", "Python 2 code"),))
    return Outcome(project, Request("check"), ledger, (), {}, ())


def model(path: str, status: str = "converted") -> Unit:
    return Unit(path, path, "model_fn", path, 1, "f", status)  # type: ignore[arg-type]


def printed(*units: Unit) -> str:
    stream = io.StringIO()
    print_estimate(estimate(outcome(*units)), stream)
    return stream.getvalue()


def test_models_and_all_units_are_counted_by_what_can_be_done() -> None:
    loop = Unit("l", "g", "training_loop", "a/b.py", 3, "train", "skipped")
    found = estimate(outcome(model("a/b.py"), model("c.py", "partial"), model("d.py", "skipped"), loop))
    assert found.models == Amounts(convertible=1, partial=1, blocked=1)
    assert found.units == Amounts(convertible=1, partial=1, blocked=2)
    assert [(folder.path, folder.models.total, folder.units.total) for folder in found.folders] == [
        (".", 2, 2),
        ("a", 1, 2),
    ]


def test_only_the_paths_that_were_named_count() -> None:
    found = estimate(outcome(model("in/a.py"), model("out/b.py", "skipped"), named="in"))
    assert found.models == Amounts(1, 0, 0)
    assert found.reasons == ()


def test_people_read_reasons_folders_problems_and_shares() -> None:
    text = printed(model("a/b.py"), unit(1, "hooks run session code"), unit(2, "hooks run session code"))
    for part in (
        "         2      2  hooks run session code (1.py:5)",
        "0 of 2 model functions   .  hooks run session code",
        "1 of 1 model function    a\n",
        "p.py python2: Python 2 code",
        "9 files read, nothing written",
        "1 of 3 can be converted (33%)",
    ):
        assert part in text, part


def test_a_tree_without_estimators_is_told_in_a_line() -> None:
    assert printed().startswith("9 files read; no Estimator code was found\n")


def test_deep_trees_are_rolled_up_until_they_can_be_read() -> None:
    one = Amounts(1, 0, 2)
    folders = [Folder(f"top/{side}/{n}", one, one, f"because {side}") for side in "ab" for n in range(5)]
    assert rolled_up(folders, 10) == folders
    assert rolled_up(folders, 9) == [
        Folder("top/a", Amounts(5, 0, 10), Amounts(5, 0, 10), "because a"),
        Folder("top/b", Amounts(5, 0, 10), Amounts(5, 0, 10), "because b"),
    ]
    assert [folder.path for folder in rolled_up(folders, 1)] == ["top"]


def test_machines_read_the_same() -> None:
    data = json.loads(json.dumps(estimate_document(estimate(outcome(model("a/b.py"), unit(1, "why"))))))
    assert data["models"] == {"convertible": 1, "partial": 0, "blocked": 1}
    assert data["reasons"] == [{"rule": "r", "message": "why", "model_fns": 1, "units": 1, "path": "1.py", "line": 5}]
