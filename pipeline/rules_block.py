"""One rule's block of rules.yaml as a Rule: its check must exist, its parameters suit it, its sentences name only what is known.

Whether a rule is wise it does not know, nor what else stands in the file.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Set
from typing import Annotated, Any

from msgspec import Meta, Struct

import pipeline.predicates  # noqa: F401 - importing it fills the vocabulary
from pipeline.model import Severity
from pipeline.rules import Rule
from pipeline.shape import Misshapen, one_of, shaped
from pipeline.subjects import VOCABULARY, Predicate


class _Block(Struct, frozen=True):
    severity: str
    check: str
    message: Annotated[str, Meta(min_length=1)]
    clause: str = ""
    enabled: bool = True
    advice: str | dict[str, str] = ""
    example: str | dict[str, str] = ""


SEVERITIES = tuple(one.value for one in Severity)
# The keys of a block that are not parameters of its check.
OF_A_BLOCK = frozenset(_Block.__struct_fields__)
# What advice may name beside its rule's parameters; the guide knows the values.
ADVICE_NAMES = frozenset({"categories", "category_count", "deadline", "mailbox", "max_file_megabytes"})


def rules_of(blocks: dict[str, Any]) -> Iterator[Rule]:
    """The rules that are switched on; one that is off must be right all the same. Raises Misshapen."""
    for name, given in blocks.items():
        block: _Block = shaped(given, _Block, ("rules", name))
        rule = _rule(name, block, {key: value for key, value in given.items() if key not in OF_A_BLOCK})
        if block.enabled:
            yield rule


def _rule(name: str, block: _Block, given: dict[str, Any]) -> Rule:
    """The rule of this name; `given` is what its check is to work with."""
    predicate = VOCABULARY.get(block.check)
    if predicate is None:
        raise Misshapen(
            ("rules", name, "check"), f"没有名为“{block.check}”的检查，可用的有：{'、'.join(sorted(VOCABULARY))}"
        )
    parameters = _parameters(name, predicate, given)
    severity = Severity(one_of(block.severity, SEVERITIES, ("rules", name, "severity")))
    _refuse_unknown_names((name, "message"), block.message, predicate.says | parameters.keys())
    advice, example = (_by_field((name, key), getattr(block, key), parameters) for key in ("advice", "example"))
    for words in advice.values():
        _refuse_unknown_names((name, "advice"), words, ADVICE_NAMES | parameters.keys())
    return Rule(name, severity, block.clause, block.message, predicate, parameters, advice, example)


def _parameters(name: str, predicate: Predicate, given: dict[str, Any]) -> dict[str, Any]:
    """What the check is called with, each of the type and among the words it asks for."""
    for key in given.keys() - predicate.parameters.keys():
        raise Misshapen(("rules", name, key), f"检查 {predicate.name} 没有参数“{key}”")
    for key in predicate.parameters.keys() - given.keys():
        raise Misshapen(("rules", name), f"检查 {predicate.name} 缺少参数“{key}”")
    parameters = {key: shaped(given[key], kind, ("rules", name, key)) for key, kind in predicate.parameters.items()}
    for key, allowed in predicate.words.items():
        at, value = ("rules", name, key), parameters[key]
        for where, word in [(at, value)] if isinstance(value, str) else [((*at, word), word) for word in value]:
            one_of(word, allowed, where)
    return parameters


def _by_field(where: tuple[str, str], words: str | dict[str, str], parameters: dict[str, Any]) -> dict[str, str]:
    """Words for a rule, or for each of its `fields`."""
    if isinstance(words, str):
        return {"": words} if words else {}
    for name in words.keys() - parameters.get("fields", {}).keys():
        raise Misshapen(("rules", *where, name), f"这条规则的 fields 里没有“{name}”")
    return words


def _refuse_unknown_names(where: tuple[str, str], sentence: str, known: Set[str]) -> None:
    try:
        named = [found[1:] for found in string.Formatter().parse(sentence) if found[1] is not None]
    except ValueError:
        raise Misshapen(("rules", *where), "花括号不成对") from None
    for name, width, conversion in named:
        if name not in known:
            raise Misshapen(("rules", *where), f"不能使用 {{{name}}}，可用的有：{'、'.join(sorted(known))}")
        if width or conversion:
            # A width is how many characters the sentence takes, be it thousands of millions.
            raise Misshapen(("rules", *where), f"花括号里只能写名字，请改为 {{{name}}}")
