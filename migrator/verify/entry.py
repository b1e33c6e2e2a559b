"""How a program is started: a script or `-m package.module`, with its arguments."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any


@dataclasses.dataclass(frozen=True)
class Entry:
    """One way to start a program. Exactly one of `script` (a path under the program's root) and `module` is given."""

    script: str | None = None
    module: str | None = None
    arguments: tuple[str, ...] = ()

    @classmethod
    def parse(cls, command: str) -> Entry:
        """Reads a command line: `train.py --steps 10` or `-m package.train --steps 10`, with or without `python`."""
        words = shlex.split(command)
        if words and words[0].rsplit("/", 1)[-1] in ("python", "python2", "python3"):
            words = words[1:]
        if words[:1] == ["-m"] and len(words) > 1:
            return cls(module=words[1], arguments=tuple(words[2:]))
        if words and not words[0].startswith("-"):
            return cls(script=words[0], arguments=tuple(words[1:]))
        raise ValueError(f"not a program to start: {command!r} (expected `script.py ...` or `-m package.module ...`)")

    def data(self) -> dict[str, Any]:
        """The entry as JSON data, for workers."""
        return {"script": self.script, "module": self.module, "arguments": list(self.arguments)}

    def __str__(self) -> str:
        words = ["-m", self.module] if self.module else [self.script or ""]
        return shlex.join([*words, *self.arguments])
