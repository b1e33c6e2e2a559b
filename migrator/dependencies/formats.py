"""The files in which projects name their dependencies, read for TensorFlow only: each mention with its place."""

from __future__ import annotations

import ast
import dataclasses
import posixpath
import re
import warnings
from collections.abc import Callable, Iterator

from migrator.dependencies.specs import KNOWN, normal


@dataclasses.dataclass(frozen=True)
class Mention:
    """One dependency in one file. What `start:end` holds is `prefix + name + extras + separator + spec + suffix`."""

    line: int
    start: int
    end: int
    name: str
    spec: str
    prefix: str = ""
    extras: str = ""
    separator: str = ""
    suffix: str = ""
    alone: bool = False
    """Nothing else is on its lines: they can go."""
    place: str | None = None
    """The list or table that it is in, where one that names a distribution twice can do with once."""
    trouble: str = ""
    """Why it is not to be edited; empty where it is plain."""

    def text(self, name: str, spec: str) -> str:
        """The same mention of another version."""
        return self.prefix + name + self.extras + self.separator + spec + self.suffix


@dataclasses.dataclass(frozen=True)
class Image:
    """A container's base image that holds TensorFlow, with its tag."""

    line: int
    start: int
    end: int
    image: str
    tag: str


_NAME = r"(?P<name>[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9])"
_EXTRAS = r"(?P<extras>\[[^\]\n]*\])?"
_REQUIREMENT = re.compile(
    _NAME + _EXTRAS + r"(?P<separator>[ \t]*)(?P<spec>[^;#@'\"\\\n]*?)(?P<tail>[ \t]*;[^#\n]*?)?$"
)
_ITEM = re.compile(
    r"^(?P<lead>[ \t]*(?:-[ \t]+)?(?P<quote>['\"]?))(?P<core>[^#\n]*?)(?P=quote)(?P<end>[ \t]*(?:#.*)?)$", re.M
)
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<core>[^'\"\n]*)(?P=quote)")
_KEY = re.compile(r"^[ \t]*(?P<q>[\"']?)" + _NAME + r"(?P=q)[ \t]*=[ \t]*(?P<value>[^#\n]+?)[ \t]*(?:#.*)?$")
_VERSION = re.compile(r"(?P<quote>['\"])(?P<spec>[^'\"]*)(?P=quote)$")
_TABLE = re.compile(r"\{[ \t]*version[ \t]*=[ \t]*(?P<quote>['\"])(?P<spec>[^'\"]*)(?P=quote)(?P<rest>[^}]*)\}$")
_HARMLESS_KEYS = re.compile(
    r"(?:[ \t]*,[ \t]*(?:optional[ \t]*=[ \t]*(?:true|false)|extras[ \t]*=[ \t]*\[[^\]]*\]))*[ \t]*$"
)
_FROM = re.compile(r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(?P<image>[^\s:@]+)(?::(?P<tag>[^\s@]+))?", re.I | re.M)
_SHELL = re.compile(
    r"(?<![\w./=-])(?P<quote>['\"]?)"
    + _NAME
    + _EXTRAS
    + r"(?P<spec>[=<>~!]=?=?[^\s'\";&|\\]+)(?P=quote)(?=[\s;&|\\,\]'\"]|$)"
)
_ADDRESS = re.compile(
    r"\btensorflow(?:[-_](?:gpu|cpu))?(?:\[[^\]\n]*\])?[ \t]*@[ \t]*[^\s'\"]+"
    r"|[^\s'\"]*/tensorflow(?:[-_](?:gpu|cpu))?-\d[^\s'\"]*|[^\s'\"]*egg=tensorflow\b[^\s'\"]*",
    re.I,
)
# A version of TensorFlow in whatever form: what no reader took for a mention is reported, never passed over.
_ANY = re.compile(
    r"\b(?P<name>tensorflow(?:[-_](?:gpu|cpu|base|mkl|eigen))*)\b"
    r"[ \t]*[=<>~^]=?[ \t]*['\"]?[ \t]*[<>=~^]*[ \t]*(?:[%{]|[01]\.\d*)"
)

ADDRESS = "it is an address, not a version"
UNREAD = "it is not written as a plain requirement"


def kind_of(path: str) -> str | None:
    """Which kind of dependency file a path is, by its name."""
    name = posixpath.basename(path)
    folder = posixpath.basename(posixpath.dirname(path))
    lower = name.lower()
    if lower in ("setup.py", "setup.cfg", "pyproject.toml"):
        return lower
    if lower == "pipfile":
        return "pipfile"
    if lower in ("poetry.lock", "pipfile.lock", "uv.lock", "conda-lock.yml", "pdm.lock"):
        return "lock"
    if lower.startswith("dockerfile") or lower.endswith(".dockerfile"):
        return "dockerfile"
    if lower.endswith((".yml", ".yaml")) and lower.startswith(("environment", "conda", "env")):
        return "conda"
    if lower.endswith((".txt", ".in")) and (
        "requirements" in lower or "constraints" in lower or folder == "requirements"
    ):
        return "requirements"
    return None


def mentions(kind: str, text: str) -> list[Mention]:
    """The dependencies of interest that a file names, in the order of the text."""
    readers: dict[str, Callable[[str], Iterator[Mention]]] = {
        "setup.py": _python,
        "setup.cfg": _settings,
        "requirements": _lines,
        "conda": _lines,
        "pyproject.toml": _toml,
        "pipfile": _keys,
        "dockerfile": _shell,
    }
    if kind not in readers:
        return []
    found = [mention for mention in readers[kind](text) if normal(mention.name) in KNOWN]
    read = {mention.line for mention in found}
    for match in _ANY.finditer(text):
        line = _line(text, match.start())
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if line not in read and "#" not in before:
            found.append(Mention(line, match.start(), match.end(), "tensorflow", "", trouble=UNREAD))
    return sorted(found, key=lambda mention: mention.start)


def images(text: str) -> list[Image]:
    """The base images of a Dockerfile that hold TensorFlow or Python."""
    found: list[Image] = []
    for match in _FROM.finditer(text):
        if re.search(r"tensorflow|\btf\d?\b|(^|/)python$", match["image"]) or "tf" in (match["tag"] or ""):
            tag = match["tag"] or ""
            end = match.end()
            found.append(Image(_line(text, match.start("image")), end - len(tag), end, match["image"], tag))
    return found


def _lines(text: str) -> Iterator[Mention]:
    """A requirement on a line, or an item of a list in YAML."""
    for match in _ITEM.finditer(text):
        core, start = match["core"].rstrip(), match.start("core")
        line = _line(text, start)
        if core.startswith("-"):
            continue  # an option, such as where to look for packages
        if _ADDRESS.search(core):
            yield Mention(line, start, start + len(core), "tensorflow", core, trouble=ADDRESS)
            continue
        continued = core.endswith("\\") or "--hash" in core
        plain = re.split(r"[ \t]*(?:\\$|--hash)", core)[0] if continued else core
        # conda's `name=version=build`, and `name version`
        found = _REQUIREMENT.match(plain)
        if found is None or normal(found["name"]) not in KNOWN:
            continue
        trouble = "it is pinned by hashes, or goes on on another line" if continued else _marker_trouble(found["tail"])
        place = None if found["tail"] or trouble else ""
        alone = not continued and not _only_item(text, match)
        yield _mention(found, line, start, trouble, alone, place)


def _only_item(text: str, match: re.Match[str]) -> bool:
    """Whether a list in YAML would be left empty without this item."""
    if not match["lead"].lstrip().startswith("-"):
        return False
    indent = re.match(r"[ \t]*-", match["lead"])
    before = text[: match.start()].rstrip().rsplit("\n", 1)[-1]
    after = text[match.end() + 1 :]
    return before.endswith(":") and indent is not None and not after.startswith(indent.group())


def _settings(text: str) -> Iterator[Mention]:
    """The lines of setup.cfg, and the settings that hold a requirement on their own line."""
    yield from (dataclasses.replace(mention, place=None) for mention in _lines(text))  # extras are lists of their own
    for match in re.finditer(r"^[ \t]*(install_requires|python_requires)[ \t]*[=:][ \t]*(\S.*?)[ \t]*$", text, re.M):
        start = match.start(2)
        if match[1] == "python_requires":
            yield Mention(_line(text, start), start, start, "python", match[2], trouble="a range")
        elif found := _REQUIREMENT.match(match[2]):
            yield _mention(found, _line(text, start), start, _marker_trouble(found["tail"]), alone=False)


def _mention(
    found: re.Match[str], line: int, start: int, trouble: str, alone: bool, place: str | None = None
) -> Mention:
    spec = found["spec"].rstrip()
    separator = found["separator"]
    if spec and spec[0] not in "=<>~!^":
        separator = ""  # `name 1.13` is conda's; the new spec begins with an operator
    elif spec.startswith("=") and not spec.startswith("=="):
        separator = ""
    last = (
        found.end("spec") - (len(found["spec"]) - len(spec)) if spec else found.start("spec") - len(found["separator"])
    )
    separator = separator if spec else ""
    extras = found["extras"] or ""
    at = start + found.start("name")
    return Mention(line, at, start + last, found["name"], spec, "", extras, separator, "", alone, place, trouble)


def _marker_trouble(marker: str | None) -> str:
    return "its marker asks for a Python version" if marker and "python" in marker else ""


def _python(text: str) -> Iterator[Mention]:
    """The strings of setup.py that are requirements: items of lists, and python_requires."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    starts = [0]
    for row in text.split("\n"):
        starts.append(starts[-1] + len(row) + 1)
    for node in ast.walk(tree):
        items = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else []
        if isinstance(node, ast.keyword) and node.arg in ("install_requires", "python_requires"):
            items = [node.value]
        for item in items:
            if not isinstance(item, ast.Constant) or not isinstance(item.value, str) or item.end_lineno != item.lineno:
                continue
            row = text[starts[item.lineno - 1] : starts[item.lineno] - 1]
            column = len(row.encode()[: item.col_offset].decode())
            written = row[column : len(row.encode()[: item.end_col_offset].decode())]
            body = (
                item.value
                if not (isinstance(node, ast.keyword) and node.arg == "python_requires")
                else f"python{item.value}"
            )
            found = _REQUIREMENT.match(body)
            if found is None or normal(found["name"]) not in KNOWN:
                continue
            simple = written[1:-1] == item.value and written[0] in "'\""
            trouble = _marker_trouble(found["tail"]) if simple else "the string is not plain"
            rest = row[:column].strip() + row[column + len(written) :].split("#")[0].strip()
            start = starts[item.lineno - 1] + column + 1
            if body != item.value:
                yield Mention(item.lineno, start, start, "python", found["spec"], trouble="a range")
            else:
                yield _mention(found, item.lineno, start, trouble, alone=rest in ("", ","))


def _toml(text: str) -> Iterator[Mention]:
    """The strings in arrays of pyproject.toml, and poetry's keys."""
    yield from _keys(text)
    offset = 0
    for number, row in enumerate(text.split("\n"), start=1):
        key = _KEY.match(row)
        for match in _QUOTED.finditer(row):
            before = row[: match.start()]
            if "#" in before or (key is not None and match.start() < key.start("value")):
                continue
            if key is not None and key["name"] == "requires-python":
                yield Mention(number, offset, offset, "python", match["core"], trouble="a range")
                continue
            if key is not None and not key["value"].startswith("["):
                continue
            if _ADDRESS.search(match["core"]):
                start = offset + match.start("core")
                yield Mention(number, start, start + len(match["core"]), "tensorflow", match["core"], trouble=ADDRESS)
                continue
            found = _REQUIREMENT.match(match["core"])
            if found is not None:
                rest = before.strip() + row[match.end() :].split("#")[0].strip()
                start = offset + match.start("core")
                yield _mention(found, number, start, _marker_trouble(found["tail"]), alone=rest in ("", ","))
        offset += len(row) + 1


def _keys(text: str) -> Iterator[Mention]:
    """`name = "spec"` in the tables of poetry and pipenv that hold dependencies."""
    section, offset = "", 0
    for number, row in enumerate(text.split("\n"), start=1):
        heading = re.match(r"[ \t]*\[+([^\]]+)\]+", row)
        section = heading[1] if heading else section
        key = _KEY.match(row)
        if key is not None and re.search(r"(^|[.-])(dependencies|packages|requires)$", section):
            value = _VERSION.match(key["value"]) or _TABLE.match(key["value"])
            at = offset + key.start("name")
            name = "python" if key["name"] == "python_version" else key["name"]
            if value is None:
                yield Mention(number, at, at, name, key["value"], trouble="it has more than a version")
            else:
                rest = value.groupdict().get("rest") or ""
                trouble = "" if _HARMLESS_KEYS.match(rest) else "it has more than a version"
                first = key.end("name") - key.start("name")
                begin = key.start("value") - key.start("name") + value.start("spec")
                whole = row[key.start("name") : key.start("value") + value.end("spec")]
                end = offset + key.start("value") + value.end("spec")
                yield Mention(
                    number,
                    at,
                    end,
                    name,
                    value["spec"],
                    separator=whole[first:begin],
                    alone=True,
                    place=section,
                    trouble=trouble,
                )
        offset += len(row) + 1


def _shell(text: str) -> Iterator[Mention]:
    """The words of `pip install` in the instructions of a Dockerfile."""
    for instruction in re.finditer(r"^[ \t]*RUN\b(?:.*\\\n)*.*$", text, re.M | re.I):
        body = instruction.group()
        if not re.search(r"\b(pip\d?|conda|uv)\b", body):
            continue
        for match in _SHELL.finditer(body):
            start = instruction.start() + match.start()
            before = body[: match.start()]
            nested = match["quote"] == "" and before.count("'") % 2 == 1
            quote = match["quote"] or "'"  # `>` is for the shell
            trouble = "it stands within quotes" if nested else ""
            end = instruction.start() + match.end()
            yield Mention(
                _line(text, start), start, end, match["name"], match["spec"], quote, match["extras"] or "", "", quote,
                trouble=trouble,
            )  # fmt: skip
        for match in _ADDRESS.finditer(body):
            start = instruction.start() + match.start()
            yield Mention(
                _line(text, start), start, start + len(match.group()), "tensorflow", match.group(), trouble=ADDRESS
            )


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
