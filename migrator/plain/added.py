"""What other functions give a canned estimator: metrics of `add_metrics`, predictions of `forward_features`."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator

from migrator.analysis.rebinding import bound_by
from migrator.plain.carried import reads
from migrator.plain.found import Site, Staying, bound_in, symbol_of
from migrator.source.inventory import import_aliases
from migrator.source.syntax import descendants, every

ADDING = frozenset({"tensorflow.contrib.estimator.add_metrics", "tensorflow.estimator.add_metrics"})
FORWARDING = frozenset({"tensorflow.contrib.estimator.forward_features"})
GIVEN = ("features", "labels", "predictions")


@dataclasses.dataclass(frozen=True)
class Added:
    """What `estimator = add_metrics(estimator, f)` adds, as a call of f, and the statement that goes.

    For `estimator = forward_features(estimator, key)` it is the key.
    """

    text: str  # begins with the name of f
    statement: ast.Assign
    definition: ast.FunctionDef | None = None  # of f, where it stands in the function around and moves to the model_fn
    again: tuple[ast.stmt, ...] = ()  # the same definition of f, further down
    below: ast.FunctionDef | None = None  # the definition of f, where it stands below the construction and moves above


def added_metrics(site: Site) -> list[Added]:
    """The metrics added to the estimator of a construction, in order. Raises Staying where they cannot be followed."""
    found: list[Added] = []
    for statement, function in extensions(site, ADDING, "metric_fn", "metrics are added to it"):
        if not isinstance(function, ast.Name):
            raise Staying("the function of the added metrics cannot be followed")
        inner = inner_definition(site, function.id)
        definition, *again = [inner] if inner is not None else top_definitions(site, function.id)
        below = definition if inner is None and is_below(site, definition) else None
        found.append(Added(call_of(definition), statement, inner, tuple(again), below))
    return found


def forwarded_features(site: Site) -> list[Added]:
    """The keys of features that join the predictions. Raises Staying where they cannot be followed."""
    found: list[Added] = []
    for statement, keys in extensions(site, FORWARDING, "keys", "features are forwarded"):
        given = keys.elts if isinstance(keys, (ast.List, ast.Tuple)) else [keys]
        for key in given:
            literal = isinstance(key, ast.Constant) and isinstance(key.value, str)
            if key is None or not (literal or is_constant(site, key)):
                raise Staying("which features are forwarded cannot be followed")
            found.append(Added(site.module.segment(key), statement))
    return found


def is_constant(site: Site, node: ast.AST) -> bool:
    """True for a name of the file that one text is assigned to, and of an attribute of a module."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id in import_aliases(site.module.tree) and not any(
            node.value.id in bound_in(holder) for holder in site.around
        )
    if not isinstance(node, ast.Name) or any(node.id in bound_in(holder) for holder in site.around):
        return False
    assigned = [
        s for s in site.module.tree.body if isinstance(s, ast.Assign) and node.id in map(ast.unparse, s.targets)
    ]
    texts = [s.value for s in assigned]
    return len(texts) == 1 and isinstance(texts[0], ast.Constant) and isinstance(texts[0].value, str)


def extensions(
    site: Site, functions: frozenset[str], argument: str, what: str
) -> Iterator[tuple[ast.Assign, ast.expr | None]]:
    """The statements `estimator = function(estimator, argument)`, with the argument. Raises Staying for other forms."""
    holder = site.around[-1] if site.around else site.module.tree
    name = bound_name(holder, site.call)
    aliases = import_aliases(site.module.tree)
    calls = [n for n in every(holder, ast.Call) if symbol_of(n.func, aliases) in functions]
    made = next((n for n in every(holder, ast.Assign) if n.value is site.call), None)
    for call in sorted(calls, key=lambda c: c.lineno):
        given = dict(zip(("estimator", argument), call.args, strict=False))
        given.update((k.arg, k.value) for k in call.keywords if k.arg)
        estimator = given.get("estimator")
        if estimator is site.call:
            raise Staying(f"{what} where it is made: give it a name first")
        if not (isinstance(estimator, ast.Name) and estimator.id == name):
            continue
        statement = next((n for n in every(holder, ast.Assign) if n.value is call), None)
        if statement is None or not all(isinstance(t, ast.Name) and t.id == name for t in statement.targets):
            raise Staying(f"{what} under another name")
        if made is not None and not reaches(holder, name, made, statement):
            continue
        if len(call.args) + len(call.keywords) > 2:
            raise Staying(f"{what} in a way that is not covered")
        yield statement, given.get(argument)


def bound_name(holder: ast.AST, call: ast.Call) -> str:
    """The name that an assignment gives a call's value; "" for none."""
    for node in descendants(holder):
        if isinstance(node, ast.Assign) and node.value is call and len(node.targets) == 1:
            return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""
    return ""


def reaches(holder: ast.AST, name: str, made: ast.stmt, use: ast.stmt) -> bool:
    """False where a name surely stands for something else at a statement than what another one bound it to.

    A script makes several estimators under one name, one after the other. Raises Staying where the order is not clear.
    """
    around = blocks_around(holder, use)
    if made.lineno > use.lineno:
        if any(isinstance(owner, (ast.For, ast.While)) and made in descendants(owner) for owner, _ in around):
            raise Staying(f"`{name}` is extended in a loop before it is made")
        return False
    before = [statement for _, block in around for statement in block]
    for statement in before:
        again = isinstance(statement, ast.Assign) and not reads(statement.value, name)
        if again and made.lineno < statement.lineno and name in bound_by(statement):
            return False
    return True


def blocks_around(holder: ast.AST, statement: ast.stmt) -> list[tuple[ast.AST, list[ast.stmt]]]:
    """Every block around a statement with what owns it, as far as it runs before the statement."""
    found: list[tuple[ast.AST, list[ast.stmt]]] = []
    for owner in (holder, *descendants(holder)):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(owner, field, None)
            inside = block if isinstance(block, list) else []
            at = next((i for i, s in enumerate(inside) if s is statement or statement in descendants(s)), None)
            if at is not None:
                found.append((owner, inside[:at]))
    return found


def inner_definition(site: Site, name: str) -> ast.FunctionDef | None:
    """The definition of a function in the function around a construction. Raises Staying where it cannot move.

    It reads nothing of the functions around, and nothing but the added metrics reads it.
    """
    holder = next((h for h in reversed(site.around) if name in bound_in(h)), None)
    if holder is None:
        return None
    definition = next((n for n in every(holder, ast.FunctionDef) if n.name == name), None)
    reads = [n for n in every(holder, ast.Name) if n.id == name]
    if definition is None or bound_in(holder).count(name) > 1 or len(reads) > 1 or definition.decorator_list:
        raise Staying(f"`{name}` is not one function that metrics alone are added by")
    own = set(bound_in(definition))
    around = {n for other in site.around for n in bound_in(other)} - {name}
    captured = next((n.id for n in every(definition, ast.Name) if n.id in around and n.id not in own), None)
    if captured is not None:
        raise Staying(f"`{name}` reads `{captured}` of the function around")
    if any(name in bound_by(node) for node in site.module.tree.body):
        raise Staying(f"`{name}` stands for another function at the top of the file: give each a name")
    return definition


def top_definitions(site: Site, name: str) -> list[ast.FunctionDef]:
    """The definitions of one function at the top of the file, in order. Raises Staying.

    A cell of a notebook that was copied defines its functions again: where the texts are one, so is the function.
    """
    binding = [node for node in site.module.tree.body if name in bound_by(node)]
    definitions = [node for node in binding if isinstance(node, ast.FunctionDef)]
    if len({ast.dump(node) for node in binding}) > 1:
        raise Staying(f"`{name}` stands for several functions, one after the other: give each a name")
    if not definitions:
        raise Staying("the function of the added metrics is not at the top of this file")
    if len(definitions) > 1 and (definitions[0].decorator_list or is_changed(site, name)):
        raise Staying(f"`{name}` stands for several objects, one after the other: give each a name")
    return definitions


def is_below(site: Site, definition: ast.FunctionDef) -> bool:
    """True where a script makes the estimator before it defines the function. Raises Staying where it cannot move up.

    A model_fn waits for the training; a Keras model has its metrics from the beginning.
    """
    if site.around or definition.lineno < site.statement.lineno:
        return False
    rest = [node for node in site.module.tree.body if node.lineno >= site.statement.lineno]
    imports = (node for node in rest if isinstance(node, (ast.Import, ast.ImportFrom)))
    late = {name for node in rest for name in bound_by(node)} | {name for node in imports for name in bound_in(node)}
    own = {*bound_in(definition), definition.name}
    read = next((n.id for n in every(definition, ast.Name) if n.id in late - own), None)
    if read is not None or definition.decorator_list:
        bound = f"`{read}`, which is bound" if read is not None else "what decorates it"
        raise Staying(f"`{definition.name}` needs {bound} only after the estimator is made")
    return True


def is_changed(site: Site, name: str) -> bool:
    """True where the file deletes a name, or sets an attribute of what it stands for."""
    tree = site.module.tree
    gone = any(node.id == name and isinstance(node.ctx, ast.Del) for node in every(tree, ast.Name))
    stored = [node for node in every(tree, ast.Attribute) if not isinstance(node.ctx, ast.Load)]
    return gone or any(isinstance(node.value, ast.Name) and node.value.id == name for node in stored)


def call_of(definition: ast.FunctionDef) -> str:
    """The call of a metric function with what it asks for. Raises Staying where that cannot be given."""
    arguments = definition.args
    asked = [a.arg for a in (*arguments.args, *arguments.kwonlyargs)]
    if arguments.vararg or arguments.kwarg or arguments.defaults or not set(asked) <= set(GIVEN):
        raise Staying("the function of the added metrics asks for more than features, labels and predictions")
    return f"{definition.name}({', '.join(f'{a}={a}' for a in asked)})"
