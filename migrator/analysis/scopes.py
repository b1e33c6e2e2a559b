"""TF1 variable names: scopes by activation, default-name counters, reuse. Rules measured on 1.15.5 and 2.15.1."""

from __future__ import annotations

import dataclasses

from migrator.analysis.soundness import active


@dataclasses.dataclass(eq=False)
class ScopeEntry:
    """One activation of a variable_scope: names opened inside it are counted afresh each time it is entered."""

    path: str
    reuse: str  # "no" | "yes" | "auto" | "unknown"
    manager: object = None  # the value of the variable_scope call
    opened: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(eq=False)
class ScopeStack:
    """The open variable scopes of one graph, and every variable name made so far."""

    entries: list[ScopeEntry] = dataclasses.field(default_factory=lambda: [ScopeEntry("", "no")])
    made: set[str] = dataclasses.field(default_factory=set)
    loops: int = 0  # depth of loops whose trip count is unknown
    left: list[ScopeEntry] = dataclasses.field(default_factory=list)  # scopes that were entered and left again

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

    def enter(self, name: str | None, default: str | None, reuse: str, manager: object = None) -> None:
        """Enter variable_scope(name) or variable_scope(None, default_name=default); None, None: a name nobody knows."""
        if name is not None:
            self.open(name)
        elif default is not None:
            name = self.default(default)
        else:
            name = "*"
        inherited = self.top.reuse if reuse == "no" else reuse
        self.entries.append(ScopeEntry(self.prefix() + name, inherited, manager))

    def enter_again(self, scope: ScopeEntry, reuse: str, manager: object = None) -> None:
        """Enter a scope through its object: its names and its reuse hold, wherever it is entered from.

        What was opened in one that is still open is counted on, and forgotten at the end; in any other, afresh.
        """
        around = next((e for e in reversed(self.entries) if e.path == scope.path), None)
        opened = set(around.opened) if around is not None else set()
        self.entries.append(ScopeEntry(scope.path, scope.reuse if reuse == "no" else reuse, manager, opened))

    def of(self, manager: object) -> ScopeEntry | None:
        """The scope that an object stands for: entered with it, now or before."""
        return next((e for e in (*reversed(self.entries), *reversed(self.left)) if e.manager is manager), None)

    def leave(self) -> None:
        """Leave the innermost scope."""
        self.left.append(self.entries.pop())

    def create(self, name: str, reuse: str = "no") -> tuple[str, bool]:
        """Register a variable or layer of this name; (full name, whether it is an existing one).

        `reuse` is what the layer itself was told. Where that is not known, what exists must have been meant: TensorFlow
        would have raised otherwise.
        """
        full = self.prefix() + name
        exists = full in self.made and "*" not in full
        self.made.add(full)
        told = reuse if reuse != "no" and active("layer-reuse") else self.top.reuse
        automatic = told in ("auto", "unknown") and active("auto-reuse")
        reused = told == "yes" or self.top.reuse == "yes" or (automatic and exists)
        return full, reused
