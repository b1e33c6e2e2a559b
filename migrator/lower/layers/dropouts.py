"""Dropout whose rate follows the mode: `rate=0.5 if training else 0.0` is the rate in training, and none elsewhere."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import ALL, mode_condition
from migrator.analysis.values import Const
from migrator.lower.library import partials, rule_arguments
from migrator.rulebook import default_source
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site

NOTHING = {"rate": 0, "keep_prob": 1}  # the values with which nothing is dropped


def in_training(st: Body, site: Site) -> ast.Call:
    """The call with its rate as it is in training, where the layer drops nothing in the other modes."""
    call = partials.written_out(st.ctx, st.module, site.own.call)
    found = rate_by_mode(st, site)
    if found is None:
        return call
    name, given, rate = found
    if not (told(st, site) or drops_nothing(st, name, given)):
        return call
    args = [rate if a is given else a for a in call.args]
    keywords = [ast.keyword(k.arg, rate if k.value is given else k.value) for k in call.keywords]
    return ast.copy_location(ast.Call(call.func, args, keywords), call)


def follows_mode(st: Body, site: Site) -> bool:
    """True for a layer that always drops, by a rate that is none outside of training: it drops in training."""
    found = rate_by_mode(st, site)
    return found is not None and not told(st, site) and drops_nothing(st, found[0], found[1])


def rate_by_mode(st: Body, site: Site) -> tuple[str, ast.expr, ast.expr] | None:
    """(argument, its expression, its expression in training) of a dropout layer whose rate depends on the mode."""
    rule = site.own.rule
    if site.own.kind != "layer" or rule is None or rule.target != "keras.layers.Dropout":
        return None
    bound = rule_arguments.bound_or_refuse(st.ctx, st.module, rule, site.own.call)
    for name in NOTHING:
        given = bound.get(name)
        chosen = choice(st, given) if given is not None else None
        if given is not None and chosen is not None:
            return name, given, chosen
    return None


def choice(st: Body, node: ast.expr) -> ast.expr | None:
    """The side of a choice by the mode that training takes, followed through one name; None for anything else."""
    if isinstance(node, ast.Name):
        stores = [n for n in every(st.node, ast.Name) if n.id == node.id]
        made = [s for s in st.node.body if isinstance(s, ast.Assign) and any(t in stores for t in s.targets)]
        if sum(not isinstance(n.ctx, ast.Load) for n in stores) != 1 or len(made) != 1 or node.id in st.roles:
            return None
        node = made[0].value
    if not isinstance(node, ast.IfExp):
        return None
    holds = mode_condition(st.ctx.facts, node.test, ALL)
    if holds is None or holds not in ({"train"}, ALL - {"train"}):
        return None
    return node.body if "train" in holds else node.orelse


def told(st: Body, site: Site) -> bool:
    """True when the layer is told that it drops in training only."""
    rule = site.own.rule
    assert rule is not None
    bound = rule_arguments.bound_or_refuse(st.ctx, st.module, rule, site.own.call)
    node = bound.get(rule.training or "")
    if node is None:
        return default_source(rule, rule.training or "") != "True"
    return mode_condition(st.ctx.facts, node, ALL) == frozenset({"train"})


def drops_nothing(st: Body, name: str, node: ast.expr) -> bool:
    """True when nothing is dropped outside of training."""
    others = {m: v for m, v in st.ctx.facts.values.get(node, {}).items() if m != "train"}
    return bool(others) and all(isinstance(v, Const) and v.value == NOTHING[name] for v in others.values())
