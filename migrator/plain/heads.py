"""Heads written out: `return head.create_estimator_spec(...)` as the statements that a head stands for."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator, Mapping

from migrator.plain import head_arguments, writing
from migrator.plain.carried import Carrier, binding
from migrator.plain.estimators import HEADS, MAKING, REFUSED
from migrator.plain.found import (
    Site,
    Staying,
    arguments_of,
    bound_in,
    functions_around,
    is_alone,
    is_exported,
    symbol_of,
)
from migrator.plain.lines import indented
from migrator.source.inventory import import_aliases
from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import descendants, every, is_none_literal

SPEC = "features, mode, logits, labels=None, optimizer=None, train_op_fn=None, regularization_losses=None"
SCOPES = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SIZE = "logits_dimension"
READ = ("features", "labels", "mode", "logits")  # the names that the template reads


@dataclasses.dataclass(frozen=True, eq=False)
class Written:
    """What a return of a head's spec becomes; `dropped`: what made the head.

    `sized`: the number of its outputs where it is read from the head, and the text in its place.
    """

    module: Module
    function: ast.FunctionDef
    statement: ast.Return
    text: tuple[str, ...]
    dropped: ast.Assign
    sized: tuple[tuple[ast.Attribute, str], ...] = ()


def heads(project: Project, module: Module) -> Iterator[Written]:
    """The returns of specs that heads make, written out: those that can be."""
    if "create_estimator_spec" not in module.text:
        return
    for node in descendants(module.tree):
        call = node.value if isinstance(node, ast.Return) else None
        function = call.func if isinstance(call, ast.Call) else None
        if isinstance(node, ast.Return) and isinstance(function, ast.Attribute) and isinstance(call, ast.Call):
            if function.attr == "create_estimator_spec" and isinstance(function.value, ast.Name):
                try:
                    yield written(project, module, node, call, function.value.id)
                except Staying:
                    continue  # the analysis says where the spec comes from


def written(project: Project, module: Module, node: ast.Return, call: ast.Call, name: str) -> Written:
    """A return written out. Raises Staying."""
    top = next(s for s in module.tree.body if node in descendants(s))
    around = functions_around(top, node)
    function = around[-1] if around else None
    if not isinstance(function, ast.FunctionDef):
        raise Staying("it stands in no function")
    site = Site(project, module, call, "", top, around)
    made = binding(site, name)
    maker = made.value if made is not None else None
    if made is None or not isinstance(maker, ast.Call) or made not in descendants(function):
        raise Staying("which head it is cannot be followed")
    kind = symbol_of(maker.func, import_aliases(module.tree)).removeprefix(MAKING)
    if kind not in HEADS:
        raise Staying("which head it is cannot be followed")
    sizes = [n for n in every(function, ast.Attribute) if n.attr == SIZE and is_name(n.value, name)]
    if sum(is_name(n, name) for n in descendants(function)) != 2 + len(sizes):
        raise Staying("other code reads the head too")
    if not (is_alone(module, made) and is_alone(module, node)):
        raise Staying("it shares a line with other code")
    bound = arguments_of(maker, HEADS[kind].signature)
    given = arguments_of(call, SPEC)
    if any(a in bound and not is_none_literal(bound[a]) for a in REFUSED) or "regularization_losses" in given:
        raise Staying("an argument of the head is not covered")
    outputs = head_arguments.outputs_of(site, HEADS[kind], bound)[1]
    size = module.segment(bound[outputs]) if outputs in bound else outputs
    text = tuple(body(site, function, kind, bound, given))
    return Written(module, function, node, text, made, tuple((one, size) for one in sizes))


def is_name(node: ast.AST, name: str) -> bool:
    """True where a name is read or bound."""
    return isinstance(node, ast.Name) and node.id == name


def body(
    site: Site,
    function: ast.FunctionDef,
    kind: str,
    bound: Mapping[str, ast.expr],
    given: Mapping[str, ast.expr],
) -> list[str]:
    """The statements in the place of a return, indented as it is."""
    module, tf = site.module, writing.library(site)
    head, outputs = head_arguments.outputs_of(site, HEADS[kind], bound)
    reduction, words = bound.get("loss_reduction"), bound.get("label_vocabulary")
    vocabulary = None if words is None or is_none_literal(words) else module.segment(words)
    weights, perhaps = head_arguments.weight_key(site, Carrier(site, set()), bound)
    if perhaps:
        raise Staying("argument `weight_column`: whether there is one is not known")
    text = writing.template("head.py.jinja").render(
        tf=tf,
        head=head,
        outputs=module.segment(bound[outputs]) if outputs in bound else outputs,
        vocabulary=vocabulary,
        weights=weights,
        weighs_perhaps=False,
        thresholds=head_arguments.thresholds_of(bound),
        link=HEADS[kind].link,
        example=HEADS[kind].loss,
        full=None if "compute_full_loss" not in bound else module.segment(bound["compute_full_loss"]),
        reduction=None if reduction is None else module.segment(reduction),
        total="mean",
        metrics=[],
        forwarded=[],
        exports=is_exported(site),
    )
    lines = [line.removeprefix("    ") for line in text.split("\n") if line.strip()]
    lines += train_lines(module, tf, given)
    own = {n for n in bound_names("\n".join(lines)) if n not in READ}
    inner = [n for n in descendants(function) if isinstance(n, SCOPES) and n is not function]
    hidden = {id(n) for scope in inner for n in descendants(scope) if n is not scope}
    stored = [n for n in every(function, ast.Name) if not isinstance(n.ctx, ast.Load)]
    taken = ({n.id for n in stored if id(n) not in hidden} | {a.arg for a in function.args.args}) & own
    renames = {name: f"head_{name}" for name in taken}
    above = []
    for name in READ:
        node = given.get(name)
        if node is None:
            raise Staying(f"it is given no {name}")
        if isinstance(node, ast.Name):
            renames[name] = node.id
        elif name in ("features", "mode"):
            raise Staying(f"its {name} are computed where it is called")
        else:
            if name in set(bound_in(function)):
                renames[name] = f"head_{name}"
            above.append(f"{renames.get(name, name)} = {module.segment(node)}")
    lines = [*above, *renamed("\n".join(lines), renames).split("\n")]
    return indented(lines, len(module.indent_of(site.call)))


def train_lines(module: Module, tf: str, given: Mapping[str, ast.expr]) -> list[str]:
    """The train_op and the last spec. Raises Staying for a head that is not told how to train."""
    step, optimizer = given.get("train_op_fn"), given.get("optimizer")
    if step is not None and not is_none_literal(step) and isinstance(step, ast.Name):
        made = f"{step.id}(loss)"
    elif isinstance(step, ast.Lambda) and [a.arg for a in step.args.args] == ["loss"]:
        made = " ".join(module.segment(step.body).split())
    elif step is None and isinstance(optimizer, (ast.Name, ast.Attribute, ast.Call)):
        text = " ".join(module.segment(optimizer).split())
        made = f"{text}.minimize(loss, {tf}.train.get_global_step())"
    else:
        raise Staying("how it trains cannot be followed")
    return [
        f"with {tf}.control_dependencies({tf}.get_collection({tf}.GraphKeys.UPDATE_OPS)):",
        f"    train_op = {made}",
        f"return {tf}.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)",
    ]


def bound_names(text: str) -> set[str]:
    """The names that statements bind."""
    tree = ast.parse("def head():\n" + "\n".join(f"    {line}" for line in text.split("\n")))
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Statements with other names for some of theirs; what is called by keyword keeps its name."""
    tree = ast.parse("def head():\n" + "\n".join(f"    {line}" for line in text.split("\n")))
    lines = text.split("\n")
    found_names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and names.get(n.id, n.id) != n.id]
    for node in sorted(found_names, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        line, column = node.lineno - 2, node.col_offset - 4
        lines[line] = lines[line][:column] + names[node.id] + lines[line][column + len(node.id) :]
    return "\n".join(lines)
