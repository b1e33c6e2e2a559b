"""Classes of the program that are Keras models or layers already: they stay, with what they use brought up to date."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from migrator.analysis.lookup import class_member, keras_base
from migrator.analysis.values import ClassRef, Instance, options
from migrator.lower.reading.context import RESERVED, Context
from migrator.lower.reading.definitions import frames_of, lineage
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.analysis.facts import Frame
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site
    from migrator.source.module import Module

# what a Keras layer has itself (measured, Keras 3.15: setting it raises, or changes what the layer does)
LAYER_NAMES = frozenset(
    [
        "activity_regularizer",
        "add_loss",
        "add_weight",
        "autocast",
        "build",
        "built",
        "call",
        "compute_dtype",
        "dtype",
        "dtype_policy",
        "get_config",
        "input",
        "input_spec",
        "losses",
        "metrics",
        "non_trainable_variables",
        "non_trainable_weights",
        "output",
        "path",
        "quantize",
        "supports_masking",
        "trainable",
        "trainable_variables",
        "trainable_weights",
        "variable_dtype",
        "variables",
        "weights",
    ]
)
METHODS = frozenset({"__init__", "call", "__call__"})  # what Keras calls by itself, and this program may define
# what Keras gives an object of such a class, that only names it
NAMES = frozenset({"__class__", "__name__", "name"})


def check(ctx: Context, module: Module, cls: ClassRef) -> None:
    """Refuse what a Keras class does beside holding layers and calling them."""
    for member in cls.node.body:
        name = member.name if isinstance(member, ast.FunctionDef) else ""
        if name in (RESERVED | {"compute_output_shape", "add_variable"}) - METHODS:
            raise ctx.refuse("keras-class", member, module, f"`{name}` of a Keras class has another meaning today")
    for read in inherited_reads(ctx, cls):
        message = f"`{read.attr}` of a Keras object comes from Keras, and is not followed"
        raise ctx.refuse("keras-class", read, module, message)
    for node in descendants(cls.node):
        stored = isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
        if stored and isinstance(node, ast.Attribute) and node.attr in RESERVED:
            raise ctx.refuse("keras-class", node, module, f"`{node.attr}` of a Keras object is reserved today")
        told = isinstance(node, ast.Call) and of_super(node.func)
        if told and isinstance(node, ast.Call) and (node.args or {k.arg for k in node.keywords} - {"name"}):
            raise ctx.refuse("keras-class", node, module, "Keras is told more than a name when the object is made")


def inherited_reads(ctx: Context, cls: ClassRef, given: frozenset[str] = NAMES) -> Iterator[ast.Attribute]:
    """What the program reads of the objects of a class that it does not define itself, but for what is `given`."""
    for node in list(ctx.facts.values):
        if not isinstance(node, ast.Attribute):
            continue
        base = ctx.facts.value(node.value)
        for option in options(base) if base is not None else ():
            if isinstance(option, Instance) and option.cls.node is cls.node and not own(option, node.attr, given):
                yield node


def own(instance: Instance, attr: str, given: frozenset[str]) -> bool:
    """True for an attribute that the program itself defines, or that every object is given."""
    return attr in instance.attrs or attr in given or class_member(instance.cls, attr) is not None


def of_super(func: ast.expr) -> bool:
    """True for `super(...).__init__`."""
    called = func.value.func if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "super" and isinstance(func, ast.Attribute)


def inside_keras(frame: Frame) -> bool:
    """True for an activation inside that of another Keras object."""
    outer = frame.parent
    while outer is not None:
        function = outer.function
        if function is not None and isinstance(function.bound, Instance) and keras_base(function.bound.cls):
            return True
        outer = outer.parent
    return False


def inherits_training(st: Body, site: Site) -> bool:
    """True for a layer that takes from the Keras object around it whether it trains: it is not told itself.

    Refuses a call of that object which leaves it to a default: versions of TensorFlow differ there.
    """
    frames = frames_of(st.ctx, st.node)
    cls = frames[0].function.owner if frames and frames[0].function is not None else None
    if st.node.name != "call" or cls is None or not keras_base(cls):
        return False
    if st.roles.get("training") is None:
        if any(inside_keras(f) for f in frames):
            message = "the Keras object around this layer follows the one around it only in some versions of TensorFlow"
            raise st.ctx.refuse("never-training", site.own.call, st.module, message)
        return False
    for frame in frames:
        default = frame.function.defaults.get("training") if frame.function is not None else None
        if frame.arguments.get("training") in (None, default):
            message = "the Keras object around this layer is not told whether it trains: versions of TensorFlow differ"
            raise st.ctx.refuse("never-training", site.own.call, st.module, message)
    return True


def refuse_phase(st: Body, site: Site) -> None:
    """Refuse a layer that follows the learning phase in a class that stays a Keras class: its call is not told."""
    frames = frames_of(st.ctx, st.node)
    cls = frames[0].function.owner if frames and frames[0].function is not None else None
    if cls is not None and keras_base(cls):
        message = "a layer of a Keras class follows the learning phase: give it `training`"
        raise st.ctx.refuse("keras-learning-phase", site.own.call, st.module, message)


def with_free_names(ctx: Context, module: Module, cls: ast.ClassDef, text: str) -> str:
    """The text of a class that became a layer, its attributes renamed where a Keras layer has its own of that name."""
    inside = {id(n) for n in descendants(cls)}
    found = [n for n in every(cls, ast.Attribute) if n.attr in LAYER_NAMES]
    stored = {n.attr for n in found if not isinstance(n.ctx, ast.Load) and ast.unparse(n.value) == "self"}
    stored = {name for name in stored if re.search(rf"(?<![\w.])self\.{name}\b", text)}  # what is left of them
    for node in list(ctx.facts.values):
        if not isinstance(node, ast.Attribute) or node.attr not in stored or id(node) in inside:
            continue
        base = ctx.facts.value(node.value)
        for option in options(base) if base is not None else ():
            if isinstance(option, Instance) and cls in [c.node for c in lineage(option.cls)]:
                message = f"`{node.attr}` of the object is reserved in a Keras layer, and read outside of its class"
                raise ctx.refuse("reserved-name", node, module, message)
    for name in sorted(stored):
        text = re.sub(rf"(?<![\w.])self\.{name}\b", f"self.{name}_", text)
    return text
