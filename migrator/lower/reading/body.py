"""One function body while it is split in two: its state, and what the subjects of lowering ask of it."""

from __future__ import annotations

import abc
import ast
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from migrator.analysis.modes import ALL, Step, walk
from migrator.analysis.values import Opaque, Stage
from migrator.lower.reading.context import RESERVED, Context, fresh
from migrator.lower.reading.sites import Site, ordered
from migrator.lower.reading.slices import all_definitions, kept_name, slice_steps
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.source.module import Module


@dataclasses.dataclass(eq=False)
class Body(abc.ABC):
    """The split of one function body. `self_name` is the first parameter of a method, else empty."""

    ctx: Context
    module: Module
    node: ast.FunctionDef
    roles: dict[str, str]
    self_name: str = ""
    keep_self: bool = False  # the class itself becomes the layer: `self.x` stays `self.x`
    late: frozenset[str] = frozenset()  # parameters that are told anew with each call, known as they are
    at_hand: bool = False  # the text stands where the object itself is known: `self.x` stays `self.x`
    free: frozenset[str] = frozenset()  # names of enclosing functions that the body reads
    needed_parameters: set[str] = dataclasses.field(default_factory=set)  # self attributes read at construction
    read_at_construction: set[str] = dataclasses.field(default_factory=set)
    parameter_names: dict[str, str] = dataclasses.field(default_factory=dict)  # "self.x" -> constructor parameter
    modes: frozenset[str] = ALL
    is_model: bool = False
    substituted: dict[ast.AST, str] = dataclasses.field(default_factory=dict)  # nodes with another text
    named_variables: bool = False  # variables are listed with their legacy names
    making_metrics: bool = False  # the construction half is that of the metrics, not of the layers
    checked: set[ast.AST] = dataclasses.field(default_factory=set)  # filters of variables shown to choose alike
    one_text: bool = False  # what tells the mode is written as `training`, where one mode runs it too
    _variables: dict[str, Site] | None = None
    _local_functions: frozenset[str] | None = None
    follows_step: str = ""  # the parameter of a function of the global step, while its body is written
    appended: dict[ast.AST, list[str]] = dataclasses.field(default_factory=dict)  # calls that get more arguments
    overrides: dict[ast.AST, str] = dataclasses.field(default_factory=dict)  # expressions that have other text
    shown: set[int] = dataclasses.field(default_factory=set)  # lines whose comments are printed already
    both_ways: dict[ast.Call, str] = dataclasses.field(default_factory=dict)  # choices by mode -> the name they give
    follows: dict[ast.Call, ast.expr] = dataclasses.field(default_factory=dict)  # layers that are told what these say
    unread: set[ast.Call] = dataclasses.field(default_factory=set)  # layers used again whose result nothing takes
    base: Body | None = None  # the staging of the same body for all modes: attributes are shared with it
    _loaded: dict[tuple[ast.AST, bool], frozenset[str]] = dataclasses.field(default_factory=dict)
    _loaded_with: frozenset[str] = frozenset()  # the captured names for which `_loaded` holds
    # what `__post_init__` finds
    steps: list[Step] = dataclasses.field(init=False)
    kept: Any = dataclasses.field(init=False)
    locals: frozenset[str] = dataclasses.field(init=False)
    sites: dict[ast.Call, Site] = dataclasses.field(init=False)
    taken: set[str] = dataclasses.field(init=False)
    captured: dict[str, str] = dataclasses.field(init=False)  # static name -> attribute
    uses_training: bool = dataclasses.field(init=False)
    training_by_mode: bool = dataclasses.field(init=False)  # what the mode tells is read
    training_parameters: set[str] = dataclasses.field(init=False)  # parameters that stand for `training`
    element_names: set[str] = dataclasses.field(init=False)

    def parameter(self, composite: str) -> str:
        """The constructor parameter that brings an attribute of the object."""
        if composite not in self.parameter_names:
            wanted = composite.removeprefix("self.").lstrip("_")
            taken = {*self.locals, *self.roles, *self.parameter_names.values(), "self", "name", "dtype", "trainable"}
            self.parameter_names[composite] = fresh(wanted, taken)
        return self.parameter_names[composite]

    def capture(self, name: str) -> str:
        """The attribute that holds a static name."""
        variable = self.variable_names().get(name)
        if variable is not None:
            return variable.attr
        if name not in self.captured:
            wanted = name.removeprefix("self.").lstrip("_")
            self.captured[name] = fresh(wanted if wanted not in RESERVED else f"{wanted}_", self.taken)
        return self.captured[name]

    def begin_method(self) -> None:
        """Start another method: whether it reads `training` shows anew, as its expressions are looked at."""
        self.uses_training = False
        self._loaded.clear()

    def held(self, attr: str) -> str:
        """What a constructor keeps on its object, as the end of `call` reads it."""
        name = kept_name(attr)
        return f"self.{self.captured[name]}" if name in self.captured else name

    def mode_names(self) -> set[str]:
        """Names that are bound differently in different modes of the whole body."""
        if self.base is not None:
            return self.base.mode_names()
        found: set[str] = set()
        for step in walk(self.steps):
            if step.kind == "training" and not step.rest:
                found |= {n for s in walk([b for block in step.blocks for b in block]) for n in all_definitions(s)}
        return found

    def ctx_statics(self, node: ast.AST, name: str) -> set[str]:
        """The name itself when every value seen for it is known at construction."""
        value = self.ctx.facts.value(node)
        if value is None or isinstance(value, Opaque) and value.stage > Stage.STATIC:
            return set()
        return {name}

    def loops_around(self, node: ast.AST) -> tuple[Step, ...]:
        """The loops around a node, outermost first."""
        if not hasattr(self, "_loop_index"):
            self._loop_index: dict[int, tuple[Step, ...]] = {}
            for step, loops, _ in ordered(self.steps):
                around = (*loops, step) if step.kind in ("for", "while") else loops
                for inner in descendants(step.node):
                    current = self._loop_index.get(id(inner), ())
                    if len(around) >= len(current):
                        self._loop_index[id(inner)] = around
        return self._loop_index.get(id(node), ())

    def slice_call(self, live: set[str], roots: Callable[[Step], bool]) -> tuple[set[Step], set[str]]:
        """The steps of the call half."""
        return slice_steps(self.steps, live, self.loads_call, roots)

    # ------------------------------------------------------------------------------------------- the whole
    @abc.abstractmethod
    def __post_init__(self) -> None:
        """Slice the body by mode and collect its sites."""

    @abc.abstractmethod
    def loads_call(self, node: ast.AST) -> set[str]:
        """The local names that an expression still reads in the call half."""

    @abc.abstractmethod
    def loads_static(self, node: ast.AST) -> set[str]:
        """The local names that a static expression reads."""

    @abc.abstractmethod
    def loads_construction(self, node: ast.AST) -> set[str]:
        """The static names that building an expression's layers reads; for a static expression, all it reads."""

    @abc.abstractmethod
    def is_captured(self, name: str, node: ast.AST) -> bool:
        """True when a static local can be read from an attribute: nothing changes it after its first use."""

    @abc.abstractmethod
    def variable_names(self) -> dict[str, Site]:
        """Names that only ever hold one variable: the attribute can stand for them."""

    @abc.abstractmethod
    def training_text(self, node: ast.AST) -> str | None:
        """`training`, `not training`, `True` or `False` for a boolean that depends on the mode alone, else None."""

    @abc.abstractmethod
    def tells_mode(self, node: ast.AST) -> bool:
        """True for what says, in a statement of some modes, which these are; asked while their texts are compared."""

    @abc.abstractmethod
    def call_text(self, node: ast.AST, shift: int = 0) -> str:
        """An expression of the call half as text."""

    @abc.abstractmethod
    def static_text(self, node: ast.AST, shift: int = 0) -> str:
        """An expression of the construction half as text. Refuses what is not known at construction."""

    @abc.abstractmethod
    def call_rewrite(self, node: ast.AST) -> str | None:
        """The text of a node in the call half."""

    @abc.abstractmethod
    def static_rewrite(self, node: ast.AST) -> str | None:
        """The text of a node in the construction half."""

    @abc.abstractmethod
    def library_rewrite(self, node: ast.AST, render: Callable[[ast.AST], str]) -> str | None:
        """Library symbols, in either half."""

    @abc.abstractmethod
    def library_rewriter(self) -> Callable[[ast.AST], str | None]:
        """A rewrite that only brings library names up to date."""

    @abc.abstractmethod
    def has_site(self, step: Step) -> bool:
        """True when the step itself creates something."""

    @abc.abstractmethod
    def apart(self, site: Site) -> bool:
        """True for a metric of a model_fn: the model makes it after its layers; one that is not reported goes."""

    @abc.abstractmethod
    def slice_static(self, live: set[str]) -> tuple[set[Step], set[str]]:
        """The steps of the construction half: creations, and the static names that they or `live` need."""

    @abc.abstractmethod
    def local_functions(self) -> frozenset[str]:
        """The functions inside this one that only its call half needs: they stay in `call`, as they were written."""
