"""Cleaning of values as a tracking plan asks for it: one kind of value, one way to write it."""

from sdk_contract.cleaning.contacts import normal_email, normal_phone
from sdk_contract.cleaning.kinds import KINDS, clean
from sdk_contract.cleaning.properties import clean_properties

__all__ = ["KINDS", "clean", "clean_properties", "normal_email", "normal_phone"]
