"""The ledger of symbols: every use of a legacy TensorFlow name, each in exactly one status."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping

from migrator import rulebook
from migrator.ledger import Symbol, SymbolStatus, Unit
from migrator.source.names import canonical, surviving
from migrator.source.project import Project
from migrator.source.syntax import descendants, remembered, syntax_of


def inventory(
    project: Project, units: Iterable[Unit], changed: set[str], texts: Mapping[str, str]
) -> tuple[Symbol, ...]:
    """Symbols of every file that mentions TensorFlow: converted, or left with the reason."""
    reasons: dict[str, str] = {}
    for unit in units:
        if unit.status == "skipped" and unit.findings:
            reasons.setdefault(unit.path, unit.findings[0].message)
    found: list[Symbol] = []
    for path, text in sorted(project.sources.items()):
        if "tensorflow" not in text:
            continue
        module = project.module(path)
        if module is None:
            continue
        uses = legacy_uses(module.tree)
        left: Counter[str] = Counter()
        if path in changed:
            left.update(name for name, _ in legacy_uses(syntax_of(texts[path])))
        for name, line in uses:
            status: SymbolStatus = "converted"
            reason = ""
            if path not in changed or left[name] > 0:
                left[name] -= path in changed
                reason = reasons.get(path, "")
                status = "manual" if reason else "unknown"
            found.append(Symbol(path, line, name, status, reason))
    return tuple(found)


@remembered
def legacy_uses(tree: ast.Module) -> list[tuple[str, int]]:
    """(canonical name, line) of every use of a TensorFlow name that today's TensorFlow does not have unchanged."""
    aliases = import_aliases(tree)
    if not aliases:
        return []
    found: list[tuple[str, int]] = []
    inner: set[int] = set()
    for node in descendants(tree):
        if not isinstance(node, (ast.Attribute, ast.Name)) or id(node) in inner:
            continue
        parts: list[str] = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            parts.append(base.attr)
            inner.add(id(base.value))
            base = base.value
        if isinstance(base, ast.Name) and base.id in aliases:
            name = canonical(".".join([aliases[base.id], *reversed(parts)]))
            if is_legacy(name):
                found.append((name, node.lineno))
        elif parts and parts[0] in ITERATORS:
            found.append((f"tensorflow.data.Dataset.{parts[0]}", node.lineno))
    return sorted(found, key=lambda item: item[1])


@remembered
def import_aliases(tree: ast.Module) -> dict[str, str]:
    """Local name -> dotted TensorFlow name, over all imports of a file."""
    aliases: dict[str, str] = {}
    for node in descendants(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in ROOTS:
                    aliases[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ROOTS:
            for alias in node.names:
                aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return aliases


ITERATORS = frozenset({"make_one_shot_iterator", "make_initializable_iterator"})  # methods that datasets had
ROOTS = frozenset({"tensorflow", "tensorflow_estimator", "tf_slim"})


def is_legacy(name: str) -> bool:
    """True for a dotted name that is more than a namespace and that TensorFlow 2 does not have unchanged."""
    if not name.startswith("tensorflow."):
        return False
    rest = name[len("tensorflow.") :]
    table = surviving()
    if (rest in table and table[rest] is None) or rest.startswith("raw_ops."):
        return False
    rule = rulebook.load().find(name)
    if rule is not None and rule.target == f"tf.{rest}":
        return False  # the name stays, only its arguments changed
    heads = [".".join(rest.split(".")[:n]) for n in range(1, rest.count(".") + 1)]
    if any(h in table for h in heads) or rest.split(".")[0] in ("data", "keras", "io") or rest in table:
        return False
    return not rest.islower() or "." in rest or rest not in NAMESPACES


NAMESPACES = frozenset(
    {"estimator", "layers", "losses", "metrics", "train", "nn", "summary", "contrib", "compat", "python"}
    | {"feature_column"}
)
