"""TF1 variable names: scopes by activation, default-name counters, reuse. Rules measured on 1.15.5 and 2.15.1."""

from __future__ import annotations

import dataclasses

from migrator.analysis.soundness import active


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a variable is made: by a call, with these loops open around it, in an activation of a scope."""

    call: object
    looping: tuple[object, ...]
    scope: ScopeEntry = dataclasses.field(compare=False)


@dataclasses.dataclass(eq=False)
class ScopeEntry:
    """One activation of a variable_scope: names opened inside it are counted afresh each time it is entered."""

    path: str
    reuse: str  # "no" | "yes" | "auto" | "unknown"
    manager: object = None  # the value of the variable_scope call
    opened: set[str] = dataclasses.field(default_factory=set)
    depth: int = 0  # how many loops of unknown length were open when it was entered
    told_apart: frozenset[object] = frozenset()  # the loops on each trip of which its path is another one


@dataclasses.dataclass(eq=False)
class ScopeStack:
    """The open variable scopes of one graph, and every variable name made so far."""

    entries: list[ScopeEntry] = dataclasses.field(default_factory=lambda: [ScopeEntry("", "no")])
    made: set[str] = dataclasses.field(default_factory=set)
    looping: list[object] = dataclasses.field(default_factory=list)  # the open loops whose trip count is unknown
    patterns: dict[str, dict[Place, bool]] = dataclasses.field(default_factory=dict)  # name -> made where, and reused
    left: list[ScopeEntry] = dataclasses.field(default_factory=list)  # scopes that were entered and left again

    @property
    def loops(self) -> int:
        """How many loops of unknown length are open."""
        return len(self.looping)

    @property
    def top(self) -> ScopeEntry:
        """The innermost scope."""
        return self.entries[-1]

    def prefix(self) -> str:
        """The path of the innermost scope, with a trailing slash unless it is the root."""
        return f"{self.top.path}/" if self.top.path else ""

    def default(self, base: str) -> str:
        """The first of base, base_1, base_2 ... not yet opened in this activation; `base*` inside an unknown loop."""
        if self.loops or f"{base}*" in self.top.opened:
            self.top.opened.add(f"{base}*")
            return f"{base}*"
        name, count = base, 0
        opened = self.top.opened if active("scope-counters") else {n.rsplit("/", 1)[-1] for n in self.made}
        while name in opened:
            count += 1
            name = f"{base}_{count}"
        self.top.opened.add(name)
        return name

    def numbered(self, pattern: str) -> str:
        """A name of its own for a Keras layer: numbered over the whole graph, whatever scope is open, never reused."""
        name, count = pattern, 0
        while not self.loops and name in self.made:
            count += 1
            name = f"{pattern}_{count}"
        self.made.add(name)
        return name

    def open(self, name: str) -> None:
        """A name given by the user occupies itself."""
        self.top.opened.add(name)

    def enter(
        self,
        name: str | None,
        default: str | None,
        reuse: str,
        manager: object = None,
        trips: frozenset[object] = frozenset(),
    ) -> None:
        """Enter variable_scope(name) or variable_scope(None, default_name=default); None, None: a name nobody knows.

        `trips` are the loops on each trip of which such a name is another one.
        """
        if name is not None:
            self.open(name)
        elif default is not None:
            name = self.default(default)
            trips = self.numbered_apart(name)
        else:
            name = "*"
        inherited = self.top.reuse if reuse == "no" else reuse
        entry = ScopeEntry(self.prefix() + name, inherited, manager, depth=self.loops)
        entry.told_apart = self.top.told_apart | trips
        self.entries.append(entry)

    def enter_again(self, scope: ScopeEntry, reuse: str, manager: object = None) -> None:
        """Enter a scope through its object: its names and its reuse hold, wherever it is entered from.

        What was opened in one that is still open is counted on, and forgotten at the end; in any other, afresh.
        """
        around = next((e for e in reversed(self.entries) if e.path == scope.path), None)
        opened = set(around.opened) if around is not None else set()
        told = scope.reuse if reuse == "no" else reuse
        self.entries.append(ScopeEntry(scope.path, told, manager, opened, self.loops, scope.told_apart))

    def numbered_apart(self, name: str) -> frozenset[object]:
        """The loops that a numbered default name tells apart: those opened since its scope was entered."""
        return frozenset(self.looping[self.top.depth :]) if name.endswith("*") else frozenset()

    def of(self, manager: object) -> ScopeEntry | None:
        """The scope that an object stands for: entered with it, now or before."""
        return next((e for e in (*reversed(self.entries), *reversed(self.left)) if e.manager is manager), None)

    def leave(self) -> None:
        """Leave the innermost scope."""
        self.left.append(self.entries.pop())

    def create(
        self, name: str, reuse: str = "no", call: object = None, trips: frozenset[object] = frozenset()
    ) -> tuple[str, bool | None]:
        """Register a variable or layer of this name; (full name, whether it is an existing one).

        `reuse` is what the layer itself was told. Where that is not known, what exists must have been meant: TensorFlow
        would have raised otherwise. `trips` are the loops on each trip of which the name is another one; None where it
        is not known whether a later trip meets the variables of an earlier one.
        """
        full = self.prefix() + name
        exists = full in self.made and "*" not in full
        self.made.add(full)
        told = reuse if reuse != "no" and active("layer-reuse") else self.top.reuse
        automatic = told in ("auto", "unknown") and active("auto-reuse")
        here = Place(call, tuple(self.looping), self.top)
        numbered = name.endswith("*") and name != "*"  # a default name: another one each time in one scope
        before = self.patterns.setdefault(full, {})
        if automatic and (self.looping or "*" in full) and "yes" not in (told, self.top.reuse):
            others = [place for place in before if not (numbered and place.scope is self.top)]
            met = set(self.looping) - self.top.told_apart - trips or (others and not self.looping and not numbered)
            if met and active("trips-apart"):
                return full, None
            exists = before.get(here, bool(others))
        reused = told == "yes" or self.top.reuse == "yes" or (automatic and exists)
        before.setdefault(here, reused)
        return full, reused
