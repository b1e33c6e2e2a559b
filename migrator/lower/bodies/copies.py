"""Features, labels or params that a model_fn changes in place: whoever changes them now changes a copy of its own."""

from __future__ import annotations

import ast
import re
import textwrap
from typing import TYPE_CHECKING

from migrator.analysis.changes import PARAMS
from migrator.lower.reading.context import Context, top_level_names
from migrator.lower.reading.slices import definitions, mutated
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.analysis.facts import Facts
    from migrator.analysis.modes import Step
    from migrator.lower.reading.body import Body
    from migrator.source.module import Module


def with_copies(facts: Facts, method: list[str]) -> list[str]:
    """The lines of a method that starts from copies of the inputs which it changes.

    Keras hands one dictionary to `call`, `compute_loss` and `compute_metrics`; TensorFlow 1 made one for each model_fn.
    """
    for name in sorted(facts.inputs_changed):
        if changes(facts, method, name):
            method = with_copy(method, name)
    return method


def changes(facts: Facts, method: list[str], name: str) -> bool:
    """True when a statement may change the object that a name holds, itself or through a function it is given to."""
    for node in descendants(ast.parse(textwrap.dedent("\n".join(method)))):
        if changed_by(node, name):
            return True
        if isinstance(node, ast.Call) and facts.changes:
            given = (*node.args, *(k.value for k in node.keywords))
            if any(isinstance(a, ast.Name) and a.id == name for a in given):
                return True
    return False


def with_copy(method: list[str], name: str) -> list[str]:
    """A copy where the method gets the input: from its own parameter, from `data`, or from what `call` returned."""
    start = next(i for i, line in enumerate(method) if line.rstrip().endswith(":")) + 1
    found = method[:start]
    own = ast.parse(textwrap.dedent("\n".join([*method[:start], "        pass"]))).body[0]
    if isinstance(own, ast.FunctionDef) and name in {a.arg for a in own.args.args}:
        found.append(f"        {name} = dict({name})")
    for line in method[start:]:
        head, _, value = line.strip().partition(" = ")
        if head == name and (value in ("x", "y") or value.startswith(("outputs['", "y_pred['"))):
            line = f"        {name} = dict({value})"
        found.append(line)
        if head.startswith(f"{name}, ") and value.startswith("keras.utils.unpack"):
            found.append(f"        {name} = dict({name})")
    return found


# ------------------------------------------------------------------------------------------------------------- params
def copy_of_params(ctx: Context, module: Module, lines: list[str], indent: str) -> list[str]:
    """The line that makes a copy of the params, for statements that change them; none for others.

    TensorFlow 1 gave each model_fn a copy; what a builder is given belongs to its caller.
    """
    if not changes_params(ctx.facts, lines):
        return []
    for inner in descendants(ast.parse(textwrap.dedent("\n".join(lines)))):
        if isinstance(inner, ast.FunctionDef) and changed_inside(inner):
            message = "a function that runs with each step changes the params"
            raise ctx.refuse("argument-change", module.tree, module, message)
    imported = {a.asname or a.name for n in module.tree.body if isinstance(n, ast.Import) for a in n.names}
    if "copy" in top_level_names(module.tree) - imported:
        raise ctx.refuse("argument-change", module.tree, module, "the params are changed, and `copy` is another thing")
    ctx.imports.setdefault(module.path, set()).add("copy")
    return [f"{indent}{PARAMS} = copy.deepcopy({PARAMS})"]


def changes_params(facts: Facts, lines: list[str]) -> bool:
    """True when a statement may change the params, itself or through a function it is given to."""
    if PARAMS in facts.inputs_changed:
        return changes(facts, lines, PARAMS)
    return any(changed_by(n, PARAMS) for n in descendants(ast.parse(textwrap.dedent("\n".join(lines)))))


def changed_inside(function: ast.FunctionDef) -> bool:
    """True for a function that changes the params of the function around it."""
    return any(changed_by(n, PARAMS) for n in descendants(function) if n is not function)


def changed_by(node: ast.AST, name: str) -> bool:
    """True for a statement, or a method of the object itself, that changes the object that a name holds."""
    if isinstance(node, ast.Call):
        return name in mutated(node)
    if not isinstance(node, ast.stmt) or isinstance(node, ast.FunctionDef):
        return False
    changed, replaced = definitions(node)
    return name in changed - replaced


def check_other_item(st: Body, step: Step, node: ast.AST) -> None:
    """Refuse reading params that a later statement changes, but for another item: `call` reads their last state."""
    targets = step.node.targets if isinstance(step.node, ast.Assign) else [getattr(step.node, "target", None)]
    stored = [t.slice.value for t in targets if isinstance(t, ast.Subscript) and isinstance(t.slice, ast.Constant)]
    plain = len(stored) == len(targets) and all(isinstance(getattr(t, "value", None), ast.Name) for t in targets)
    read = [n.slice for n in every(st.node, ast.Subscript) if n.value is node]
    keys = [key.value for key in read if isinstance(key, ast.Constant)]
    if step.changes or not plain or not keys or keys[0] in stored:
        raise st.ctx.refuse("argument-change", node, st.module, "the params are changed after the model read them")


def with_own_params(ctx: Context, module: Module, init: list[str]) -> list[str]:
    """The constructor of a model, which changes a copy of the params that it is given."""
    at = init.index("        super().__init__()") + 1
    own = copy_of_params(ctx, module, init[at:], "        ")
    kept = [i for i, line in enumerate(init) if re.fullmatch(rf" {{8}}self\.\w+ = {PARAMS}", line)] if own else []
    body = [line for i, line in enumerate(init) if i >= at and i not in kept[:-1]]  # kept once, in their last state
    return [*init[:at], *own, *body]


def check_settled(ctx: Context, module: Module, lines: list[str]) -> None:
    """Refuse params that are changed once more where layers exist already: what they hold then is not followed."""
    if changes_params(ctx.facts, lines):
        raise ctx.refuse("argument-change", module.tree, module, "the params are changed where the model is called")
