"""Layers that reuse the variables of others: which those are, and that both do the same with them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from migrator.analysis.soundness import active
from migrator.analysis.values import Const, same
from migrator.lower.layers import both_norms
from migrator.lower.library import normalizers
from migrator.lower.library.partials import with_all, written_out
from migrator.lower.reading.definitions import calls_in, frames_of, parameter_roles
from migrator.lower.reading.owning import own_call
from migrator.lower.reading.python_calls import python_arguments
from migrator.lower.reading.slices import target_names
from migrator.rulebook import bind
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site


def check_reused(st: Body, earlier: Site, site: Site) -> None:
    """Refuse a layer that takes the variables of another but does something else with them: they would be one."""
    if not active("reused-alike") or site.own.kind not in ("layer", "function"):
        return
    given = [{k: v for k, v in told(st, s).items() if not only_names(st, s, k)} for s in (earlier, site)]
    names = {n.id for one in given for v in one.values() for n in every(v, ast.Name)}
    alike = {k: ast.dump(v) for k, v in given[0].items()} == {k: ast.dump(v) for k, v in given[1].items()}
    if not alike or any(rebound(st, (earlier, site), name) for name in names):
        message = "a layer that reuses the variables of another is made differently"
        raise st.ctx.refuse("reused-alike", site.own.call, st.module, message)
    if averages_apart(st, earlier, site):
        message = (
            "the moving averages of a layer are read in one place and updated in another, in an order TF1 left open"
        )
        raise st.ctx.refuse("reused-alike", site.own.call, st.module, message)


def averages_apart(st: Body, earlier: Site, site: Site) -> bool:
    """True for two uses of a batch norm of which one may update its averages and the other reads them."""
    rule = site.own.rule
    if site.own.definition is not None and has_averages(st.ctx, site.own.definition):
        by_call = [{k: ast.dump(v) for k, v in told(st, one, "mode").items()} for one in (earlier, site)]
        roles = parameter_roles(st.ctx, st.module, site.own.definition)
        return by_call[0] != by_call[1] or bool(late_parameters(st.ctx, site.own.definition, roles))
    if normalizers.averages(st.ctx, site.own.call) or normalizers.averages(st.ctx, earlier.own.call):
        norms = [normalizers.normalizer(st.ctx, st.module, one.own.call) for one in (earlier, site)]
        return len({ast.dump(norm) for norm in norms if norm is not None}) != 1
    if rule is None or not rule.training or not any(name.startswith("moving_") for name in rule.weights):
        return False
    found = []
    for one in (earlier, site):
        bound = bind(rule, written_out(st.ctx, st.module, one.own.call), ("choose", "or", "then"))
        node = bound.get(rule.training) if isinstance(bound, dict) else None
        found.append(ast.dump(node) if node is not None else "")
    return found[0] != found[1] and not both_norms.chosen_by_mode(st, earlier, site)


def late_parameters(ctx: Context, definition: ast.FunctionDef, roles: Mapping[str, str]) -> frozenset[str]:
    """Static parameters that calls which share their layers give different values: told with each call."""
    frames = frames_of(ctx, definition)
    if not any(f.creations and all(c.reused for c in f.creations) for f in frames):
        return frozenset()
    found = set()
    for name in (n for n, role in roles.items() if role == "static"):
        values = [f.arguments[name] for f in frames if name in f.arguments]
        constant = all(isinstance(v, Const) for v in values)
        if constant and not all(same(values[0], v) for v in values) and not only_reuse(definition, name):
            found.add(name)
    return frozenset(found)


def has_averages(ctx: Context, definition: ast.AST, path: frozenset[ast.AST] = frozenset()) -> bool:
    """True for a function with a batch norm, its callees included."""
    for call in calls_in(definition):
        own = own_call(ctx, call)
        if own is None:
            continue
        if own.rule is not None and any(name.startswith("moving_") for name in own.rule.weights):
            return True
        if normalizers.averages(ctx, call):
            return True
        inner = own.definition
        if inner is not None and inner not in path and has_averages(ctx, inner, path | {definition}):
            return True
    return False


def told(st: Body, site: Site, kind: str = "static") -> dict[str, ast.expr]:
    """The arguments from which an owning call's layers are made, by name."""
    own = site.own
    if own.definition is not None:
        roles = parameter_roles(st.ctx, st.module, own.definition)
        roles.update(dict.fromkeys(late_parameters(st.ctx, own.definition, roles), "call"))
        given = python_arguments(st.ctx, st.module, own.definition, own.call)
        return {name: value for name, value in given.items() if roles.get(name) == kind}
    call = written_out(st.ctx, st.module, own.call)
    bound = bind(own.rule, call, ("choose", "or", "then")) if own.rule is not None and own.rule.signature else None
    inputs = {*own.rule.inputs, own.rule.training} if own.rule is not None else set()
    found = {k: v for k, v in bound.items() if k not in inputs} if isinstance(bound, dict) else {}
    whole = with_all(st.ctx, st.module, own.call)
    return found | normalizers.as_arguments(st.ctx, st.module, own.rule, whole, own.call)


def only_names(st: Body, site: Site, name: str) -> bool:
    """True for arguments without effect on what a layer does with variables that exist."""
    own = site.own
    if own.definition is None:
        rule = own.rule
        named = {"name", "reuse", "trainable", "scope"} | (
            {rule.name_arg, rule.reuse_arg} if rule is not None else set()
        )
        return name in named or "initializer" in name or "regularizer" in name or name.endswith("collections")
    return only_reuse(own.definition, name)


def only_reuse(definition: ast.FunctionDef, name: str) -> bool:
    """True for a parameter that tells a function's scopes whether to reuse, and nothing else."""
    loads = [n for n in every(definition, ast.Name) if n.id == name]
    passed = {
        id(k.value) for c in descendants(definition) if isinstance(c, ast.Call) for k in c.keywords if k.arg == "reuse"
    }
    for node in descendants(definition):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and not node.orelse:
            if all(isinstance(s, ast.Expr) and ast.unparse(s).endswith(".reuse_variables()") for s in node.body):
                passed.add(id(node.test))
    return all(id(n) in passed for n in loads)


def rebound(st: Body, sites: tuple[Site, Site], name: str) -> bool:
    """True for a name that may hold something else at the second of two calls."""
    stores = [n for n in every(st.node, ast.Name) if n.id == name]
    count = sum(not isinstance(n.ctx, ast.Load) for n in stores)
    loops = [
        {t for step in site.loops for t in target_names(getattr(step.node, "target", step.node))} for site in sites
    ]
    if name in loops[0] and name in loops[1]:
        return False
    return count > (0 if name in st.roles else 1)


def same_name(st: Body, earlier: Site, site: Site) -> bool:
    """True when two layers whose names are known only at run time surely are of one name."""
    found = []
    for one in (earlier, site):
        rule = one.own.rule
        call = written_out(st.ctx, st.module, one.own.call)
        bound = bind(rule, call, ("choose", "or", "then")) if rule is not None and rule.signature else None
        node = bound.get(rule.name_arg or "name") if rule is not None and isinstance(bound, dict) else None
        found.append(node)
    if found[0] is None or found[1] is None or ast.dump(found[0]) != ast.dump(found[1]) or earlier.loops != site.loops:
        return False
    names = {n.id for n in every(found[0], ast.Name)}
    return not any(rebound(st, (earlier, site), name) for name in names)
