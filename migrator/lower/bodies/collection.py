"""The owning calls of a body in evaluation order: which share variables, and the attributes that hold them."""

from __future__ import annotations

import ast

from migrator.analysis.modes import Specialiser, Step, header
from migrator.analysis.soundness import active
from migrator.lower.bodies import guards, objects, shared_trips
from migrator.lower.layers import reuse, sized
from migrator.lower.reading.body import Body
from migrator.lower.reading.context import RESERVED, fresh, identifier
from migrator.lower.reading.owning import Own, own_call
from migrator.lower.reading.shadows import local_names
from migrator.lower.reading.sites import Site, calls_in_order, inline_object, ordered, own_kind, plural, same_callee
from migrator.lower.reading.slices import kept_name
from migrator.lower.spec import metric_choices, twin_specs
from migrator.source.syntax import descendants, every


class Collection(Body):
    """The body with its sites."""

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
            metric_choices.share(self)
            guards.check_body(self.ctx, self)
        if self.base is not None:
            self.captured = self.base.captured
            self.taken = self.base.taken
            self.shown = self.base.shown
            self.needed_parameters = self.base.needed_parameters
            self.parameter_names = self.base.parameter_names
        self._loaded.clear()  # what was asked before all sites were known

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
                    shared_trips.lift(self, site, self._making_call(site))
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
        call = self._making_call(site)
        names, reused = shared_trips.taken(self, call)
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
        others = [s for s in self.sites.values() if not here & reached.get(s.step.node, set())]
        for earlier in others:
            if names and self._creates(earlier) == names and same_callee(earlier, site):
                guards.check_alike(self, earlier, site)
                site.other_mode = True
                return earlier.shared or earlier
        if any(names & self._creates(earlier) for earlier in others) and active("mode-layers"):
            message = "the variables of one name are made in different places in different modes"
            raise self.ctx.refuse("mode-layers", site.own.call, self.module, message)
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
                shared_trips.follow(site, known)
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
        stores = [n for n in every(self.node, ast.Name) if n.id == name]
        return sum(isinstance(n.ctx, ast.Store) for n in stores) == 1
