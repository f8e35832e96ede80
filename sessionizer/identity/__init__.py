"""Who is who: ids of many kinds, the rules by which they become customers, and what is kept of both."""

from sessionizer.identity.decisions import Decision, Decisions
from sessionizer.identity.resolution import Merges, resolve, resolve_all
from sessionizer.identity.rules import USUAL, IdentityRules, read_rules, text_of_identity

__all__ = [
    "USUAL",
    "Decision",
    "Decisions",
    "IdentityRules",
    "Merges",
    "read_rules",
    "resolve",
    "resolve_all",
    "text_of_identity",
]
