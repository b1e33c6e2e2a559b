"""What the parts of one unit's lowering share: facts, rules, names taken, what was asked of the support module."""

from __future__ import annotations

import ast
import dataclasses
import keyword
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from migrator.analysis.facts import Facts, Refusal
from migrator.emit.support import pieces
from migrator.ledger import Finding, Level, Severity
from migrator.lower.reading.namespaces import ended_aliases
from migrator.source.syntax import every, remembered

if TYPE_CHECKING:
    from migrator.conversion import Options
    from migrator.rulebook import Rulebook
    from migrator.source.module import Module
    from migrator.source.project import Project

SUPPORT = "estimator_semantics"
# setting these on a Keras class raises, or hides a method (measured, Keras 3.15)
RESERVED = frozenset(
    [
        "weights",
        "layers",
        "losses",
        "dtype",
        "path",
        "input",
        "output",
        "metrics",
        "variables",
        "loss",
        "trainable",
        "summary",
        "build",
        "call",
        "name",
        "inputs",
        "outputs",
        "optimizer",
        "compile",
        "fit",
        "evaluate",
        "predict",
        "save",
        "export",
        "train_step",
        "test_step",
        "predict_step",
        "prediction_inputs",
        "get_config",
        "trainable_variables",
        "non_trainable_variables",
        "trainable_weights",
        "non_trainable_weights",
        "state",
        "supports_masking",
        "built",
        "add_weight",
        "add_loss",
        "quantize",
        "compute_loss",
        "compute_metrics",
        "run_eagerly",
        "stop_training",
        "activity_regularizer",
        "autocast",
        "compute_dtype",
        "variable_dtype",
        "input_spec",
        "input_shape",
        "output_shape",
        "dtype_policy",
        "begin",
        "input_params",
        "kept_in",
        "legacy_names",
        "model_dir",
        "restore",
        "results",
        "serve",
    ]
)


class Refused(Exception):
    """Unwinds the lowering of one unit; caught where the unit is converted and kept in the ledger as a reason."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclasses.dataclass(eq=False)
class Shared:
    """What the units of one group agree on, where they use the same definitions."""

    names: dict[ast.AST, str] = dataclasses.field(default_factory=dict)  # definition -> the name of its class
    held: dict[ast.AST, set[str]] = dataclasses.field(default_factory=dict)  # class -> attributes read of its objects
    held_methods: dict[ast.AST, set[str]] = dataclasses.field(default_factory=dict)  # class -> their methods called
    watching: set[str] = dataclasses.field(default_factory=set)  # files of hook classes that are dropped
    grown: bool = False  # a unit reads more of some objects than an earlier one, whose layer is written already


@dataclasses.dataclass(eq=False)
class Context:
    """State of lowering one unit."""

    lower_definition: Callable[..., Any]  # (context, staging, owning call) -> the owner it calls; see owner.owner_of
    project: Project
    rules: Rulebook
    facts: Facts
    options: Options
    findings: list[Finding] = dataclasses.field(default_factory=list)
    support: dict[str, set[str]] = dataclasses.field(default_factory=dict)  # file -> support names used in it
    imports: dict[str, set[str]] = dataclasses.field(default_factory=dict)  # file -> "keras", "tf", "np" ... used
    owners: dict[ast.AST, object] = dataclasses.field(default_factory=dict)  # converted definitions
    taken: dict[str, set[str]] = dataclasses.field(default_factory=dict)  # file -> top-level names
    shared: Shared = dataclasses.field(default_factory=Shared)
    level: Level = "exact"
    exports: bool = False  # the program exports the model
    exports_one_of: bool = False  # it exports one of several models, which only its run tells
    receives_texts: bool = False  # and may feed it one tensor of texts
    twins: set[ast.Call] = dataclasses.field(default_factory=set)  # specs for TPUs beside a plain one
    applied: dict[ast.Call, ast.Call] = dataclasses.field(default_factory=dict)  # spec -> its metric function's call
    metric_names: dict[ast.Call, str] = dataclasses.field(default_factory=dict)  # the key as source
    metric_keys: dict[ast.Call, ast.expr] = dataclasses.field(default_factory=dict)  # keys known at construction
    one_metric: list[list[ast.Call]] = dataclasses.field(default_factory=list)  # calls of one key, one of which is made
    factories: dict[ast.AST, tuple[str, str]] = dataclasses.field(default_factory=dict)  # train_op helpers made anew
    classes: dict[ast.AST, list[str]] = dataclasses.field(default_factory=dict)  # classes written anew, as lines
    computed_rates: set[ast.AST] = dataclasses.field(default_factory=set)  # rates that became functions of the step
    told_by_mode: set[ast.AST] = dataclasses.field(default_factory=set)  # attributes read as the mode tells them
    sparse_gradients: bool = False
    frozen_norms: bool = False  # the moving averages of batch norm are never updated
    unread: set[str] = dataclasses.field(default_factory=set)  # legacy variables that go, by a part of their names
    regularised: bool = True  # the program adds its collected regularisation losses
    clipping: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def refuse(self, rule: str, node: ast.AST, module: Module, message: str) -> Refused:
        """The exception that refuses the unit; the caller raises it."""
        return Refused(Refusal(rule, module.path, getattr(node, "lineno", 1), message))

    def note(self, rule: str, severity: Severity, module: Module, node: ast.AST, message: str) -> None:
        """Record a finding that does not stop the conversion."""
        finding = Finding(rule, severity, module.path, getattr(node, "lineno", 1), message)
        if finding not in self.findings:
            self.findings.append(finding)

    def lower_level(self, level: str) -> None:
        """Lower the unit's level: exact > support > review."""
        order: tuple[Level, ...] = ("exact", "support", "review")
        if level in order and order.index(level) > order.index(self.level):
            self.level = order[order.index(level)]

    def use(self, module: Module, text: str) -> str:
        """Note the imports and support names that emitted text needs; `support.X` becomes `X`."""
        needed = self.imports.setdefault(module.path, set())
        for head in ("keras", "tf", "np"):
            if re.search(rf"(?<![\w.]){head}\.", text):
                needed.add(head)
        for part in sorted(set(re.findall(r"(?<![\w.])absl\.(\w+)", text))):
            if part in top_level_names(module.tree) - ended_aliases(module):
                needed.add(f"absl.{part}")
            else:
                needed.add(f"from absl {part}")
                text = re.sub(rf"(?<![\w.])absl\.{part}\b", part, text)
        names = re.findall(r"(?<![\w.])support\.(\w+)", text)
        if names:
            self.support.setdefault(module.path, set()).update(names)
            self.lower_level("support")
            text = re.sub(r"(?<![\w.])support\.(\w+)", lambda found: support_name(module, found[1]), text)
        return text

    def top_level_name(self, module: Module, wanted: str, otherwise: str = "") -> str:
        """A name free at the top level of a file, and reserved from now on; `otherwise` where it is taken."""
        if module.path not in self.taken:
            self.taken[module.path] = set(top_level_names(module.tree)) | set(pieces())
        taken = self.taken[module.path]
        return fresh(otherwise if otherwise and wanted in taken else wanted, taken)


@remembered
def top_level_names(tree: ast.Module) -> frozenset[str]:
    """Every name bound or read anywhere in a file: a new one must differ from all."""
    imports: list[ast.Import | ast.ImportFrom] = [*every(tree, ast.Import), *every(tree, ast.ImportFrom)]
    imported = {(a.asname or a.name).split(".")[0] for node in imports for a in node.names}
    return frozenset({n.id for n in every(tree, ast.Name)} | defined_names(tree) | imported)


def support_name(module: Module, name: str) -> str:
    """A name of the support module as a file imports it: another one where the file has its own thing of that name."""
    if name not in bound_names(module.tree):
        return name
    return f"Keras{name}" if name[:1].isupper() else f"keras_{name}"


@remembered
def bound_names(tree: ast.Module) -> frozenset[str]:
    """Every name that a file binds anywhere, but for its imports from TensorFlow and from the support module."""
    names = {n.id for n in every(tree, ast.Name) if not isinstance(n.ctx, ast.Load)}
    names |= {n.arg for n in every(tree, ast.arg)} | defined_names(tree)
    names |= {(a.asname or a.name).split(".")[0] for node in every(tree, ast.Import) for a in node.names}
    for node in every(tree, ast.ImportFrom):
        if "tensorflow" not in (node.module or "") and SUPPORT not in str(node.module):
            names |= {a.asname or a.name for a in node.names}
    return frozenset(names)


def defined_names(tree: ast.Module) -> frozenset[str]:
    """The names of all functions and classes of a file."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for kind in kinds for node in every(tree, kind))  # type: ignore[attr-defined]


def fresh(wanted: str, taken: set[str]) -> str:
    """`wanted`, or `wanted_2`, `wanted_3` ... when taken; the answer is taken afterwards."""
    name, count = wanted, 1
    while name in taken or keyword.iskeyword(name):
        count += 1
        name = f"{wanted}_{count}"
    taken.add(name)
    return name


def identifier(text: str) -> str:
    """A snake-case identifier made from any text."""
    text = re.sub(r"\W+", "_", text).strip("_")
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    return f"_{text}" if text[:1].isdigit() else text or "layer"


def class_name(text: str) -> str:
    """`cnn_model_fn` -> `CnnModel`, `_build_unit` -> `BuildUnit`."""
    text = re.sub(r"_?model_fn$|_fn$", "", text.strip("_")) or "model"
    words = [w for w in re.split(r"[_\W]+", text) if w]
    name = "".join(w[:1].upper() + w[1:] for w in words)
    return name if name and not name[0].isdigit() else f"Model{name}"
