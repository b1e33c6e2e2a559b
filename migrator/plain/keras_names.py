"""The names of a Keras model's layers, and where the program reads those of its input and its output."""

from __future__ import annotations

import ast
import re

from migrator.plain.carried import resolved
from migrator.plain.found import Site, Staying
from migrator.plain.keras_models import KerasModel
from migrator.source.module import Module
from migrator.source.project import reached_by
from migrator.source.syntax import every, is_none_literal

INPUTS = ("InputLayer", "Input")
QUOTE = '"'


def layer_names(model: KerasModel, kinds: list[str]) -> list[str]:
    """The names of the layers as expressions: those that they are given, or kind and number. Raises Staying."""
    counts: dict[str, int] = {}
    names = []
    for layer, kind in zip(model.layers, kinds, strict=True):
        given = next((k.value for k in layer.keywords if k.arg == "name"), None)
        value = resolved(model.site, given) if given is not None else None
        if value is not None and not is_none_literal(value):
            if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
                raise Staying(f"the name of a layer (line {layer.lineno}) is not written where it is made")
            names.append(f'"{value.value}"')
            continue
        stem = stem_of(kind)
        number = counts.get(stem, 0)
        counts[stem] = number + 1
        number += kind in INPUTS  # which are counted from one
        names.append(f'"{stem}_{number}"' if number else f'"{stem}"')
    unnamed = {kind for kind, name in zip(kinds, names, strict=True) if name.strip('"').startswith(stem_of(kind))}
    end = kinds[-1] if kinds[-1] in unnamed else kinds[0]
    if end in unnamed and any(made_elsewhere(model, kind) for kind in {kinds[0], kinds[-1]} & unnamed):
        raise Staying("other Keras layers are made too: name the first and the last layer of the Keras model")
    return names


def input_name(kind: str, name: str) -> str:
    """The name of a model's input as an expression, by the kind and the name of its first layer."""
    return name if kind in INPUTS else f'"{name.strip(QUOTE)}_input"'


def stem_of(kind: str) -> str:
    """A class's name as its layers are called: `conv2d` for `Conv2D`."""
    if kind in INPUTS:
        return "input"
    first = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", first).lower()


def made_elsewhere(model: KerasModel, kind: str) -> bool:
    """True where other code of the program may make a layer of a kind: its number would count."""
    own = set(model.layers)
    alike = INPUTS if kind in INPUTS else (kind,)
    for module in neighbours(model.site):
        for call in every(module.tree, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in alike and call not in own:
                return True
    return False


def neighbours(site: Site) -> list[Module]:
    """The files of a program: that of a site, those that import it, and all that these import."""
    project, own = site.project, site.module.path
    users = [path for path in project.sources if own in project.imports(path)]
    found = reached_by(frozenset({own, *users}), project.imports)
    return [module for module in map(project.module, sorted(found)) if module is not None]
