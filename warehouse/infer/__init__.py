"""A tracking plan drafted from what the lake holds."""

from warehouse.infer.drafting import Draft, Drafted, infer

__all__ = ["Draft", "Drafted", "infer"]
