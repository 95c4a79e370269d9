"""Mapping columns: names, templates, and what is said when one is missing."""

from __future__ import annotations

import pytest

from backend.integrations.imports.columns import WrongMapping, parse_mapping, resolve
from backend.integrations.imports.table import UnreadableFile, parse_table

OURS = ("code", "name", "zone_path")


def read(
    text: str, mapping: str = "", optional: tuple[str, ...] = ("name", "zone_path")
) -> list[dict[str, str]]:
    """What the rows of a file say under our names."""
    table = parse_table(text)
    sources = resolve(table, parse_mapping(mapping, OURS) if mapping else {}, ("code",), optional)
    return [{ours: source.read(row) for ours, source in sources.items()} for row in table.rows]


def test_columns_are_found_by_our_own_names_in_any_capitals() -> None:
    assert read("Name,CODE,other\nB,A,C\n") == [{"code": "A", "name": "B"}]


def test_a_name_is_mapped() -> None:
    assert read("Site Code,Site  Name\nA,B\n", "code=site code,name=Site Name") == [
        {"code": "A", "name": "B"}
    ]


def test_a_template_combines_columns_and_text() -> None:
    text = "Product ,Strength,NZULM\nAmoxicillin,250mg,1074\nZinc,,1075\n"
    assert read(text, "code={NZULM},name={Product} {Strength}") == [
        {"code": "1074", "name": "Amoxicillin 250mg"},
        {"code": "1075", "name": "Zinc"},
    ]


def test_a_template_of_blank_cells_is_blank_whatever_its_text() -> None:
    rows = read("code,Region,District\nA,,\n", "zone_path=Land/{Region}/{District}")
    assert rows == [{"code": "A", "zone_path": ""}]


def test_headers_with_line_breaks_are_named_with_blanks() -> None:
    assert read('"UC9 \n(pack size)",x\nA,B\n', "code=UC9 (pack size)") == [{"code": "A"}]


def test_a_mapped_name_may_have_a_comma_when_quoted() -> None:
    assert read('"Code, official",x\nA,B\n', '"code=Code, official"') == [{"code": "A"}]


def test_short_rows_have_blank_cells() -> None:
    assert read("code,name\nA\n") == [{"code": "A", "name": ""}]


def test_a_missing_column_is_named_beside_what_the_file_has() -> None:
    with pytest.raises(UnreadableFile) as refused:
        read("Facility,Name\nA,B\n")
    assert "no column code" in str(refused.value)
    assert "It has: Facility, Name" in str(refused.value)
    assert '--columns "code=' in str(refused.value)


def test_a_mapped_column_that_is_not_there_is_missing_even_if_optional() -> None:
    with pytest.raises(UnreadableFile, match=r"no column Label \(for name\)"):
        read("code\nA\n", "name=Label")


def test_a_header_that_occurs_twice_cannot_be_meant() -> None:
    with pytest.raises(UnreadableFile, match="2 columns named 'code'"):
        read("code,code\nA,B\n")


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ("code", "not of the form"),
        ("code=", "not of the form"),
        ("=x", "not of the form"),
        ("kode=x", "no column 'kode' here. There is: code, name, zone_path"),
        ("code=x,code=y", "given twice"),
        ("code={x", "braces"),
    ],
)
def test_a_wrong_mapping_is_explained(mapping: str, why: str) -> None:
    with pytest.raises(WrongMapping, match=why):
        read("code,x\nA,B\n", mapping)
