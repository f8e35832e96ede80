"""Typed clients: a tracking plan as code, so that a wrong call does not compile."""

from collections.abc import Callable, Mapping
from typing import Final

from sdk_contract.codegen.kotlin import kotlin
from sdk_contract.codegen.model import Client
from sdk_contract.codegen.python import python
from sdk_contract.codegen.reading import client
from sdk_contract.codegen.swift import swift
from sdk_contract.codegen.typescript import typescript

LANGUAGES: Final[Mapping[str, Callable[[Client], str]]] = {
    "ts": typescript,
    "kotlin": kotlin,
    "swift": swift,
    "python": python,
}

__all__ = ["LANGUAGES", "Client", "client"]
