"""Where the rule files of this installation are."""

from __future__ import annotations

from pathlib import Path


def rules_directory() -> Path:
    """`rules/` of the checkout, else the installed package's `_rules`."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "rules"
    return checkout if checkout.is_dir() and any(checkout.glob("*.toml")) else package / "_rules"
