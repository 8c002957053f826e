"""OpenDocument tables whose repetitions and spans ask for thousands of millions of cells."""

from __future__ import annotations

from zoo.cages import ZOO, ods

FILLED = '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
for _name, _rows in {
    "a row repeated a thousand million times": f'<table:table-row table:number-rows-repeated="{10**9}">{FILLED}</table:table-row>',
    "a cell repeated a thousand million times": "<table:table-row>"
    f'<table:table-cell table:number-columns-repeated="{10**9}" office:value-type="string"><text:p>x</text:p>'
    "</table:table-cell></table:table-row>",
    "blank rows repeated, then a value": f'<table:table-row table:number-rows-repeated="{10**9}"><table:table-cell/>'
    f"</table:table-row><table:table-row>{FILLED}</table:table-row>",
    "a repetition written with other digits": '<table:table-row table:number-rows-repeated="٩٩٩٩٩٩٩٩٩">'
    f"{FILLED}</table:table-row>",
    "a repetition of five thousand digits": f'<table:table-row table:number-rows-repeated="{"9" * 5000}">'
    f"{FILLED}</table:table-row>",
    "repetitions one after the other": f'<table:table-row table:number-rows-repeated="99">{FILLED}</table:table-row>'
    * 30_000,
    "a span of a thousand million cells": '<table:table-row><table:table-cell office:value-type="string" '
    f'table:number-rows-spanned="{10**9}" table:number-columns-spanned="{10**9}"><text:p>x</text:p></table:table-cell>'
    "</table:table-row>",
}.items():
    ZOO[f"an OpenDocument table with {_name}"] = ("附件3.ods", lambda text=_rows: ods(text))  # type: ignore[misc]
