"""A YAML document as plain values, and the line each of them stands on. What the values mean is for those who ask."""

from __future__ import annotations

from typing import Any

import yaml

from pipeline.shape import Misshapen, Position

# The tags of YAML's plain nodes (YAML 1.1, 2.4).
STRING, SEQUENCE, MAPPING = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))


def built(loader: yaml.CSafeLoader, node: yaml.Node, position: Position) -> Any:
    """What a node of the file says, in plain values; a key written twice is a fault.

    PyYAML's own way takes three times as long, which is felt with a roster of thousands.
    """
    if node.tag == STRING and isinstance(node, yaml.ScalarNode):
        return node.value
    if node.tag == SEQUENCE and isinstance(node, yaml.SequenceNode):
        return [built(loader, value, (*position, index)) for index, value in enumerate(node.value)]
    if node.tag == MAPPING and isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(keys) == len(node.value) > len(set(keys)):
            raise Misshapen((*position, next(key for key in keys if keys.count(key) > 1)), "这一项写了两次")
        if len(keys) == len(node.value) and "<<" not in keys:
            return {
                built(loader, key, position): built(loader, value, (*position, key.value)) for key, value in node.value
            }
    try:
        return loader.construct_object(node, deep=True)
    except ValueError:
        raise Misshapen(position, f"不能当作 {node.tag.rpartition(':')[2]}") from None


def line_of(node: yaml.Node, position: Position) -> int:
    """The line of a position in the file, or of the nearest thing above it that exists."""
    line = node.start_mark.line + 1
    for step in position:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(step)]
            if not pairs:
                break
            # Of a key written twice the second is the fault.
            key, node = pairs[-1]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return int(line)
