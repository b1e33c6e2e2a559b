"""The names that an expression reads in either half of a body, and which of them attributes stand for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.changes import PARAMS
from migrator.analysis.modes import mode_condition, walk
from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Function, Result, Stage, options
from migrator.lower.bodies import built_objects, copies
from migrator.lower.bodies.collection import Collection
from migrator.lower.bodies.owned_calls import call_parts, static_parts
from migrator.lower.layers import sized
from migrator.lower.library import cell_dropout, partials, rewriting, rule_arguments, steps, tensor_pieces
from migrator.lower.reading import mode_state, symbols
from migrator.lower.reading.definitions import frames_of, one_definition
from migrator.lower.reading.owner import owner_of
from migrator.lower.reading.owning import Own, owns
from migrator.lower.reading.shadows import bound_inside, own_names, shadowed
from migrator.lower.reading.slices import defined_by, kept_name, target_names
from migrator.lower.reading.symbols import VANISHING
from migrator.lower.spec import rates, total_loss
from migrator.lower.spec.metric_sites import stores_metric
from migrator.source.syntax import children, every

if TYPE_CHECKING:
    from migrator.lower.reading.sites import Site


class Reads(Collection):
    """The body with what its expressions read."""

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

        value = self.ctx.facts.value(node) if isinstance(node, ast.Call) else None
        return isinstance(value, Result) and value.call is node and value.symbol in VANISHING

    def _loads(self, node: ast.AST, found: set[str], static: bool) -> None:
        if node in self.overrides:
            return
        if node in self.both_ways and not static:
            found.add(self.both_ways[node])
            return
        if built_objects.kept_attribute(self, node) is not None:
            return
        told = mode_state.is_set_by_mode(self.ctx.facts, node)
        if isinstance(node, ast.expr) and not told and self.training_text(node) is not None:
            return
        if isinstance(node, ast.Call) and not static and node in self.sites:
            for part in self._call_parts(self.sites[node]):
                self._loads(part, found, static)
            return
        if isinstance(node, ast.Call) and node in self.ctx.facts.callees and partials.of_layer_class(self.ctx, node):
            whole = partials.written_out(self.ctx, self.module, node)
            for part in (*whole.args, *(k.value for k in whole.keywords)):
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
        if not static and rates.is_rate(self, node):
            return  # the optimizer tells it
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

        own = Own(ast.Call(node, [], []), "function", definition=function.node, function=function)
        return {c for c in owner_of(self.ctx, self, own).captured if not c.startswith("self.")}

    def _is_schedule(self, node: ast.Call) -> bool:
        """True for a learning-rate schedule: its Keras form counts steps by itself."""
        symbol = symbols.called_symbol(self.ctx, node)
        rule = self.ctx.rules.find(symbol) if symbol else None
        return rule is not None and rule.kind == "schedule"

    def _schedule_parts(self, node: ast.Call) -> list[ast.expr]:
        """The arguments of a schedule that its Keras form takes."""
        rule = self.ctx.rules.find(symbols.called_symbol(self.ctx, node) or "")
        assert rule is not None
        bound = rule_arguments.bound_or_refuse(self.ctx, self.module, rule, node)
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

    def _call_parts(self, site: Site) -> list[ast.expr]:
        """The sub-expressions of an owning call that run in the call half."""

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
        loop_of_use = self.loops_around(node)
        line = getattr(node, "lineno", 0)
        for step in walk(self.steps):
            changed, _ = defined_by(step) if step.kind == "simple" else (set(), set())
            if step.kind == "for" and isinstance(step.node, ast.For):
                changed = target_names(step.node.target)
            if name not in changed:
                continue
            if step.kind == "for" and active("loop-variable"):
                return False  # it changes from trip to trip, and is left with the last one
            later = step.node.lineno > line or set(self.loops_around(step.node)) & set(loop_of_use)
            if later and own:
                copies.check_other_item(self, step, node)
                continue
            if later and active("loop-carried"):
                return False
            if step.kind == "for" and step in loop_of_use:
                return False
            calls = (n for n in every(step.node, ast.Call))
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
                parts = [part for site in self.sites.values() for part in static_parts(self, site)]
                self._local_functions = frozenset(plain - {n for part in parts for n in self.loads_static(part)})
                self._loaded.clear()
        return self._local_functions

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

    def loads_construction(self, node: ast.AST) -> set[str]:
        """The static names that building an expression's layers reads; for a static expression, all it reads."""

        calls = [self.ctx.applied.get(c, c) for c in every(node, ast.Call)]
        sites = [self.sites[c] for c in calls if c in self.sites]
        if not sites:
            if stores_metric(self, node):
                return set()
            if isinstance(node, ast.expr) and self.ctx.facts.stage(node) > Stage.STATIC:
                number = tensor_pieces.count(self, node)
                return self.loads_static(number) if number is not None else set()
            return self.loads_static(node)
        found: set[str] = set()
        for site in sites:
            for part in static_parts(self, site):
                found |= self.loads_static(part)
        return found

    def is_told(self, node: ast.AST) -> bool:
        """True for a tensor that the object of a method holds: a call of the layer that the method became brings it."""
        return not self.is_model and not self.kept and self.ctx.facts.stage(node) is Stage.CALL
