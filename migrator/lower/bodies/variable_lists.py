"""Lists of variables inside a model's methods: all trainable ones, filtered by name, and the collected losses."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from migrator.analysis.evaluate import Evaluator
from migrator.analysis.facts import Facts
from migrator.analysis.signatures import GLOBAL_STEPS
from migrator.analysis.values import ClassRef, Const, Instance, Member, Result, Scope, options, truth
from migrator.lower.bodies import weights
from migrator.lower.spec import total_loss
from migrator.source.module import Module
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body

LISTS = {
    "tensorflow.trainable_variables": "self.trainable_variables",
    "tensorflow.global_variables": "self.variables",
}
COLLECTIONS = {
    "trainable_variables": "self.trainable_variables",
    "variables": "self.variables",
    "regularization_losses": "self.losses",
}


def call_text(st: Body, node: ast.Call) -> str | None:
    """What a call that lists variables or losses becomes in a method of the model; None for other calls."""
    value = st.ctx.facts.value(node)
    if not isinstance(value, Result) or value.call is not node or value.part:
        return None
    if value.symbol == "tensorflow.get_collection":
        key = value.bound.get("key")
        known = COLLECTIONS.get(str(key.value)) if isinstance(key, Const) else None
        if known is None or value.bound.get("scope") is not None:
            raise st.ctx.refuse("collection", node, st.module, "a graph collection is read that has no Keras twin")
        return known
    if value.symbol in LISTS:
        if value.bound.get("scope") is not None:
            raise st.ctx.refuse("variable-scope", node, st.module, "variables are selected by scope")
        return LISTS[value.symbol]
    if value.symbol == total_loss.TOTAL:
        return total_loss.text(st, node)
    if value.symbol == "tensorflow.losses.get_regularization_losses":
        return "self.losses"
    if value.symbol == "tensorflow.losses.get_regularization_loss":
        return "sum(self.losses)"
    if value.symbol in GLOBAL_STEPS:
        return "self.optimizer.iterations"
    return None


def is_variable_name(st: Body, node: ast.AST) -> bool:
    """True for `v.name` (and `v.op.name`) of an element of a list of variables."""
    value = st.ctx.facts.value(node)
    for option in options(value) if value is not None else ():
        if isinstance(option, Member) and option.attr == "name":
            base = option.base
            while isinstance(base, Member):
                base = base.base
            if isinstance(base, Result) and (base.symbol in LISTS or base.symbol == "tensorflow.get_collection"):
                return True
    return False


def name_test(st: Body, node: ast.Compare) -> str | None:
    """`'kernel' in v.name` as a test on the Keras path, where both select the same variables; else refuses."""
    if len(node.ops) != 1 or not isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return None
    if not is_variable_name(st, node.comparators[0]):
        return None
    needle = st.ctx.facts.value(node.left)
    if not isinstance(needle, Const) or not isinstance(needle.value, str):
        raise st.ctx.refuse(
            "variable-filter", node, st.module, "variables are selected by a name known only at run time"
        )
    check_numbers(st, node)
    root = st.base or st
    for legacy, path in leaves(weights.creation_tree(root, root.steps)):
        if (needle.value in legacy) != (needle.value in path):
            raise st.ctx.refuse(
                "variable-filter",
                node,
                st.module,
                f"variables are selected by {needle.value!r}, which Keras paths hold for others ({legacy} is {path})",
            )
    base = node.comparators[0]
    while isinstance(base, ast.Attribute) and not isinstance(base.value, ast.Name):
        base = base.value
    holder = base.value if isinstance(base, ast.Attribute) else base
    operator = "in" if isinstance(node.ops[0], ast.In) else "not in"
    return f"{st.call_text(node.left)} {operator} {st.call_text(holder)}.path"


def filtered_list(st: Body, node: ast.AST) -> None:
    """Check a comprehension that filters variables by name: on Keras paths it must choose the same ones.

    The filter is evaluated for the legacy name and for the Keras path of every variable that the model makes.
    """
    if not isinstance(node, (ast.ListComp, ast.GeneratorExp)) or node in st.checked:
        return
    names = [n for g in node.generators for t in g.ifs for n in descendants(t) if is_variable_name(st, n)]
    if not names or len(node.generators) != 1:
        return

    ctx = st.ctx
    inner = ctx.facts.scopes[node]
    target = node.generators[0].target
    if not isinstance(target, ast.Name):
        raise ctx.refuse("variable-filter", node, st.module, "variables are selected in a form that is not analysed")
    check_numbers(st, node)
    ev = Evaluator(ctx.project, ctx.rules)
    root = st.base or st

    def chosen(name: str) -> list[bool | None]:
        ev.begin("train", Facts())
        variable = Instance(NAMED, {"name": Const(name), "op": Instance(NAMED, {"name": Const(name)})})
        scope = Scope(inner.module, {**inner.names, target.id: variable}, inner.parent)
        return [truth(ev.eval(test, scope)) for test in node.generators[0].ifs]

    for legacy, path in leaves(weights.creation_tree(root, root.steps)):
        before, after = chosen(f"{legacy}:0"), chosen(path)
        if before != after or None in before:
            why = (
                f"which Keras paths answer differently ({legacy} is {path})"
                if None not in before
                else "only at run time"
            )
            raise ctx.refuse("variable-filter", node, st.module, f"variables are selected by name, {why}")
    st.checked.add(node)
    st.checked.update(names)


def check_numbers(st: Body, node: ast.AST) -> None:
    """Refuse a filter that tells layers apart by the numbers of their default names: Keras counts otherwise."""
    texts = [n.value for n in every(node, ast.Constant) if isinstance(n.value, str)]
    if any(re.search(r"_\d", text) for text in texts):
        root = st.base or st
        scopes = default_scopes(weights.creation_tree(root, root.steps))
        if any(re.search(rf"(^|/){re.escape(scope)}_\d", text) for text in texts for scope in scopes):
            message = "variables are selected by the number in a default name, and Keras counts its layers otherwise"
            raise st.ctx.refuse("variable-filter", node, st.module, message)


def default_scopes(nodes: list[dict[str, Any]]) -> set[str]:
    """The default names, without numbers, that layers of a creation tree have."""
    inner = [n for node in nodes for key in ("loop", "optional", "creation") for n in node.get(key, ())]
    found = {node["scope"] for node in nodes if node.get("default") and node.get("scope")}
    return found | (default_scopes(inner) if inner else set())


NAMED = ClassRef(ast.parse("class Variable: pass").body[0], Scope(Module("", "", ast.parse("")), {}), (), {})  # type: ignore[arg-type]


def leaves(nodes: list[dict[str, Any]], legacy: str = "", path: str = "") -> list[tuple[str, str]]:
    """(legacy name, Keras path) of every variable that a creation tree makes; numbers of default names left out."""
    found: list[tuple[str, str]] = []
    for node in nodes:
        for inner in ("loop", "optional"):
            if inner in node:
                found += leaves(node[inner], legacy, path)
        if "with" in node:
            found += leaves(node["creation"], f"{legacy}{node['with']}/", path)
        elif "class" in node:
            found += leaves(node["creation"], legacy, f"{path}{snake(node['class'])}/")
        elif "variable" in node:
            inside = f"/{node['variable']}" if "held" in node else ""
            found.append((legacy + node["variable"], path + node["attr"] + inside))
        elif "weights" in node:
            scope = node["scope"] or "*"
            layer = scope if not node["default"] else node.get("keras", scope)
            found += [(f"{legacy}{scope}/{w}", f"{path}{layer}/{w}") for w in node["weights"]]
    return found


def snake(name: str) -> str:
    """The automatic name that Keras gives a layer of this class."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=.)([A-Z])(?=[a-z])", r"_\g<0>", name).lower()
