"""Raw variables: tf.get_variable and tf.Variable become weights of the layer or model that makes them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from migrator.analysis.signatures import VARIABLES
from migrator.analysis.values import Const, Result, Stage
from migrator.emit.fragments import call_text
from migrator.lower.library import partials, shared_draws
from migrator.lower.reading import symbols
from migrator.rulebook import parameters
from migrator.source.syntax import is_none_literal

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site

HARMLESS = frozenset(
    {"collections", "caching_device", "validate_shape", "use_resource", "import_scope", "synchronization"}
)
UNMEASURED = frozenset({"partitioner", "custom_getter", "constraint", "aggregation", "variable_def", "expected_shape"})


def bound(st: Body, site: Site) -> dict[str, ast.expr]:
    """The call's arguments by legacy name."""
    call = partials.with_all(st.ctx, st.module, site.own.call)
    names = parameters(VARIABLES[site.own.symbol]).positional
    found = dict(zip(names, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg})
    for name in UNMEASURED & found.keys():
        if not (isinstance(found[name], ast.Constant) and found[name].value is None):  # type: ignore[attr-defined]
            raise st.ctx.refuse("variable-argument", call, st.module, f"`{name}` of a variable is not measured")
    return found


def static_parts(st: Body, site: Site, late: Collection[ast.expr] = ()) -> list[ast.AST]:
    """What creating the variable needs; what is `late` comes with the first call."""
    found = bound(st, site)
    wanted = ("shape", "initializer", "dtype", "trainable", "regularizer", "initial_value")
    parts = [found[name] for name in wanted if name in found]
    value = found.get("initial_value")
    if isinstance(value, ast.Call) and shape_argument(st, site) in late:
        parts = [part for part in parts if part is not value] + [*value.args, *(k.value for k in value.keywords)]
    return [part for part in parts if part not in late]


def creation_text(st: Body, site: Site) -> str:
    """`self.add_weight(...)` for a variable."""
    return call_text("self.add_weight", options(st, site))


def shape_argument(st: Body, site: Site) -> ast.expr | None:
    """The expression of a variable's shape, where it is written."""
    arguments = bound(st, site)
    node = arguments.get("initial_value")
    if node is None:
        return arguments.get("shape")
    value = st.ctx.facts.value(node)
    if not isinstance(value, Result) or not isinstance(node, ast.Call) or value.symbol not in VALUES:
        return None
    given = dict(zip(VALUES[value.symbol][1], node.args, strict=False))
    return {**given, **{k.arg: k.value for k in node.keywords if k.arg}}.get("shape")


def options(st: Body, site: Site, late: Mapping[str, ast.expr] | None = None) -> list[str]:
    """The arguments of `add_weight`; without the shape and what else is `late` where the first call brings these."""
    sized = late is not None
    arguments = {
        name: node for name, node in bound(st, site).items() if not late or name not in late or name == "shape"
    }
    given = arguments.get("name")
    literal = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else site.attr
    text: list[str] = [f"name='{literal.rsplit('/', 1)[-1]}'"]
    if "initial_value" in arguments:
        text += initial_value(st, arguments["initial_value"], sized)
    else:
        if "shape" not in arguments:
            raise st.ctx.refuse(
                "variable-shape", site.own.call, st.module, "the variable's shape comes from its initializer"
            )
        text += [] if sized else [f"shape={st.static_text(arguments['shape'])}"]
        initializer = arguments.get("initializer")
        if initializer is None or is_none_literal(initializer):
            text.append("initializer='glorot_uniform'")
        else:
            text.append(f"initializer={initializer_text(st, site, initializer)}")
    if "regularizer" in arguments and not is_none_literal(arguments["regularizer"]):
        text.append(f"regularizer={st.static_text(arguments['regularizer'])}")
    if "trainable" in arguments and not true(arguments["trainable"]):
        text.append(f"trainable={st.static_text(arguments['trainable'])}")
    dtype = arguments.get("dtype")
    if dtype is not None:
        shown = st.static_text(dtype)
        if not shown.endswith("float32"):
            text.append(f"dtype={shown}")
    return text


def initial_value(st: Body, node: ast.expr, sized: bool) -> list[str]:
    """Shape (but for a `sized` variable) and initializer of tf.Variable(tf.zeros([n])) and its kind; others refuse."""
    value = st.ctx.facts.value(node)
    if isinstance(value, Result) and isinstance(node, ast.Call):
        maker = VALUES.get(value.symbol)
        if maker is not None:
            target, names = maker
            given = dict(zip(names, node.args, strict=False))
            given.update({k.arg: k.value for k in node.keywords if k.arg})
            shape = given.pop("shape", None)
            if shape is not None:
                size = [] if sized else [f"shape={st.static_text(shape)}"]
                rest = [
                    f"{SPELLING.get(n, n)}={st.static_text(e)}"
                    for n, e in given.items()
                    if n not in ("dtype", "name", "seed")
                ]
                if target.endswith(("Normal", "Uniform")):
                    rest = with_defaults(target, rest)
                elif target == "zeros" or target == "ones":
                    return [*size, f"initializer='{target}'"]
                return [
                    *size,
                    f"initializer={st.ctx.use(st.module, call_text(f'keras.initializers.{target}', rest))}",
                ]
    if isinstance(value, Const) and isinstance(value.value, (int, float)):
        constant = call_text("keras.initializers.Constant", [st.static_text(node)])
        return ["shape=()", f"initializer={st.ctx.use(st.module, constant)}"]
    raise st.ctx.refuse("variable-value", node, st.module, "the variable's initial value is not an initializer")


VALUES = {
    "tensorflow.zeros": ("zeros", ("shape", "dtype", "name")),
    "tensorflow.ones": ("ones", ("shape", "dtype", "name")),
    "tensorflow.random_normal": ("RandomNormal", ("shape", "mean", "stddev", "dtype", "seed", "name")),
    "tensorflow.random.normal": ("RandomNormal", ("shape", "mean", "stddev", "dtype", "seed", "name")),
    "tensorflow.truncated_normal": ("TruncatedNormal", ("shape", "mean", "stddev", "dtype", "seed", "name")),
    "tensorflow.random_uniform": ("RandomUniform", ("shape", "minval", "maxval", "dtype", "seed", "name")),
    "tensorflow.constant": ("Constant", ("value", "dtype", "shape", "name")),
}
SPELLING: dict[str, str] = {}


def with_defaults(target: str, given: list[str]) -> list[str]:
    """TF1's defaults written out: standard deviation 1 (Keras .05), uniform over [0, 1] (Keras +-.05)."""
    names = {g.split("=", 1)[0] for g in given}
    if target == "RandomUniform":
        return ([] if "minval" in names else ["minval=0.0"]) + given + ([] if "maxval" in names else ["maxval=1.0"])
    return given + ([] if "stddev" in names else ["stddev=1.0"])


def initializer_text(st: Body, site: Site, node: ast.expr) -> str:
    """An initializer argument; a tensor as initializer refuses."""
    value = st.ctx.facts.value(node)
    if isinstance(value, Result) and value.stage > Stage.STATIC:
        raise st.ctx.refuse("variable-value", node, st.module, "a tensor initialises the variable")
    if isinstance(value, Const) and isinstance(value.value, (int, float)):
        return st.ctx.use(st.module, call_text("keras.initializers.Constant", [st.static_text(node)]))
    name = symbols.symbol_of(st.ctx, node)
    rule = st.ctx.rules.find(name) if name else None
    if rule is not None and rule.target:
        return st.ctx.use(st.module, f"{rule.target}()")
    return shared_draws.own_draw(st.ctx, st.module, node, st.static_text(node))


def true(node: ast.expr) -> bool:
    """True for a literal True."""
    return isinstance(node, ast.Constant) and node.value is True
