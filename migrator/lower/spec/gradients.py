"""The way of gradients to their optimizer: where they are computed, and how they are clipped before they are applied.

Keras clips by arguments of the optimizer, so that only one clipping of all gradients alike has a counterpart. Values
tell what a gradient went through; the statements on the way tell whether that holds for all of them, in every case.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.modes import Specialiser, Step, walk
from migrator.analysis.values import Const, Function, Result, Stage, options, truth
from migrator.lower.reading.slices import slice_steps
from migrator.lower.spec.gradient_ways import CLIPS, COMPUTED, SOURCES, Lost, Way, of_gradient, of_pair, of_pairs
from migrator.lower.spec.train_ops import Clip, argument
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


def gradients(ctx: Context, module: Module, call: ast.Call, pairs: ast.expr | None) -> tuple[Result, Clip | None]:
    """Where the gradients of `apply_gradients` come from, and the one clipping on their way; anything else refuses."""
    value = (ctx.facts.value(pairs, "train") or ctx.facts.value(pairs)) if pairs is not None else None
    try:
        function = around(module, call)
        if value is None or pairs is None or function is None:
            raise Lost
        steps = Specialiser(ctx.facts).block(function.body, frozenset({"train"}), function.lineno)[0]
        needed = on_the_way(ctx, steps, pairs)
        ways = list(of_pairs(value))
        ways += [way for step in needed for way in stored(ctx, step)]
        sources = {way.source.call for way in ways}
        if len(sources) != 1 or not any(n is ways[0].source.call for n in descendants(function)):
            raise Lost
        clips = {clip.call: clip for way in ways for clip in way.clips}
        if len(clips) > 1:
            raise Lost
        test = governing_test(ctx, steps, needed, call, pairs, list(clips))
    except Lost:
        message = "the way of the gradients to the optimizer cannot be followed"
        raise ctx.refuse("gradients", call, module, message) from None
    source = ways[0].source
    if not clips:
        return source, None
    (clip,) = clips.values()
    amount = argument(clip.call, clip.symbol, "clip_value_max" if clip.symbol.endswith("value") else "clip_norm")
    if around(clip.module, clip.call) is not function and not isinstance(amount, ast.Constant):
        raise ctx.refuse("gradients", clip.call, clip.module, "gradients are clipped in another function")
    if test is None and not all(way.clips for way in ways):
        overwritten = any(stored(ctx, step) for step in needed)
        if not overwritten:
            raise ctx.refuse("gradients", clip.call, module, "only some of the gradients are clipped")
    return source, clipping(ctx, module, clip, test)


def around(module: Module, call: ast.Call) -> ast.FunctionDef | None:
    """The innermost function that a call stands in."""
    found = [f for f in every(module.tree, ast.FunctionDef) if call in descendants(f)]
    return max(found, key=lambda f: f.lineno, default=None)


# ------------------------------------------------------------------------------------------------------ statements
def on_the_way(ctx: Context, steps: list[Step], pairs: ast.expr) -> set[Step]:
    """The statements that the gradients pass through: those that compute losses and amounts are not among them."""
    needed, _ = slice_steps(steps, path_names(ctx, pairs), lambda node: path_names(ctx, node), lambda step: False)
    return needed


def path_names(ctx: Context, node: ast.AST) -> set[str]:
    """The names that a part of the way reads."""
    return {n.id for n in path_nodes(ctx, node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def path_nodes(ctx: Context, node: ast.AST) -> Iterable[ast.AST]:
    """The nodes of an expression or statement, without what gradients are computed from and clipped by."""
    value = ctx.facts.value(node) if isinstance(node, ast.Call) else None
    if isinstance(value, Result) and value.call is node:
        if value.symbol in SOURCES:
            return
        if value.symbol in CLIPS and isinstance(node, ast.Call):
            listed = argument(node, value.symbol, "t_list" if value.symbol.endswith("global_norm") else "t")
            yield from path_nodes(ctx, listed) if listed is not None else ()
            return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from path_nodes(ctx, child)


def stored(ctx: Context, step: Step) -> list[Way]:
    """The ways of what `pairs[i] = (gradient, variable)` puts in the place of a computed pair, over all of them."""
    node = step.node
    if step.kind != "simple":
        return []
    if isinstance(node, (ast.AugAssign, ast.Delete)):
        raise Lost
    targets = node.targets if isinstance(node, ast.Assign) else []
    found: list[Way] = []
    for target in targets:
        if isinstance(target, ast.Subscript) and isinstance(node, ast.Assign):
            base, given = ctx.facts.value(target.value), ctx.facts.value(node.value)
            whole = isinstance(base, Result) and not base.part and base.symbol in SOURCES
            key = ctx.facts.value(target.slice)
            if not whole or given is None or key is None or isinstance(key, Const):
                raise Lost
            found += of_pair(given) if isinstance(base, Result) and base.symbol == COMPUTED else of_gradient(given)
        elif not isinstance(target, (ast.Name, ast.Tuple, ast.List)):
            raise Lost
    return found


def governing_test(
    ctx: Context, steps: list[Step], needed: set[Step], call: ast.Call, pairs: ast.expr, clips: list[ast.Call]
) -> tuple[ast.expr, bool] | None:
    """(the condition under which gradients are clipped, whether it must hold); None where they always are.

    Conditions around the call that applies them are not among those: they decide whether it happens at all.
    Raises Lost for any other condition: some gradients, or some runs, would be treated in another way.
    """
    found: list[tuple[ast.expr, bool]] = []

    def look(expression: ast.AST, among: bool) -> None:
        """`among`: it is evaluated once per gradient."""
        for node in path_nodes(ctx, expression):
            if isinstance(node, COMPREHENSIONS):
                if not all(asks_presence(ctx, t) for g in node.generators for t in g.ifs):
                    raise Lost
            if isinstance(node, ast.IfExp) and not asks_presence(ctx, node.test):
                inside = any(isinstance(c, COMPREHENSIONS) and node in descendants(c) for c in descendants(expression))
                side(node.test, [node.body], [node.orelse], among or inside)
            if isinstance(node, ast.Call):
                for function in called(ctx, node):
                    own_tests(function)
            if isinstance(node, ast.Lambda):
                raise Lost

    def side(test: ast.expr, body: Iterable[ast.AST], orelse: Iterable[ast.AST], among: bool) -> None:
        value = ctx.facts.value(test, "train")
        if value is not None and truth(value) is not None:
            return
        holds = [c for c in clips if any(c in descendants(b) for b in body)]
        fails = [c for c in clips if any(c in descendants(b) for b in orelse)]
        if among or ctx.facts.stage(test) is not Stage.STATIC or bool(holds) == bool(fails):
            raise Lost
        found.append((test, bool(holds)))

    def own_tests(function: Function) -> None:
        for node in descendants(function.node):
            tests = [t for g in node.generators for t in g.ifs] if isinstance(node, COMPREHENSIONS) else []
            tests += [node.test] if isinstance(node, (ast.If, ast.IfExp, ast.While)) else []
            if not all(asks_presence(ctx, test) for test in tests):
                raise Lost
            if isinstance(node, (ast.Subscript, ast.AugAssign, ast.Try)) and isinstance(
                getattr(node, "ctx", ast.Store()), ast.Store
            ):
                raise Lost

    def block(inside: list[Step], among: bool) -> None:
        for step in inside:
            if step not in needed:
                continue
            node = step.node
            inside_it = [inner for part in step.blocks for inner in walk(part) if inner in needed]
            if step.kind == "if" and all(only_raises(inner) for inner in inside_it):
                continue  # it decides nothing but whether the program stops
            if step.kind in ("while", "try", "return"):
                raise Lost
            if step.kind == "for" and isinstance(node, ast.For):
                look(node.iter, among)
            around_it = call in descendants(node)
            if step.kind == "if" and isinstance(node, ast.If) and not around_it and not asks_presence(ctx, node.test):
                side(node.test, node.body, node.orelse, among)
            if step.kind == "simple":
                if isinstance(node, (ast.Break, ast.Continue, ast.ClassDef)):
                    raise Lost
                if not isinstance(node, ast.FunctionDef):  # what it decides counts where it is called
                    look(node, among)
            for inner in step.blocks:
                block(inner, among or step.kind == "for")

    block(steps, False)
    look(pairs, False)
    if len(found) > 1:
        raise Lost
    return found[0] if found else None


def only_raises(step: Step) -> bool:
    """True for a `raise`, and for conditions around it."""
    return step.kind == "if" or isinstance(step.node, ast.Raise)


def called(ctx: Context, call: ast.Call) -> list[Function]:
    """The functions of the program that a call may enter."""
    return [o for callee in ctx.facts.callees.get(call, []) for o in options(callee) if isinstance(o, Function)]


def asks_presence(ctx: Context, test: ast.expr) -> bool:
    """True for `gradient is not None`, which says only whether the loss depends on a variable."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return asks_presence(ctx, test.operand)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], (ast.Is, ast.IsNot)):
        return False
    if not isinstance(test.comparators[0], ast.Constant) or test.comparators[0].value is not None:
        return False
    value = ctx.facts.value(test.left)
    try:
        return value is not None and bool(list(of_gradient(value)))
    except Lost:
        return False


# ------------------------------------------------------------------------------------------------------------ clip
def clipping(ctx: Context, module: Module, value: Result, test: tuple[ast.expr, bool] | None) -> Clip:
    """The Keras argument of a clip call and its amount."""
    if value.symbol == "tensorflow.clip_by_value":
        low = argument(value.call, value.symbol, "clip_value_min")
        high = argument(value.call, value.symbol, "clip_value_max")
        if (
            low is None
            or high is None
            or ast.unparse(low) not in (f"-{ast.unparse(high)}", f"-1 * {ast.unparse(high)}")
        ):
            raise ctx.refuse("clip", value.call, module, "clipping to an asymmetric range has no Keras argument")
        return Clip("clipvalue", high, test)
    amount = argument(value.call, value.symbol, "clip_norm")
    assert amount is not None
    extra = "use_norm" if value.symbol.endswith("global_norm") else "axes"
    if argument(value.call, value.symbol, extra) is not None:
        raise ctx.refuse("clip", value.call, module, f"`{extra}` of clipping has no Keras argument")
    return Clip(CLIPS[value.symbol], amount, test)
