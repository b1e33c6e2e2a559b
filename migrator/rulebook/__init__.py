"""What maps to what: the rules of `rules/*.toml` as frozen data, found by canonical legacy name."""

from migrator.rulebook.binding import Refusal, bind, bind_arguments, default_source, parameters, target_of
from migrator.rulebook.errors import RuleError
from migrator.rulebook.index import Rulebook, load
from migrator.rulebook.location import rules_directory
from migrator.rulebook.model import ArgumentRule, Case, Rule
from migrator.rulebook.templates import expand, placeholders

__all__ = [
    "ArgumentRule",
    "Case",
    "Refusal",
    "Rule",
    "RuleError",
    "Rulebook",
    "bind",
    "bind_arguments",
    "default_source",
    "expand",
    "load",
    "parameters",
    "placeholders",
    "rules_directory",
    "target_of",
]
