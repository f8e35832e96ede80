"""Advice on a plan that can be used but could be better."""

from collections.abc import Iterator

from sdk_contract.plan.folder import Folder, Problem
from sdk_contract.plan.model import Plan


def advise(folder: Folder, plan: Plan) -> Iterator[Problem]:
    yield from ()
