"""Staging: one function body becomes two, what is known at construction and what runs on every call.

The body is sliced twice. The construction half keeps what creates layers and what their static arguments need; the call
half keeps what the results need, with each creation replaced by the attribute that holds it. Static values that the
call half reads become attributes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.modes import Step, mode_condition, walk
from migrator.analysis.values import Stage, options
from migrator.emit.fragments import Renderer, with_arguments
from migrator.lower.bodies import built_objects, objects, variable_lists
from migrator.lower.bodies.owned_calls import asked_text, comprehension_text
from migrator.lower.bodies.owned_creations import static_call_text, value_text
from migrator.lower.bodies.reads import Reads
from migrator.lower.layers import recurrent, sized
from migrator.lower.library import cell_dropout, cells, rewriting, rule_arguments, steps, tensor_attributes
from migrator.lower.reading import mode_state, symbols
from migrator.lower.reading.slices import all_definitions, slice_steps
from migrator.lower.spec import rates, returned_values
from migrator.lower.spec.metric_sites import metric_site, reported

if TYPE_CHECKING:
    from migrator.lower.reading.sites import Site


class Staging(Reads):
    """The body with the text of both halves."""

    def _schedule_text(self, node: ast.Call, text: str, render: Callable[[ast.AST], str]) -> str:
        """A schedule, or in a function of the step what it gives for its count."""
        value = self.ctx.facts.value(node)
        plain = value is not None and all(steps.follows_the_step(o) for o in options(value))
        if not self.follows_step:
            if not plain:
                message = "the schedule follows another count than the global step"
                raise self.ctx.refuse("hand-written-schedule", node, self.module, message)
            return text
        rule = self.ctx.rules.find(symbols.called_symbol(self.ctx, node) or "")
        assert rule is not None
        bound = rule_arguments.bound_or_refuse(self.ctx, self.module, rule, node)
        count = next((e for name, e in bound.items() if name in steps.COUNTERS), None)
        return f"{text}({self.follows_step if plain or count is None else render(count)})"

    def call_rewrite(self, node: ast.AST) -> str | None:
        """The text of a node in the call half."""
        if node in self.substituted:
            return self.substituted[node]
        if node in self.both_ways:
            return self.both_ways[node]
        text = returned_values.target_text(self, node) or rates.text_of(self, node)
        if text is not None:
            return text
        text = mode_state.set_text(self, node) or self.training_text(node)
        if text is not None:
            return text
        if isinstance(node, ast.Call) and node in self.sites:
            return asked_text(self, self.sites[node])
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
            if self.is_model and not self.named_variables:
                variable_lists.filtered_list(self, node)
            return comprehension_text(self, node)
        if self.is_model and not self.named_variables:
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
        symbol = symbols.called_symbol(self.ctx, node) if isinstance(node, ast.Call) else None
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
        text = built_objects.kept_text(self, node)
        if text is not None:
            return text

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
            symbol = symbols.called_symbol(self.ctx, node)
            if symbol is not None:
                text = rewriting.rewrite_call(self.ctx, self.module, node, symbol, render)
                if text is not None and self._is_schedule(node):
                    return self._schedule_text(node, text, render)
                return text
        text = tensor_attributes.text_of(self.ctx, node, render)
        if text is not None:
            return text
        if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
            symbol = symbols.symbol_of(self.ctx, node)
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

    def has_site(self, step: Step) -> bool:
        """True when the step itself creates something."""
        found = [s for s in self.sites.values() if s.step is step and s.shared is None and not self.apart(s)]
        return any(not sized.on_the_spot(self, s) for s in found)

    def apart(self, site: Site) -> bool:
        """True for a metric of a model_fn: the model makes it after its layers; one that is not reported goes."""
        if not self.is_model:
            return False

        if not metric_site(self, site):
            return self.making_metrics
        return not (self.making_metrics and reported(self.ctx, site))

    def slice_static(self, live: set[str]) -> tuple[set[Step], set[str]]:
        """The steps of the construction half: creations, and the static names that they or `live` need."""

        def roots(step: Step) -> bool:
            return self.has_site(step)

        def loads(node: ast.AST) -> set[str]:
            return self.loads_construction(node) | given_before.get(node, set())

        # a return that makes a layer ends the construction too: what `call` reads must have been made by then
        made = {step: all_definitions(step) for step in walk(self.steps) if not step.blocks}
        given_before: dict[ast.AST, set[str]] = {
            step.node.value: live & {n for s, names in made.items() if s.node.lineno < step.node.lineno for n in names}
            for step in made
            if isinstance(step.node, ast.Return) and step.node.value is not None
        }
        return slice_steps(self.steps, live, loads, roots)
