"""TF1 variable names: scopes by activation, default-name counters, reuse. Rules measured on 1.15.5 and 2.15.1."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping
from typing import Any

from migrator.analysis.soundness import active
from migrator.analysis.values import Value


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a variable is made: by a call, on a trip of the loops around it, in an activation of a scope."""

    call: object  # with the calls that lead to it
    trip: tuple[object, ...]  # of each loop around it, where it is known
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
    unsure: frozenset[object] = frozenset()  # the loops on whose trips its path may be another one, or the same
    conditions: int = 0  # how many branches that may not run were open when it was entered
    skipped: set[str] = dataclasses.field(default_factory=set)  # names that only a branch inside it may have opened
    defaults: Mapping[str, Defaults] = dataclasses.field(default_factory=dict)  # see scope_defaults


@dataclasses.dataclass(frozen=True)
class Change:
    """One entry of a set or a table."""

    holder: set[Any] | dict[Place, bool]
    key: Any
    value: bool = False

    def holds(self) -> bool:
        """Whether the entry is there."""
        return self.key in self.holder

    def make(self) -> None:
        """Put the entry in."""
        if isinstance(self.holder, set):
            self.holder.add(self.key)
        else:
            self.holder[self.key] = self.value

    def take_back(self) -> None:
        """Take the entry out."""
        if isinstance(self.holder, set):
            self.holder.discard(self.key)
        else:
            self.holder.pop(self.key, None)


@dataclasses.dataclass(eq=False)
class ScopeStack:
    """The open variable scopes of one graph, and every variable name made so far."""

    entries: list[ScopeEntry] = dataclasses.field(default_factory=lambda: [ScopeEntry("", "no")])
    made: set[str] = dataclasses.field(default_factory=set)
    looping: list[object] = dataclasses.field(default_factory=list)  # the open loops whose trip count is unknown
    patterns: dict[str, dict[Place, bool]] = dataclasses.field(default_factory=dict)  # name -> made where, and reused
    left: list[ScopeEntry] = dataclasses.field(default_factory=list)  # scopes that were entered and left again
    conditions: int = 0  # how many branches that may not run are open
    numbers: dict[str, set[object]] = dataclasses.field(default_factory=dict)  # name without number -> made under it
    log: list[Change] = dataclasses.field(default_factory=list)  # what was noted, so that another path can start anew
    ended: list[list[Change]] = dataclasses.field(default_factory=list)  # what paths noted that left a block early

    def made_before(self, name: str, call: object) -> frozenset[object]:
        """What was made before under a name whose number is not known, on this path: it decides the number."""
        under = self.numbers.setdefault(name.rstrip("*0123456789").rstrip("_"), set())
        before = frozenset(under) if "*" in name else frozenset()
        number = 0
        while (call, number) in under:
            number += 1
        self._note(Change(under, (call, number)))
        return before

    def _add(self, names: set[str], name: str) -> None:
        """Put a name into one of the sets."""
        if name not in names:
            self._note(Change(names, name))

    def _note(self, change: Change) -> None:
        """Make a change that another path can start without."""
        change.make()
        self.log.append(change)

    def undo(self, mark: int) -> list[Change]:
        """Forget what was noted since the log was this long; what that was."""
        path = self.log[mark:]
        for change in reversed(path):
            change.take_back()
        del self.log[mark:]
        return path

    def redo(self, path: list[Change]) -> None:
        """Note again what another path did, where it meets this one."""
        for change in path:
            if not change.holds():
                self._note(change)

    def meet(self, ended: int) -> None:
        """Where a function or a trip ends, meet the paths that left it early, since there were this many."""
        for path in self.ended[ended:]:
            self.redo(path)
        del self.ended[ended:]

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
        self._note_condition(base)
        if self.loops or f"{base}*" in self.top.opened:
            self._add(self.top.opened, f"{base}*")
            return f"{base}*"
        name, count = base, 0
        opened = self.top.opened if active("scope-counters") else {n.rsplit("/", 1)[-1] for n in self.made}
        while name in opened:
            count += 1
            name = f"{base}_{count}"
        self._add(self.top.opened, name)
        return name

    def numbered(self, pattern: str) -> str:
        """A name of its own for a Keras layer: numbered over the whole graph, whatever scope is open, never reused."""
        name, count = pattern, 0
        while not self.loops and name in self.made:
            count += 1
            name = f"{pattern}_{count}"
        self._add(self.made, name)
        return name

    def open(self, name: str) -> None:
        """A name given by the user occupies itself."""
        self._note_condition(name.rstrip("0123456789").rstrip("_"))
        self._add(self.top.opened, name)

    def _note_condition(self, base: str) -> None:
        """Remember what one activation of the innermost scope may open, or not, or open many times."""
        if self.conditions > self.top.conditions or self.loops > self.top.depth:
            self._add(self.top.skipped, base)

    def certain(self, base: str) -> bool:
        """Whether each activation of the innermost scope counts the next default name of this kind alike."""
        return base not in self.top.skipped

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
        sure = name is not None
        if name is not None:
            self.open(name)
        elif default is not None:
            sure = self.certain(default)
            name = self.default(default)
            trips = self.numbered_apart(name)
        else:
            name = "*"
        inherited = self.top.reuse if reuse == "no" else reuse
        entry = ScopeEntry(self.prefix() + name, inherited, manager, depth=self.loops)
        entry.told_apart = self.top.told_apart | trips
        entry.unsure = self.top.unsure if sure else self.top.unsure | (frozenset(self.looping) - trips)
        entry.conditions = self.conditions
        self.entries.append(entry)

    def enter_again(self, scope: ScopeEntry, reuse: str, manager: object = None) -> None:
        """Enter a scope through its object: its names and its reuse hold, wherever it is entered from.

        What was opened in one that is still open is counted on, and forgotten at the end; in any other, afresh.
        """
        around = next((e for e in reversed(self.entries) if e.path == scope.path), None)
        opened = set(around.opened) if around is not None else set()
        told = scope.reuse if reuse == "no" else reuse
        entry = ScopeEntry(scope.path, told, manager, opened, self.loops, scope.told_apart, scope.unsure)
        entry.conditions = self.conditions
        entry.skipped = set(around.skipped) if around is not None else set()
        self.entries.append(entry)

    def numbered_apart(self, name: str) -> frozenset[object]:
        """The loops that a numbered default name tells apart: those opened since its scope was entered."""
        return frozenset(self.looping[self.top.depth :]) if name.endswith("*") else frozenset()

    def of(self, manager: object) -> ScopeEntry | None:
        """The scope that an object stands for: entered with it, now or before."""
        return next((e for e in (*reversed(self.entries), *reversed(self.left)) if e.manager is manager), None)

    def leave(self) -> None:
        """Leave the innermost scope."""
        self.left.append(self.entries.pop())

    def shared(self, trips: frozenset[object], sure: bool) -> frozenset[object] | None:
        """The open loops on all trips of which a name is the same; None where that is not known of one of them.

        `trips` are the loops on each trip of which its last part is another one; `sure`: on the others it is the same.
        """
        met = frozenset(self.looping) - self.top.told_apart - trips
        return None if met and (not sure or met & self.top.unsure) else met

    def create(
        self,
        name: str,
        reuse: str = "no",
        call: object = None,
        trip: tuple[object, ...] = (),
        apart: bool = True,
    ) -> tuple[str, bool | None]:
        """Register a variable or layer of this name; (full name, whether it is an existing one).

        `reuse` is what the layer itself was told. Where that is not known, what exists must have been meant: TensorFlow
        would have raised otherwise. None where it is not known whether a later trip meets the variables of an earlier
        one; not `apart`: that is so for the name in its scope.
        """
        full = self.prefix() + name
        exists = full in self.made and "*" not in full
        self._add(self.made, full)
        told = reuse if reuse != "no" and active("layer-reuse") else self.top.reuse
        automatic = told in ("auto", "unknown") and active("auto-reuse")
        here = Place(call, trip, self.top)
        numbered = name.endswith("*") and name != "*"  # a default name: another one each time in one scope
        before = self.patterns.get(full, {})
        if automatic and (self.looping or "*" in full) and "yes" not in (told, self.top.reuse):
            others = [place for place in before if not (numbered and place.scope is self.top)]
            if (not apart or (others and not self.looping and not numbered)) and active("trips-apart"):
                return full, None
            exists = before.get(here, bool(others))
        reused = told == "yes" or self.top.reuse == "yes" or (automatic and exists)
        if here not in before:
            self._note(Change(self.patterns.setdefault(full, {}), here, reused))
        return full, reused


@dataclasses.dataclass(frozen=True, eq=False)
class Defaults:
    """What one arg_scope gives to an operation, or a variable_scope to what it makes variables of."""

    call: ast.Call
    kwargs: dict[str, Value]
    function: ast.AST | None  # the function that opens the scope


Table = dict[object, tuple[Defaults, ...]]  # by operation, the innermost scope last
