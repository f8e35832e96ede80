"""YAML with the line of every part, so that an error can say where.

Words are words: dates, and yes, no, on and off, stay the texts that they are (true and false are booleans).
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct
from yaml.nodes import MappingNode, Node, SequenceNode

from sdk_contract.errors import PlanError

_MOST_PARTS = 500_000
_STRING, _BOOL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:bool"


class YamlError(PlanError):
    """A YAML text cannot be used; `line` counts from 1, None where that is not known."""

    def __init__(self, line: int | None, text: str) -> None:
        super().__init__(text if line is None else f"line {line}: {text}")
        self.line, self.text = line, text


class Tree(Struct, frozen=True):
    """One YAML document read twice: as plain values, and as nodes that know their lines."""

    root: Any
    node: Node | None

    def line(self, path: tuple[Any, ...]) -> int:
        """The line on which a path stands, as far as it exists."""
        node, line = self.node, 1 if self.node is None else self.node.start_mark.line + 1
        for step in path:
            if (found := _child(node, step)) is None:
                break
            line, node = found
        return line


class _Loader(yaml.SafeLoader):
    pass


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, words) for tag, words in found if tag not in ("tag:yaml.org,2002:timestamp", _BOOL)]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def read_trees(text: str) -> list[Tree]:
    """Reads the documents of a YAML text.

    Raises YamlError for bad YAML, for a key that stands twice or is no text, and for aliases that multiply.
    """
    try:
        nodes = list(yaml.compose_all(text, Loader=_Loader))
        left = iter(range(_MOST_PARTS))
        for node in nodes:
            _check_keys(node, left)
        roots = [root for root in yaml.load_all(text, Loader=_Loader) if root is not None]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise YamlError(line, str(error.problem)) from None
    except yaml.YAMLError as error:
        raise YamlError(None, str(error).splitlines()[0]) from None
    except (ValueError, RecursionError) as error:
        raise YamlError(None, str(error)) from None
    return [Tree(root, node) for root, node in zip(roots, _not_null(nodes), strict=True)]


def _not_null(nodes: list[Node]) -> list[Node]:
    return [node for node in nodes if node.tag != "tag:yaml.org,2002:null"]


def _child(node: Node | None, step: Any) -> tuple[int, Node] | None:
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    return None


def _check_keys(node: Node, left: Iterator[int]) -> None:
    """`left`: so many parts more may stand there, each as often as aliases repeat it."""
    if next(left, None) is None:
        raise YamlError(
            node.start_mark.line + 1, f"with its aliases the text has more than {_MOST_PARTS} parts"
        )
    if isinstance(node, SequenceNode):
        for child in node.value:
            _check_keys(child, left)
    if isinstance(node, MappingNode):
        seen = set()
        for key, child in node.value:
            line = key.start_mark.line + 1
            if key.tag not in (_STRING, "tag:yaml.org,2002:merge"):
                raise YamlError(line, f"the name {key.value!r} is no text; put it in quotes")
            if key.value in seen:
                raise YamlError(line, f"{key.value!r} stands here twice")
            seen.add(key.value)
            _check_keys(child, left)
