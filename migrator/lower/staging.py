"""Staging: one function body becomes two, what is known at construction and what runs on every call.

The body is sliced twice. The construction half keeps what creates layers and what their static arguments need; the call
half keeps what the results need, with each creation replaced by the attribute that holds it. Static values that the
call half reads become attributes.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from typing import Any

from migrator.analysis.changes import PARAMS
from migrator.analysis.facts import MODES
from migrator.analysis.modes import ALL, Specialiser, Step, header, mode_condition, walk
from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Function, Instance, Opaque, Result, Stage, depends_on_mode, options
from migrator.emit.fragments import Renderer, call_text, standalone
from migrator.lower import (
    built_objects,
    cell_dropout,
    cells,
    copies,
    guards,
    mode_state,
    objects,
    recurrent,
    reuse,
    rewriting,
    sized,
    steps,
    tensor_attributes,
    total_loss,
    twin_specs,
)
from migrator.lower.context import RESERVED, Context, fresh, identifier
from migrator.lower.owning import Own, frames_of, one_definition, own_call, owns
from migrator.lower.shadows import own_names, shadowed
from migrator.lower.slices import all_definitions, defined_by, kept_name, slice_steps, target_names
from migrator.source.module import Module
from migrator.source.syntax import children, descendants, remembered


@dataclasses.dataclass(eq=False)
class Site:
    """An owning call of the body: where it stands, and the attribute that will hold what it makes."""

    own: Own
    step: Step
    loops: tuple[Step, ...]
    conditional: bool
    attr: str = ""
    names: list[str] = dataclasses.field(default_factory=list)  # the loop variables bound to its list, outermost first
    shared: Site | None = None
    condition: ast.IfExp | None = None
    comprehension: ast.AST | None = None
    other_mode: bool = False  # shared with a site that makes the same variables in other modes
    late_branch: bool = False  # only the call decides whether it is made
    late: dict[str, ast.expr] | None = None  # arguments that only the call knows, once they were looked for


@dataclasses.dataclass(eq=False)
class Staging:
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
    base: Staging | None = None  # the staging of the same body for all modes: attributes are shared with it
    _loaded: dict[tuple[ast.AST, bool], frozenset[str]] = dataclasses.field(default_factory=dict)
    _loaded_with: frozenset[str] = frozenset()  # the captured names for which `_loaded` holds

    def __post_init__(self) -> None:
        self.steps, _ = Specialiser(self.ctx.facts).block(self.node.body, self.modes, self.node.body[0].lineno - 1)
        if self.is_model:
            self.steps = twin_specs.without_twins(self.steps, self.ctx.twins)
        self.kept = objects.kept_attributes(self)
        self.locals = local_names(self.node) | self.free | {kept_name(attr) for attr in self.kept}
        self.sites: dict[ast.Call, Site] = {}
        self.taken = set(RESERVED)
        self.captured: dict[str, str] = {}  # static name -> attribute
        self.uses_training = False
        self.training_by_mode = False  # what the mode tells is read
        self.training_parameters: set[str] = set()  # parameters that stand for `training`
        self.element_names = set(self.locals)
        if self.base is not None:
            self.both_ways, self.follows, self.unread = self.base.both_ways, self.base.follows, self.base.unread
        for step, loops, conditional in ordered(self.steps):
            self._collect(step, loops, conditional)
        late = sized.late_branches(self.ctx, self.steps)
        everywhere = not self.is_model and sized.called_late(self.ctx, self.node)
        for site in self.sites.values():
            site.late_branch = everywhere or any(site.step in inside for inside in late)
        self._name_sites()
        if self.base is None:
            guards.check_body(self.ctx, self)
        if self.base is not None:
            self.captured = self.base.captured
            self.taken = self.base.taken
            self.shown = self.base.shown
            self.needed_parameters = self.base.needed_parameters
            self.parameter_names = self.base.parameter_names
        self._loaded.clear()  # what was asked before all sites were known

    # ------------------------------------------------------------------------------------------------ owning sites
    def _collect(self, step: Step, loops: tuple[Step, ...], conditional: bool) -> None:
        """Register the owning calls of one step in evaluation order."""
        for expression in header(step):
            for found, condition, comprehension in calls_in_order(expression):
                call = self.ctx.applied.get(found, found) if self.is_model else found
                if call in self.sites:
                    continue
                own = own_call(self.ctx, call)
                if own is None or (own.kind == "object" and not self._entered(call, step)):
                    continue
                site = Site(own, step, loops, conditional or condition is not None, condition=condition)
                site.comprehension = comprehension
                if self.base is None:
                    site.shared = self._shared(site)
                    guards.check_site(self, site, expression)
                self.sites[call] = site

    def _entered(self, call: ast.Call, step: Step) -> bool:
        """True when a constructed object is used on the spot: `Encoder(hp).build(x)`."""
        for node in descendants(step.node):
            if isinstance(node, ast.Call) and node is not call:
                func = node.func
                if func is call or (isinstance(func, ast.Attribute) and func.value is call):
                    return True
        return False

    def _shared(self, site: Site) -> Site | None:
        """The earlier site whose variables this one reuses, by the names that both create."""
        facts = self.ctx.facts
        call = self._making_call(site)
        names: set[str] = set()
        reused: list[bool] = []
        if call in facts.activations:
            for frame in facts.activations[call]:
                names |= {c.name for c in frame.creations}
                own = {c.name for c in frame.creations if not c.reused}
                # what a call made itself and takes again is its own affair
                reused += [c.reused for c in frame.creations if not c.reused or c.name not in own]
        else:
            events = [c for made in facts.creations.values() for c in made if c.call is call]
            names, reused = {c.name for c in events}, [c.reused for c in events]
        if not reused or not all(reused):
            # the calls of a helper that reuse what an earlier call made share the whole layer, not this part of it
            if any(reused) and self.is_model:
                raise self.ctx.refuse(
                    "partial-reuse", call, self.module, "some of the variables made here are reused and some are new"
                )
            return self._in_other_modes(site, names)
        found = [s for s in self.sites.values() if self._creates(s) >= names and same_callee(s, site)]
        if site.own.kind == "layer" and any("*" in name for name in names):
            found = [s for s in found if reuse.same_name(self, s, site)]
        if found:
            around = found[0].loops
            apart = around != site.loops[: len(around)] or found[0].comprehension is not site.comprehension
            if apart and active("loop-again"):
                message = "the layers that one loop makes are used again in another"
                raise self.ctx.refuse("reuse-unknown", call, self.module, message)
            reuse.check_reused(self, found[0], site)
            return found[0].shared or found[0]
        raise self.ctx.refuse("reuse-unknown", call, self.module, "it reuses variables whose creation is not in sight")

    def _in_other_modes(self, site: Site, names: set[str]) -> Site | None:
        """The earlier site that makes the same variables in other modes: one checkpoint holds both."""
        reached = self.ctx.facts.reached
        here = reached.get(site.step.node, set())
        for earlier in self.sites.values():
            if names and self._creates(earlier) == names and same_callee(earlier, site):
                if not here & reached.get(earlier.step.node, set()):
                    guards.check_alike(self, earlier, site)
                    site.other_mode = True
                    return earlier.shared or earlier
        return None

    def _creates(self, site: Site) -> set[str]:
        facts = self.ctx.facts
        call = self._making_call(site)
        if call in facts.activations:
            return {c.name for f in facts.activations[call] for c in f.creations}
        return {c.name for made in facts.creations.values() for c in made if c.call is call}

    def _making_call(self, site: Site) -> ast.Call:
        """The call that makes the variables: of an object that is made where it is used, the use."""
        call = site.own.call
        if site.own.kind == "object":
            for node in descendants(site.step.node):
                if isinstance(node, ast.Call) and (node.func is call or getattr(node.func, "value", None) is call):
                    return node
        return call

    def _name_sites(self) -> None:
        """Give each site its attribute, and each loop level a variable."""
        if self.base is not None:
            for site in self.sites.values():
                known = self.base.sites[site.own.call]
                site.attr, site.names, site.shared = known.attr, known.names, known.shared
            return
        bases = [self._base_name(s) for s in self.sites.values()]
        for site, base in zip(self.sites.values(), bases, strict=True):
            if site.shared is not None:
                site.attr, site.names = site.shared.attr, site.shared.names
                continue
            if site.own.kind == "entry" or (site.own.kind == "layer_object" and not inline_object(site)):
                continue
            if sized.on_the_spot(self, site):
                continue
            if site.loops or site.comprehension is not None:
                site.attr = fresh(plural(base), self.taken)
                for depth in range(len(site.loops)):
                    last = depth == len(site.loops) - 1
                    site.names.append(fresh(base if last else f"{base}_group", self.element_names))
                if site.comprehension is not None:
                    site.names.append(fresh(base, self.element_names))
            else:
                # a parameter of that name may become an attribute too: it keeps the plain name
                plain = base not in RESERVED and base not in self.roles
                suffix = "variable" if own_kind(site) == "variable" else "layer"
                site.attr = fresh(base if plain else f"{base}_{suffix}", self.taken)

    def _base_name(self, site: Site) -> str:
        """A name for the attribute: the user's `name=`, the assigned name where it tells something, or the kind."""
        own = site.own
        given = self._given_name(own)
        if given:
            return identifier(given)
        if own.kind == "function" and own.definition is not None:
            func = own.call.func
            held = isinstance(func, ast.Name) and func.id in self.locals and func.id != own.definition.name
            given = func.id.removesuffix("_fn") if held and isinstance(func, ast.Name) else own.definition.name
            given = own.cls.name if own.cls is not None else given
            return identifier(given)
        elif own.kind == "object" and own.cls is not None:
            kind = identifier(own.cls.name)
        elif own.kind == "variable":
            kind = "weight"
        else:
            kind = own.rule.scope or identifier(own.symbol.rsplit(".", 1)[-1]) if own.rule else "rnn"
            kind = own.definition.name if own.definition is not None else kind
        node = site.step.node
        if isinstance(node, ast.Assign) and node.value is own.call and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and self._telling(target.id) and target.id not in self.roles:
                return identifier(target.id)
        return identifier(str(kind))

    def _given_name(self, own: Own) -> str:
        argument = own.rule.name_arg if own.rule is not None and own.rule.name_arg else "name"
        if own.kind not in ("layer", "variable"):
            return ""
        found = next((k.value for k in own.call.keywords if k.arg == argument), None)
        if found is None and own.kind == "variable" and own.call.args and own.symbol != "tensorflow.Variable":
            found = own.call.args[0]
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            return found.value.rsplit("/", 1)[-1]
        return ""

    def _telling(self, name: str) -> bool:
        """True for a name that is assigned once, so that it names this layer's output."""
        return len(name) > 1 and self._assigned_once(name)

    def _assigned_once(self, name: str) -> bool:
        stores = [n for n in descendants(self.node) if isinstance(n, ast.Name) and n.id == name]
        return sum(isinstance(n.ctx, ast.Store) for n in stores) == 1

    # ------------------------------------------------------------------------------------------------------ names
    def loads_call(self, node: ast.AST) -> set[str]:
        """The local names that an expression still reads in the call half."""
        return set(self._known_loads(node, static=False))

    def loads_static(self, node: ast.AST) -> set[str]:
        """The local names that a static expression reads."""
        return set(self._known_loads(node, static=True))

    def _known_loads(self, node: ast.AST, static: bool) -> frozenset[str]:
        """The names, looked up once: the slices ask for the same expressions many times over.

        But for what is captured, all that they depend on stands when the staging is made.
        """
        if self._loaded_with != self.captured.keys():
            self._loaded.clear()
            self._loaded_with = frozenset(self.captured)
        key = (node, static)
        if key not in self._loaded:
            found: set[str] = set()
            if not self._leaves_no_code(node):
                self._loads(node, found, static)
            self._loaded[key] = frozenset(found)
        return self._loaded[key]

    def _leaves_no_code(self, node: ast.AST) -> bool:
        """True for the making of a scope, which names or orders what is inside it and goes."""
        from migrator.lower.rendering import VANISHING

        value = self.ctx.facts.value(node) if isinstance(node, ast.Call) else None
        return isinstance(value, Result) and value.call is node and value.symbol in VANISHING

    def begin_method(self) -> None:
        """Start another method: whether it reads `training` shows anew, as its expressions are looked at."""
        self.uses_training = False
        self._loaded.clear()

    def _loads(self, node: ast.AST, found: set[str], static: bool) -> None:
        if node in self.overrides:
            return
        if node in self.both_ways and not static:
            found.add(self.both_ways[node])
            return
        told = mode_state.is_set_by_mode(self.ctx.facts, node)
        if isinstance(node, ast.expr) and not told and self.training_text(node) is not None:
            return
        if isinstance(node, ast.Call) and not static and node in self.sites:
            for part in self._call_parts(self.sites[node]):
                self._loads(part, found, static)
            return
        if isinstance(node, ast.Call):
            skipped = steps.step_arguments(self.ctx, node)
            if skipped:
                for child in (node.func, *node.args, *node.keywords):
                    value = child.value if isinstance(child, ast.keyword) else child
                    if value not in skipped:
                        self._loads(value, found, static)
                return
        if not static and total_loss.is_total(self.ctx, node):
            assert isinstance(node, ast.Call)
            for term in total_loss.terms(self, node):
                if isinstance(term, str):
                    found.add(term)
                else:
                    self._loads(term, found, static)
            return
        reads = cell_dropout.static_reads(self.ctx, self.module, self.node, node)
        if reads is not None:
            for part in reads:
                self._loads(part, found, static)
            return
        if isinstance(node, ast.Call) and self._is_schedule(node):
            for part in self._schedule_parts(node):
                self._loads(part, found, static)
            return
        if isinstance(node, ast.Attribute) and rewriting.mode_key(self.ctx, node) is not None:
            return  # its text stands there instead
        composite = self._self_attribute(node)
        if composite is not None:
            local = composite in self.locals
            if isinstance(node.ctx, ast.Store) or (self.at_hand and not local):  # type: ignore[attr-defined]
                return
            if (static and local) or not self.is_captured(composite, node):
                found.add(composite)
            return
        if isinstance(node, ast.Name):
            nested = self._nested_owner(node)
            if nested is not None:
                found |= nested & self.locals
                return
            if isinstance(node.ctx, ast.Load) and node.id in self.locals and node.id != self.self_name:
                if static or not self.is_captured(node.id, node):
                    found.add(node.id)
            return
        if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp, ast.Lambda)):
            inner: set[str] = set()
            for child in children(node):
                self._loads(child, inner, static)
            found |= inner - bound_inside(node)
            return
        if isinstance(node, ast.FunctionDef):
            for child in children(node):
                inner = set()
                self._loads(child, inner, static)
                found |= inner - own_names(node) if child in node.body else inner
            return
        for child in children(node):
            self._loads(child, found, static)

    def _nested_owner(self, node: ast.Name) -> set[str] | None:
        """What a nested function that became a layer was closed over; None for other names."""
        if node.id in self.roles or node.id not in self.locals or not isinstance(node.ctx, ast.Load):
            return None
        function = one_definition(self.ctx.facts.value(node))
        if function is None or not isinstance(function.node, ast.FunctionDef) or not owns(self.ctx, function.node):
            return None
        from migrator.lower import owners

        own = Own(ast.Call(node, [], []), "function", definition=function.node, function=function)
        return {c for c in owners.owner_of(self.ctx, self, own).captured if not c.startswith("self.")}

    def _is_schedule(self, node: ast.Call) -> bool:
        """True for a learning-rate schedule: its Keras form counts steps by itself."""
        symbol = rewriting.called_symbol(self.ctx, node)
        rule = self.ctx.rules.find(symbol) if symbol else None
        return rule is not None and rule.kind == "schedule"

    def _schedule_text(self, node: ast.Call, text: str, render: Callable[[ast.AST], str]) -> str:
        """A schedule, or in a function of the step what it gives for its count."""
        value = self.ctx.facts.value(node)
        plain = value is not None and all(steps.follows_the_step(o) for o in options(value))
        if not self.follows_step:
            if not plain:
                message = "the schedule follows another count than the global step"
                raise self.ctx.refuse("hand-written-schedule", node, self.module, message)
            return text
        rule = self.ctx.rules.find(rewriting.called_symbol(self.ctx, node) or "")
        assert rule is not None
        bound = rewriting.bound_or_refuse(self.ctx, self.module, rule, node)
        count = next((e for name, e in bound.items() if name in steps.COUNTERS), None)
        return f"{text}({self.follows_step if plain or count is None else render(count)})"

    def _schedule_parts(self, node: ast.Call) -> list[ast.expr]:
        """The arguments of a schedule that its Keras form takes."""
        rule = self.ctx.rules.find(rewriting.called_symbol(self.ctx, node) or "")
        assert rule is not None
        bound = rewriting.bound_or_refuse(self.ctx, self.module, rule, node)
        taken = {a.source for a in rule.args} | (set(steps.COUNTERS) if self.follows_step else set())
        return [e for name, e in bound.items() if name in taken]

    def _self_attribute(self, node: ast.AST) -> str | None:
        """`self.x` of a method whose class does not become the layer, as the name "self.x".

        What the body itself keeps on the object is a local name.
        """
        if self.keep_self or not self.self_name or not isinstance(node, ast.Attribute):
            return None
        if isinstance(node.value, ast.Name) and node.value.id == self.self_name:
            if node.attr in self.kept:
                return kept_name(node.attr)
            value = self.ctx.facts.value(node)
            methods = [o for o in options(value) if isinstance(o, Function) and o.bound is not None] if value else []
            if any(owns(self.ctx, method.node) for method in methods):
                return None
            return f"self.{node.attr}"
        return None

    def parameter(self, composite: str) -> str:
        """The constructor parameter that brings an attribute of the object."""
        if composite not in self.parameter_names:
            wanted = composite.removeprefix("self.").lstrip("_")
            taken = {*self.locals, *self.roles, *self.parameter_names.values(), "self", "name", "dtype", "trainable"}
            self.parameter_names[composite] = fresh(wanted, taken)
        return self.parameter_names[composite]

    def _call_parts(self, site: Site) -> list[ast.expr]:
        """The sub-expressions of an owning call that run in the call half."""
        from migrator.lower.owned_calls import call_parts

        return call_parts(self, site)

    def is_captured(self, name: str, node: ast.AST) -> bool:
        """True when a static local can be read from an attribute: nothing changes it after its first use."""
        if node in shadowed(self.node) or name in self.local_functions():
            return False
        own = name == PARAMS and self.is_model and PARAMS in self.ctx.facts.inputs_changed
        if (name in self.captured and not own) or name in self.variable_names():
            return True
        if name in self.late:
            return False
        if self.named_variables and name not in self.roles:
            return False  # the method computes it anew
        if self.ctx.facts.stage(node) > Stage.STATIC or self.ctx.facts.mode_dependent(node):
            return False
        if name not in self.ctx_statics(node, name) or name in self.mode_names():
            return False
        loop_of_use = self._loops_around(node)
        line = getattr(node, "lineno", 0)
        for step in walk(self.steps):
            changed, _ = defined_by(step) if step.kind == "simple" else (set(), set())
            if step.kind == "for" and isinstance(step.node, ast.For):
                changed = target_names(step.node.target)
            if name not in changed:
                continue
            if step.kind == "for" and active("loop-variable"):
                return False  # it changes from trip to trip, and is left with the last one
            later = step.node.lineno > line or set(self._loops_around(step.node)) & set(loop_of_use)
            if later and own:
                copies.check_other_item(self, step, node)
                continue
            if later and active("loop-carried"):
                return False
            if step.kind == "for" and step in loop_of_use:
                return False
            calls = (n for n in descendants(step.node) if isinstance(n, ast.Call))
            if step.kind == "simple" and any(call in self.sites for call in calls):
                return False
        return True

    def local_functions(self) -> frozenset[str]:
        """The functions inside this one that only its call half needs: they stay in `call`, as they were written."""
        if self._local_functions is None:
            self._local_functions = frozenset()
            inside = [s.node for s in walk(self.steps) if isinstance(s.node, ast.FunctionDef)]
            owning = {f.name for f in inside if owns(self.ctx, f)}
            plain = {f.name for f in inside} - owning
            if plain:
                from migrator.lower.owned_calls import static_parts

                parts = [part for site in self.sites.values() for part in static_parts(self, site)]
                self._local_functions = frozenset(plain - {n for part in parts for n in self.loads_static(part)})
                self._loaded.clear()
        return self._local_functions

    def mode_names(self) -> set[str]:
        """Names that are bound differently in different modes of the whole body."""
        if self.base is not None:
            return self.base.mode_names()
        found: set[str] = set()
        for step in walk(self.steps):
            if step.kind == "training" and not step.rest:
                found |= {n for s in walk([b for block in step.blocks for b in block]) for n in all_definitions(s)}
        return found

    def variable_names(self) -> dict[str, Site]:
        """Names that only ever hold one variable: the attribute can stand for them."""
        if self._variables is None:
            self._variables = {}
            for site in self.sites.values():
                node = site.step.node
                plain = site.own.kind == "variable" and not sized.waits(self, site)
                if plain and isinstance(node, ast.Assign) and node.value is site.own.call:
                    target = node.targets[0]
                    if (
                        not site.loops
                        and len(node.targets) == 1
                        and isinstance(target, ast.Name)
                        and self._assigned_once(target.id)
                    ):
                        self._variables[target.id] = site
        return self._variables

    def ctx_statics(self, node: ast.AST, name: str) -> set[str]:
        """The name itself when every value seen for it is known at construction."""
        value = self.ctx.facts.value(node)
        if value is None or isinstance(value, Opaque) and value.stage > Stage.STATIC:
            return set()
        return {name}

    def _loops_around(self, node: ast.AST) -> tuple[Step, ...]:
        if not hasattr(self, "_loop_index"):
            self._loop_index: dict[int, tuple[Step, ...]] = {}
            for step, loops, _ in ordered(self.steps):
                around = (*loops, step) if step.kind in ("for", "while") else loops
                for inner in descendants(step.node):
                    current = self._loop_index.get(id(inner), ())
                    if len(around) >= len(current):
                        self._loop_index[id(inner)] = around
        return self._loop_index.get(id(node), ())

    def capture(self, name: str) -> str:
        """The attribute that holds a static name."""
        variable = self.variable_names().get(name)
        if variable is not None:
            return variable.attr
        if name not in self.captured:
            wanted = name.removeprefix("self.").lstrip("_")
            self.captured[name] = fresh(wanted if wanted not in RESERVED else f"{wanted}_", self.taken)
        return self.captured[name]

    def training_text(self, node: ast.AST) -> str | None:
        """`training`, `not training`, `True` or `False` for a boolean that depends on the mode alone, else None."""
        if not isinstance(node, ast.expr) or isinstance(node, (ast.Constant, ast.Starred)):
            return None
        holds = mode_condition(self.ctx.facts, node, self.modes)
        if holds is None:
            return "training" if self._is_training_parameter(node) else None
        if self.tells_mode(node):
            self.uses_training = self.training_by_mode = True
            return "training"
        if holds == self.modes:
            return "True"
        if not holds:
            return "False"
        if holds == {"train"}:
            self.uses_training = self.training_by_mode = True
            return "training"
        if holds == self.modes - {"train"}:
            self.uses_training = self.training_by_mode = True
            return "not training"
        raise self.ctx.refuse(
            "mode-not-training", node, self.module, "the forward pass tells evaluation from prediction; Keras does not"
        )

    def tells_mode(self, node: ast.AST) -> bool:
        """True for what says, in a statement of some modes, which these are; asked while their texts are compared."""
        by_mode = self.ctx.facts.values.get(node, {})
        modes = by_mode.keys() & self.modes
        said = [getattr(by_mode[mode], "value", None) is (mode == "train") for mode in modes]
        return self.one_text and bool(modes) and modes != self.modes and all(said)

    def _is_training_parameter(self, node: ast.expr) -> bool:
        """True for a parameter that tells whether this call trains: some calls follow the mode, others do not."""
        if not isinstance(node, ast.Name) or self.roles.get(node.id) != "mode" or self.is_model:
            return False
        values = [f.arguments[node.id] for f in frames_of(self.ctx, self.node) if node.id in f.arguments]
        certain = all(isinstance(v, Const) and isinstance(v.value, bool) for v in values)
        if not certain or node.id in bound_inside(self.node):
            return False
        self.uses_training = True
        self.training_parameters.add(node.id)
        return True

    # ---------------------------------------------------------------------------------------------------- halves
    def call_rewrite(self, node: ast.AST) -> str | None:
        """The text of a node in the call half."""
        if node in self.substituted:
            return self.substituted[node]
        if node in self.both_ways:
            return self.both_ways[node]
        text = mode_state.set_text(self, node) or self.training_text(node)
        if text is not None:
            return text
        if isinstance(node, ast.Call) and node in self.sites:
            from migrator.lower.owned_calls import use_text

            return use_text(self, self.sites[node])
        text = mode_state.text_of(self, node) or built_objects.held_text(self, node)
        if text is not None:
            return text
        state = recurrent.state_rewrite(self, node)
        if state is not None:
            return state
        composite = self._self_attribute(node)
        if composite is not None:
            return self._attribute_text(composite, node)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            objects.refuse_bare(self, node)
            if node.id in self.locals and node.id != self.self_name and self.is_captured(node.id, node):
                return f"self.{self.capture(node.id)}"
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            from migrator.lower import variable_lists
            from migrator.lower.owned_calls import comprehension_text

            if self.is_model and not self.named_variables:
                variable_lists.filtered_list(self, node)
            return comprehension_text(self, node)
        if self.is_model and not self.named_variables:
            from migrator.lower import variable_lists

            if node in self.checked and isinstance(node, ast.Attribute):
                holder = node.value
                while isinstance(holder, ast.Attribute):
                    holder = holder.value
                return f"{self.call_text(holder)}.path"
            text = variable_lists.call_text(self, node) if isinstance(node, ast.Call) else None
            text = text or (variable_lists.name_test(self, node) if isinstance(node, ast.Compare) else None)
            if text is not None:
                return text
            if isinstance(node, ast.Attribute) and variable_lists.is_variable_name(self, node):
                raise self.ctx.refuse(
                    "variable-filter", node, self.module, "variables are handled by their graph names"
                )
        symbol = rewriting.called_symbol(self.ctx, node) if isinstance(node, ast.Call) else None
        rule = self.ctx.rules.find(symbol) if symbol else None
        if rule is not None and rule.kind == "layer_class":
            raise self.ctx.refuse("layer-in-call", node, self.module, "a layer object is made anew on every call")
        return self.library_rewrite(node, self.call_text)

    def static_rewrite(self, node: ast.AST) -> str | None:
        """The text of a node in the construction half."""
        if node in self.overrides:
            return self.overrides[node]
        if node in self.appended:
            return with_arguments(Renderer(self.module, self.static_rewrite).inside(node), self.appended[node])
        if self.follows_step and isinstance(node, ast.expr) and steps.is_global_step(self.ctx, node):
            return self.follows_step
        rest = cell_dropout.beside_mode(self.ctx, self.node, node)
        if rest is not None:
            return " and ".join(map(self.static_text, rest))
        if isinstance(node, ast.expr) and not isinstance(node, ast.Constant):
            by_mode = mode_state.is_set_by_mode(self.ctx.facts, node)
            if by_mode or mode_condition(self.ctx.facts, node, self.modes) is not None:
                raise self.ctx.refuse(
                    "mode-at-construction", node, self.module, "a layer is built differently in training"
                )
        composite = self._self_attribute(node)
        if composite is not None:
            if composite in self.locals:
                return composite
            if self.at_hand:
                return None
            self.needed_parameters.add(composite)
            return self.parameter(composite)
        objects.refuse_bare(self, node)
        from migrator.lower.owned_calls import static_call_text, value_text

        if isinstance(node, ast.Call):
            text = cell_dropout.told_to_train(self.ctx, self.module, node, self.static_text)
            text = text or static_call_text(self, node)
            if text is not None:
                return text
        if isinstance(node, (ast.Name, ast.Attribute)):
            text = value_text(self, node)
            if text is not None:
                return text
        return self.library_rewrite(node, self.static_text)

    def _attribute_text(self, composite: str, node: ast.AST) -> str | None:
        """`self.x` of a method in the call half: an attribute of the layer, or a local name."""
        if composite in self.locals:
            if isinstance(node.ctx, ast.Store) or not self.is_captured(composite, node):  # type: ignore[attr-defined]
                return composite
            return f"self.{self.capture(composite)}"
        if self.at_hand:
            return None
        if self.is_told(node):
            return self.parameter(composite)
        if not self.is_captured(composite, node):
            message = f"`{composite}` is not known when the layers are made"
            raise self.ctx.refuse("object-state", node, self.module, message)
        return f"self.{self.capture(composite)}"

    def is_told(self, node: ast.AST) -> bool:
        """True for a tensor that the object of a method holds: a call of the layer that the method became brings it."""
        return not self.is_model and not self.kept and self.ctx.facts.stage(node) is Stage.CALL

    def held(self, attr: str) -> str:
        """What a constructor keeps on its object, as the end of `call` reads it."""
        name = kept_name(attr)
        return f"self.{self.captured[name]}" if name in self.captured else name

    def library_rewriter(self) -> Callable[[ast.AST], str | None]:
        """A rewrite that only brings library names up to date."""
        renderer: Renderer

        def rewrite(node: ast.AST) -> str | None:
            return self.library_rewrite(node, lambda inner: renderer.expression(inner))

        renderer = Renderer(self.module, rewrite)
        return rewrite

    def library_rewrite(self, node: ast.AST, render: Callable[[ast.AST], str]) -> str | None:
        """Library symbols, in either half."""
        if isinstance(node, ast.Call):
            skipped = steps.step_arguments(self.ctx, node)
            if skipped:
                return steps.call_without(node, skipped, render)
            symbol = rewriting.called_symbol(self.ctx, node)
            if symbol is not None:
                text = rewriting.rewrite_call(self.ctx, self.module, node, symbol, render)
                if text is not None and self._is_schedule(node):
                    return self._schedule_text(node, text, render)
                return text
        text = tensor_attributes.text_of(self.ctx, node, render)
        if text is not None:
            return text
        if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
            symbol = rewriting.symbol_of(self.ctx, node)
            if symbol is not None:
                return rewriting.rewrite_reference(self.ctx, self.module, node, symbol)
            return cells.attribute_text(self.ctx, self.module, node, render) or rewriting.mode_key(self.ctx, node)
        return None

    def call_text(self, node: ast.AST, shift: int = 0) -> str:
        """An expression of the call half as text."""
        return Renderer(self.module, self.call_rewrite).expression(node, shift)

    def static_text(self, node: ast.AST, shift: int = 0) -> str:
        """An expression of the construction half as text. Refuses what is not known at construction."""
        stage = self.ctx.facts.stage(node)
        known = isinstance(node, ast.Constant) or node in self.overrides or self.follows_step
        if stage > Stage.STATIC and not known:
            what = "an input's shape" if stage is Stage.SHAPE else "a tensor"
            raise self.ctx.refuse(
                "argument-stage", node, self.module, f"an argument of a layer depends on {what}, known only when called"
            )
        return Renderer(self.module, self.static_rewrite).expression(node, shift)

    # ---------------------------------------------------------------------------------------------------- slicing
    def has_site(self, step: Step) -> bool:
        """True when the step itself creates something."""
        found = [s for s in self.sites.values() if s.step is step and s.shared is None and not self.apart(s)]
        return any(not sized.on_the_spot(self, s) for s in found)

    def apart(self, site: Site) -> bool:
        """True for a metric of a model_fn: the model makes it after its layers; one that is not reported goes."""
        if not self.is_model:
            return False
        from migrator.lower.metrics import reported
        from migrator.lower.model import metric_site

        if not metric_site(self, site):
            return self.making_metrics
        return not (self.making_metrics and reported(self.ctx, site))

    def slice_call(self, live: set[str], roots: Callable[[Step], bool]) -> tuple[set[Step], set[str]]:
        """The steps of the call half."""
        return slice_steps(self.steps, live, self.loads_call, roots)

    def slice_static(self, live: set[str]) -> tuple[set[Step], set[str]]:
        """The steps of the construction half: creations, and the static names that they or `live` need."""

        def roots(step: Step) -> bool:
            return self.has_site(step)

        return slice_steps(self.steps, live, self.loads_construction, roots)

    def loads_construction(self, node: ast.AST) -> set[str]:
        """The static names that building an expression's layers reads; for a static expression, all it reads."""
        from migrator.lower.owned_calls import static_parts

        calls = [self.ctx.applied.get(c, c) for c in descendants(node) if isinstance(c, ast.Call)]
        sites = [self.sites[c] for c in calls if c in self.sites]
        if not sites:
            if isinstance(node, ast.expr) and self.ctx.facts.stage(node) > Stage.STATIC:
                return set()
            return self.loads_static(node)
        found: set[str] = set()
        for site in sites:
            for part in static_parts(self, site):
                found |= self.loads_static(part)
        return found


# ---------------------------------------------------------------------------------------------------------- pieces
def ordered(
    steps: list[Step], loops: tuple[Step, ...] = (), conditional: bool = False
) -> list[tuple[Step, tuple[Step, ...], bool]]:
    """Every step with the loops around it and whether it may be skipped, in source order."""
    found: list[tuple[Step, tuple[Step, ...], bool]] = []
    for step in steps:
        found.append((step, loops, conditional))
        skipped = conditional or step.kind in ("if", "try")
        for index, block in enumerate(step.blocks):
            # the `else` of a loop runs once
            repeated = step.kind in ("for", "while") and index == 0
            found += ordered(block, (*loops, step) if repeated else loops, skipped)
    return found


@remembered
def calls_in_order(node: ast.AST) -> tuple[tuple[ast.Call, ast.IfExp | None, ast.AST | None], ...]:
    """Calls of an expression in evaluation order, with the conditional expression and comprehension around each."""
    found: list[tuple[ast.Call, ast.IfExp | None, ast.AST | None]] = []

    def visit(inner: ast.AST, condition: ast.IfExp | None, comprehension: ast.AST | None) -> None:
        if isinstance(inner, ast.Lambda):
            return
        if isinstance(inner, ast.IfExp):
            visit(inner.test, condition, comprehension)
            visit(inner.body, inner, comprehension)
            visit(inner.orelse, inner, comprehension)
            return
        if isinstance(inner, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)):
            comprehension = inner
            for generator in inner.generators:
                visit(generator, condition, comprehension)
            for child in children(inner):
                if not isinstance(child, ast.comprehension):
                    visit(child, condition, comprehension)
            return
        for child in children(inner):
            visit(child, condition, comprehension)
        if isinstance(inner, ast.Call):
            found.append((inner, condition, comprehension))

    visit(node, None, None)
    return tuple(found)


@remembered
def local_names(node: ast.FunctionDef) -> frozenset[str]:
    """Parameters and names bound in a function's own body."""
    arguments = node.args
    names = {p.arg for p in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    todo: list[ast.AST] = list(node.body)
    outer: set[str] = set()
    while todo:
        inner = todo.pop()
        if isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
            names.add(inner.name)
            continue
        if isinstance(inner, ast.Lambda):
            continue
        if isinstance(inner, (ast.Import, ast.ImportFrom)):
            names |= {(a.asname or a.name).split(".")[0] for a in inner.names}
        if isinstance(inner, (ast.Global, ast.Nonlocal)):
            outer |= set(inner.names)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            names.add(inner.id)
        if isinstance(inner, ast.comprehension):
            todo += [inner.iter, *inner.ifs]  # its targets live in a scope of their own
            continue
        todo.extend(children(inner))
    return frozenset(names - outer)


def bound_inside(node: ast.AST) -> set[str]:
    """Names bound by a lambda's parameters or a comprehension's targets."""
    if isinstance(node, ast.Lambda):
        return {p.arg for p in (*node.args.args, *node.args.kwonlyargs)}
    return {n.id for n in descendants(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def plural(name: str) -> str:
    """A name for a list of layers."""
    return name if name.endswith("s") else f"{name}_layers" if name in ("dense", "dropout") else f"{name}s"


def with_arguments(call: str, arguments: list[str]) -> str:
    """A call with more arguments at its end, on a line of their own where the others are."""
    before = call[:-1].rstrip().rstrip(",")
    if before.endswith("("):
        return f"{before}{', '.join(arguments)})"
    last = before.split("\n")[-1]
    gap = ", " if "\n" not in before else ",\n" + " " * (len(last) - len(last.lstrip()))
    return f"{before}{gap}{', '.join(arguments)})"


def inline_object(site: Site) -> bool:
    """True for a layer object that is made where it is called: `tf.layers.Dense(10)(x)`."""
    return site.own.kind == "layer_object" and isinstance(site.own.holder, ast.Call)


def own_kind(site: Site) -> str:
    """What a site owns."""
    return site.own.kind


def same_callee(a: Site, b: Site) -> bool:
    """True when two owning calls make the same kind of thing."""
    return a.own.definition is b.own.definition and a.own.symbol == b.own.symbol


__all__ = ["MODES", "Any", "Const", "Instance", "Site", "Staging", "call_text", "depends_on_mode", "standalone"]
