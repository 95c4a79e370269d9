"""Reading a CSV file: encodings refused in words, delimiters found, lines counted as an editor counts them."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.integrations.imports import table
from backend.integrations.imports.table import UnreadableFile, decoded, parse_table, read_table


def test_utf8_is_read_with_and_without_a_byte_order_mark() -> None:
    assert decoded("code,nom\nA,Santé".encode()) == decoded("code,nom\nA,Santé".encode("utf-8-sig"))


def test_latin1_is_refused_with_the_place_of_the_byte_and_what_to_do() -> None:
    content = "code,nom\nA,Centre\nB,Santé publique\n".encode("latin-1")
    with pytest.raises(UnreadableFile) as refused:
        decoded(content)
    message = str(refused.value)
    assert "byte 0xE9 at offset 24 (line 3" in message
    assert "Windows-1252" in message
    assert "'é'" in message
    assert "Save it as UTF-8" in message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf16_is_refused_by_name(encoding: str) -> None:
    with pytest.raises(UnreadableFile, match="UTF-16"):
        decoded(("code,name\n" + "A,Somewhere\n" * 20).encode(encoding))


def test_a_spreadsheet_is_refused_by_name() -> None:
    with pytest.raises(UnreadableFile, match="spreadsheet"):
        decoded(b"PK\x03\x04\x14\x00")


def test_a_zero_byte_is_no_text() -> None:
    with pytest.raises(UnreadableFile, match="zero byte at offset 4"):
        decoded(b"code\0,name\nA,B\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = delimiter.join(("code", '"name, first; last"', "type")) + "\n" + delimiter.join("ABC") + "\n"
    parsed = parse_table(text)
    assert parsed.headers == ("code", "name, first; last", "type")
    assert parsed.rows[0].cells == ("A", "B", "C")


def test_one_column_needs_no_delimiter() -> None:
    assert parse_table("code\nA\n").rows[0].cells == ("A",)


def test_line_numbers_are_those_of_the_file_over_cells_of_several_lines() -> None:
    parsed = parse_table('"code\r\n(ours)",name\r\nA,"one\r\ntwo\r\nthree"\r\nB,four\r\n')
    assert parsed.headers == ("code (ours)", "name")
    assert [row.line for row in parsed.rows] == [3, 6]


def test_blank_lines_are_passed_over_and_blank_rows_kept_but_at_the_end() -> None:
    parsed = parse_table("\n,,\ncode,name,type\n\nA,B,C\n,,\nD,E,F\n,,\n , ,\n")
    assert [(row.line, row.blank) for row in parsed.rows] == [(5, False), (6, True), (7, False)]


def test_cells_are_trimmed() -> None:
    assert parse_table("code,name\n A , B  C \n").rows[0].cells == ("A", "B  C")


@pytest.mark.parametrize("text", ["", "\n\n", ",,\n,,\n"])
def test_a_file_without_headers_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFile, match="empty"):
        parse_table(text)


def test_an_unclosed_quotation_mark_is_refused_with_its_line() -> None:
    with pytest.raises(UnreadableFile, match="Line 3 opens a quotation mark that is never closed"):
        parse_table('code,name\nA,B\nC,"D\nE,F\n')


def test_a_cell_that_is_too_long_is_refused_with_its_line() -> None:
    with pytest.raises(UnreadableFile, match="Line 2 has a cell of more than 4,000 characters"):
        parse_table("code,name\nA," + "x" * 4_001 + "\n")


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="501 columns"):
        parse_table(",".join("x" * 501) + "\n")


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ROWS_MAX", 3)
    with pytest.raises(UnreadableFile, match="more than 3 rows"):
        parse_table("code\n1\n2\n3\n4\n")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "FILE_BYTES_MAX", 1024 * 1024)
    (tmp_path / "large.csv").write_bytes(b"code\n" + b"x" * 1024 * 1024)
    with pytest.raises(UnreadableFile, match="larger than 1 MiB"):
        read_table(tmp_path / "large.csv")


def test_a_file_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        read_table(tmp_path / "none.csv")
