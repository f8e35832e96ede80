"""YAML with the line of every part, so that an error can say where."""

from typing import Any

import yaml
from msgspec import Struct
from yaml.nodes import MappingNode, Node, SequenceNode

from sdk_contract.errors import PlanError


class Tree(Struct, frozen=True):
    """A YAML text read twice: as plain values, and as nodes that know their lines."""

    root: Any
    node: Node | None

    def value(self, path: tuple[Any, ...]) -> Any:
        """Returns the value at a path of keys; KeyError where there is none."""
        value = self.root
        for step in path:
            value = value[step]
        return value

    def place(self, path: tuple[Any, ...]) -> str:
        """Says where a path stands, as far as it exists: `line 7, events.Order.properties`."""
        node, line = self.node, 1
        for step in path:
            if (found := _child(node, step)) is None:
                break
            line, node = found
        return f"line {line}, {'.'.join(map(str, path)) or 'whole file'}"


def read_tree(text: str) -> Tree:
    """Reads a YAML text; raises PlanError with the line for bad YAML and for a key that stands twice."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_twins(node)
        return Tree(yaml.safe_load(text), node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PlanError(f"tracking plan, line {line}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise PlanError(f"tracking plan: {str(error).splitlines()[0]}") from None


def _child(node: Node | None, step: Any) -> tuple[int, Node] | None:
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    return None


def _refuse_twins(node: Node | None) -> None:
    if isinstance(node, SequenceNode):
        for child in node.value:
            _refuse_twins(child)
    if isinstance(node, MappingNode):
        seen = set()
        for key, child in node.value:
            if key.value in seen:
                raise PlanError(
                    f"tracking plan, line {key.start_mark.line + 1}: {key.value!r} stands here twice"
                )
            seen.add(key.value)
            _refuse_twins(child)
