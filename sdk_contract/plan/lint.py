"""Reading a plan's folder: for use, or for everything that is wrong with it."""

from collections.abc import Mapping

from sdk_contract.plan.advice import advice
from sdk_contract.plan.faults import faults
from sdk_contract.plan.folder import Problem, first_error, read_folder
from sdk_contract.plan.model import Plan


def read_plan(files: Mapping[str, str]) -> Plan:
    """Reads a plan's folder (relative path -> text); PlanError names file, line and field of its first error.

    The schemas are looked at too: what this returns can be compiled.
    """
    folder = read_folder(files)
    if error := first_error([*folder.problems, *faults(folder)]):
        raise error
    assert folder.plan is not None
    return folder.plan


def lint(files: Mapping[str, str]) -> list[Problem]:
    """Everything that is wrong (errors), or where nothing is, should be better (warnings)."""
    folder = read_folder(files)
    problems = [*folder.problems, *faults(folder)]
    if first_error(problems) is None:
        problems += advice(folder)
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda problem: (problem.severity, problem.file, problem.line or 0))
