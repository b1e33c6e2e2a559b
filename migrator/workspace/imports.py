"""Which project files a file imports, told from its bytes alone: a cheap, generous answer for finding related files."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

_FROM = re.compile(rb"from[ \t]+(\.*[\w.]*)[ \t]+$")
_NAMES = re.compile(rb"[ \t]*(\([^)]*\)|(?:[^\n;#\\]|\\\r?\n)*)")
_NAME = re.compile(rb"[\w.]+(?:\s+as\s+\w+)?")
_COMMENT = re.compile(rb"#[^\n]*")


def imported_names(data: bytes) -> Iterator[str]:
    """Dotted names as written: `a.b` for `import a.b`; `.x.y`, `a.b.c` for `from .x import y`, `from a.b import c`."""
    at = data.find(b"import")  # a search for one word is many times faster than a pattern tried on every line
    while at >= 0:
        after = at + len(b"import")
        start = max(data.rfind(b"\n", 0, at), data.rfind(b";", 0, at)) + 1
        before = data[start:at].lstrip()
        if data[after : after + 1] in (b" ", b"\t", b"(", b"*", b"\\"):
            if not before:
                yield from _names(_NAMES.match(data, after))
            elif source := _FROM.match(before):
                yield from _members(source.group(1).decode(errors="replace"), _NAMES.match(data, after))
        at = data.find(b"import", after)


def _members(module: str, clause: re.Match[bytes] | None) -> Iterator[str]:
    joint = "" if module.endswith(".") else "."
    for name in _names(clause):
        yield f"{module}{joint}{name}"
    if clause is not None and b"*" in clause.group(1):
        yield module


def _names(clause: re.Match[bytes] | None) -> Iterator[str]:
    if clause is not None:
        for match in _NAME.finditer(_COMMENT.sub(b"", clause.group(1))):
            yield match.group().split()[0].decode(errors="replace")


class ImportIndex:
    """Files of a tree by module name."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        self._absolute: dict[str, frozenset[str]] = {}
        self._by_tail: Mapping[str, list[str]] = defaultdict(list)
        for path in self._paths:
            self._by_tail[_module_path(path).rsplit("/", 1)[-1]].append(path)

    def files(self, importer: str, name: str) -> AbstractSet[str]:
        """The files that `name`, as written in `importer`, may mean; packages on the way are included.

        An absolute name matches every file whose path ends with it, because the search path is not known.
        """
        level = len(name) - len(name.lstrip("."))
        parts = [part for part in name[level:].split(".") if part]
        if level:
            folder = posixpath.dirname(importer)
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            found: set[str] = set()
            for length in range(len(parts) + 1):
                found |= self._exact(posixpath.join(folder, *parts[:length]))
            return found - {importer}
        if name not in self._absolute:
            self._absolute[name] = frozenset(self._ending_with(parts))
        return self._absolute[name] - {importer}

    def _ending_with(self, parts: list[str]) -> Iterator[str]:
        """Files whose path ends with the module name, or with the name of a package that it is in."""
        for length in range(1, len(parts) + 1):
            tail = "/".join(parts[:length])
            for path in self._by_tail.get(parts[length - 1], ()):
                module = _module_path(path)
                if module == tail or module.endswith("/" + tail):
                    yield path
        if "__init__.py" in self._paths:  # the root may be a package itself, under a name that is not in the tree
            yield "__init__.py"
            for length in range(2, len(parts) + 1):
                yield from self._exact("/".join(parts[1:length]))

    def imports(self, importer: str, data: bytes) -> set[str]:
        """Every project file that `importer` with the content `data` may import."""
        found: set[str] = set()
        for name in set(imported_names(data)):
            found |= self.files(importer, name)
        return found

    def _exact(self, module: str) -> set[str]:
        package = f"{module}/__init__.py" if module else "__init__.py"
        return {path for path in (f"{module}.py", package) if path in self._paths}


def _module_path(path: str) -> str:
    return path.removesuffix("/__init__.py").removesuffix(".py")
