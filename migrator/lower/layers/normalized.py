"""A layer that normalises its result, as the Keras layers that it is made of: each of them, one after the other."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.emit.fragments import call_text
from migrator.lower.library import normalizers, partials, rewriting, rule_arguments

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site
    from migrator.rulebook import Rule


def norm_of(st: Body, site: Site) -> tuple[Rule, ast.Call] | None:
    """What normalises the result of a layer: its rule, and its call without an input."""
    if site.own.kind != "layer":
        return None
    norm = normalizers.normalizer(st.ctx, st.module, site.own.call)
    return None if norm is None else (normalizers.rule_of(st.ctx, norm), norm)


def activation_of(st: Body, site: Site) -> ast.expr | None:
    """The activation of a normalised layer, where its call gives one."""
    assert site.own.rule is not None
    return normalizers.activation(site.own.rule, partials.with_all(st.ctx, st.module, site.own.call))


def static_parts(st: Body, site: Site) -> list[ast.expr]:
    """What the construction half reads for the layers after the first."""
    norm = norm_of(st, site)
    if norm is None:
        return []
    rule, call = norm
    given = normalizers.given(st.ctx, st.module, call)
    found = [node for name, node in given.items() if name in {a.source for a in rule.args}]
    last = activation_of(st, site)
    return [*found, *([last] if last is not None else [])]


def creation_text(st: Body, site: Site, text: str) -> str:
    """A layer with those after it; `text` makes the layer alone."""
    norm = norm_of(st, site)
    if norm is None:
        return text
    rule, call = norm
    ctx, module = st.ctx, st.module
    whole = normalizers.complete(call)
    ctx.lower_level(rule.level)
    made = rule_arguments.target(ctx, module, rule, whole)
    layers = [text, rewriting.rule_text(ctx, module, rule, whole, st.static_text, made)]
    last = activation_text(st, site)
    if last not in ("None", ""):
        layers.append(call_text("keras.layers.Activation", [last]))
    return ctx.use(module, call_text("keras.Sequential", [f"[{', '.join(layers)}]"]))


def activation_text(st: Body, site: Site) -> str:
    """The activation as an argument; empty where the layer has none."""
    rule = site.own.rule
    assert rule is not None
    argument = next(a for a in rule.args if a.source == normalizers.ACTIVATION)
    node = activation_of(st, site)
    if node is None:
        return argument.default or ""
    return rule_arguments.convert(st.ctx, st.module, rule, argument.converter, node, st.static_text)


def weights(st: Body, site: Site, own: dict[str, str]) -> dict[str, str]:
    """Legacy variable -> path for a layer and what normalises it; `own` are those of the layer alone."""
    norm = norm_of(st, site)
    if norm is None:
        return own
    rule, _ = norm
    found = {name: f"layers.0.{path}" for name, path in own.items()}
    return found | {f"{rule.scope}/{name}": f"layers.1.{path}" for name, path in rule.weights.items()}
