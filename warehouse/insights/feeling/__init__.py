"""How a text sounds: what scorers are, the one that comes along, and which one is asked."""

from warehouse.insights.feeling.scorers import GROUP, LEXICON, Scorer, scorer

__all__ = ["GROUP", "LEXICON", "Scorer", "scorer"]
