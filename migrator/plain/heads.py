"""Heads written out: `return head.create_estimator_spec(...)` as the statements that a head stands for."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator, Mapping

from migrator.plain import made_heads, writing
from migrator.plain.carried import binding, resolved
from migrator.plain.found import SPEC as MAKES_SPEC
from migrator.plain.found import (
    Site,
    Staying,
    arguments_of,
    bound_in,
    functions_around,
    is_alone,
    is_exported,
    library,
    symbol_of,
)
from migrator.plain.head_training import LOSS, Training, training
from migrator.plain.lines import indented
from migrator.plain.made_heads import Heads
from migrator.source.inventory import import_aliases
from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import descendants, every

SPEC = "features, mode, logits, labels=None, optimizer=None, train_op_fn=None, regularization_losses=None"
SCOPES = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SIZE = "logits_dimension"
TENSORS = frozenset({"tensorflow.layers.dense", "tensorflow.contrib.layers.fully_connected", "tensorflow.concat"})
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
    dropped: tuple[ast.stmt, ...]
    sized: tuple[tuple[ast.Attribute, str], ...] = ()


def heads(project: Project, module: Module) -> Iterator[Written]:
    """The returns of specs that heads make, written out: those that can be."""
    if MAKES_SPEC not in module.text:
        return
    for node in descendants(module.tree):
        call = node.value if isinstance(node, ast.Return) else None
        function = call.func if isinstance(call, ast.Call) else None
        if isinstance(node, ast.Return) and isinstance(function, ast.Attribute) and isinstance(call, ast.Call):
            if function.attr == MAKES_SPEC and isinstance(function.value, ast.Name):
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
    if made is None or made not in descendants(function):
        raise Staying("which head it is cannot be followed")
    heads = made_heads.made_heads(site, made.value)
    sizes = [n for n in every(function, ast.Attribute) if n.attr == SIZE and is_name(n.value, name)]
    if sum(is_name(n, name) for n in descendants(function)) != 2 + len(sizes):
        raise Staying("other code reads the head too")
    dropped: tuple[ast.stmt, ...] = (made, *heads.parts)
    if any(part not in descendants(function) for part in heads.parts):
        raise Staying("a head that is merged is made elsewhere")
    if not all(is_alone(module, one) for one in (*dropped, node)):
        raise Staying("it shares a line with other code")
    given = arguments_of(call, SPEC)
    if "regularization_losses" in given:
        raise Staying("an argument of the head is not covered")
    size = made_heads.all_outputs(site, heads, module.segment)
    step = training(module, library(site), function, given)
    dropped += step.dropped
    text = tuple(body(site, function, heads, given, step))
    return Written(module, function, node, text, dropped, tuple((one, size) for one in sizes))


def is_name(node: ast.AST, name: str) -> bool:
    """True where a name is read or bound."""
    return isinstance(node, ast.Name) and node.id == name


def body(
    site: Site, function: ast.FunctionDef, heads: Heads, given: Mapping[str, ast.expr], step: Training
) -> list[str]:
    """The statements in the place of a return, indented as it is."""
    module, tf = site.module, library(site)
    split = heads.merged and not is_by_head(site, given.get("logits"))
    context = made_heads.context(site, heads, module.segment, split)
    text = writing.template("head.py.jinja").render(context, tf=tf, metrics=[], forwarded=[], exports=is_exported(site))
    lines = [line.removeprefix("    ") for line in text.split("\n") if line.strip()]
    lines += train_lines(tf, step, updates=not heads.merged)
    own = {n for n in bound_names("\n".join(lines)) if n not in READ}
    inner = [n for n in descendants(function) if isinstance(n, SCOPES) and n is not function]
    hidden = {id(n) for scope in inner for n in descendants(scope) if n is not scope}
    stored = [n for n in every(function, ast.Name) if not isinstance(n.ctx, ast.Load)]
    taken = ({n.id for n in stored if id(n) not in hidden} | {a.arg for a in function.args.args}) & own
    held = [*step.held, *(given[name] for name in READ if name in given and not isinstance(given[name], ast.Name))]
    if {n.id for node in held for n in every(node, ast.Name)} & own - {LOSS, "train_op", *stored_in(step)}:
        raise Staying("what it is given reads a name that what it stands for binds")
    renames = {name: f"head_{name}" for name in taken - stored_in(step)}
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


def stored_in(step: Training) -> set[str]:
    """The names that a function which goes into the model_fn binds: it has them for itself."""
    return {n.id for one in step.dropped for n in every(one, ast.Name) if not isinstance(n.ctx, ast.Load)}


def is_by_head(site: Site, logits: ast.expr | None) -> bool:
    """Whether logits are a dictionary by head, not one tensor. Raises Staying where that is not seen."""
    found = logits if logits is None else resolved(site, logits)
    if isinstance(found, ast.Dict):
        return True
    if isinstance(found, ast.Call) and symbol_of(found.func, import_aliases(site.module.tree)) in TENSORS:
        return False
    raise Staying("whether the logits of merged heads are a dictionary cannot be seen")


def train_lines(tf: str, made: Training, updates: bool) -> list[str]:
    """The train_op and the last spec; `updates`: the step comes with the UPDATE_OPS, which merged heads leave."""
    last = f"return {tf}.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)"
    if not updates:
        return [*made.lines, last]
    head = f"with {tf}.control_dependencies({tf}.get_collection({tf}.GraphKeys.UPDATE_OPS)):"
    return [head, *(f"    {line}" for line in made.lines), last]


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
