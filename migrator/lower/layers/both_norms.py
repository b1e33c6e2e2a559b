"""A batch norm made twice, for training and for the rest, of which `tf.cond` takes one: a layer that is told."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.lower.library.partials import written_out
from migrator.lower.reading import symbols
from migrator.rulebook import bind, default_source
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site

SIDES = (("true_fn", "fn1"), ("false_fn", "fn2"))


def chosen_by_mode(st: Body, earlier: Site, site: Site) -> bool:
    """True when one of two uses of a batch norm is taken in training and the other outside of it; noted on `st`."""
    by_training = {training_of(st, one): one for one in (earlier, site)}
    trained, tested = by_training.get("True"), by_training.get("False")
    if trained is None or tested is None or trained.loops or tested.loops or not of_one_input(st, earlier, site):
        return False
    names = [result_name(st, one) for one in (trained, tested)]
    if not all(names):
        return False
    for call in descendants(st.node):
        if isinstance(call, ast.Call) and symbols.called_symbol(st.ctx, call) == "tensorflow.cond":
            test, sides = parts(call)
            if sides == names and test is not None and st.training_text(test) == "training":
                st.both_ways[call] = names[0]
                st.follows[trained.own.call] = test
                st.unread.add(tested.own.call)
                note(st, trained)
                return True
    return False


def note(st: Body, site: Site) -> None:
    """Tell what TensorFlow 1 also did: where no collection holds the updates, they ran in every mode."""
    rule = site.own.rule
    call = written_out(st.ctx, st.module, site.own.call)
    given = {k.arg: k.value for k in call.keywords}.get("updates_collections")
    if rule is not None and isinstance(given, ast.Constant) and given.value is None:
        st.ctx.lower_level("review")
        message = (
            "the moving averages also followed the batches of evaluation and prediction, as both batch norms ran in "
            "every mode; in Keras they follow those of training alone"
        )
        st.ctx.note("averages-in-evaluation", "warning", st.module, site.own.call, message)


def of_one_input(st: Body, earlier: Site, site: Site) -> bool:
    """True when both take the same tensor: one expression, of names that are not bound between them."""
    given = []
    for one in (earlier, site):
        rule = one.own.rule
        assert rule is not None
        bound = bind(rule, written_out(st.ctx, st.module, one.own.call), ("choose", "or", "then"))
        given.append([bound[name] for name in rule.inputs if name in bound] if isinstance(bound, dict) else [])
    names = {n.id for node in given[0] for n in every(node, ast.Name)}
    first, last = earlier.step.node.lineno, site.step.node.lineno
    between = (n for n in every(st.node, ast.Name) if first <= n.lineno < last)
    bound_anew = any(n.id in names and not isinstance(n.ctx, ast.Load) for n in between)
    alike = [ast.dump(node) for node in given[0]] == [ast.dump(node) for node in given[1]]
    return bool(given[0]) and alike and not bound_anew and all(plain(node) for node in given[0])


def plain(node: ast.expr) -> bool:
    """True for an expression that is the same each time: nothing in it is called."""
    return not any(isinstance(n, (ast.Call, ast.Await, ast.Yield, ast.NamedExpr)) for n in descendants(node))


def training_of(st: Body, site: Site) -> str:
    """What a batch norm is told: "True", "False", or any other source text."""
    rule = site.own.rule
    if rule is None or not rule.training:
        return ""
    bound = bind(rule, written_out(st.ctx, st.module, site.own.call), ("choose", "or", "then"))
    node = bound.get(rule.training) if isinstance(bound, dict) else None
    return ast.unparse(node) if node is not None else default_source(rule, rule.training) or ""


def result_name(st: Body, site: Site) -> str:
    """The name that holds the result of a call, when it is bound once and read once."""
    node = site.step.node
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    if not isinstance(target, ast.Name) or not isinstance(node, ast.Assign) or node.value is not site.own.call:
        return ""
    uses = [n for n in every(st.node, ast.Name) if n.id == target.id]
    return target.id if len(uses) == 2 and sum(isinstance(n.ctx, ast.Load) for n in uses) == 1 else ""


def parts(call: ast.Call) -> tuple[ast.expr | None, list[str]]:
    """The condition of a `tf.cond`, without casts to a tensor, and the names that its two sides give."""
    keywords = {k.arg: k.value for k in call.keywords}
    given = [*call.args, None, None, None]
    test = keywords.get("pred", given[0])
    while isinstance(test, ast.Call) and ast.unparse(test.func).endswith((".cast", ".constant", ".convert_to_tensor")):
        test = test.args[0] if test.args else None
    names = []
    for place, (new, old) in enumerate(SIDES, 1):
        side = keywords.get(new, keywords.get(old, given[place]))
        body = side.body if isinstance(side, ast.Lambda) and not side.args.args else None
        names.append(body.id if isinstance(body, ast.Name) else "")
    return test, names
