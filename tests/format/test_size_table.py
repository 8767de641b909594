"""A table of sizes finds what a dict would find."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openimages_io.format import size_table
from openimages_io.format.size_table import Place, Repeat, Size, SizeTable

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
places = st.tuples(st.none() | st.sampled_from(["train", "val"]), names)
sizes = st.tuples(st.integers(1, 3), st.integers(1, 2**32 - 1))
files = st.lists(st.lists(st.tuples(places, sizes), max_size=8), max_size=3)


def filled(rows: list[list[tuple[Place, Size]]]) -> tuple[SizeTable, list[Repeat]]:
    """A table of these files, and what repeats something."""
    table = SizeTable()
    for file in rows:
        table.begin_file()
        for line, (place, size) in enumerate(file, start=1):
            table.add(place, size, line)
    return table, table.settle()


@given(files, st.lists(names, min_size=1))
def test_it_finds_what_a_dict_finds(rows: list[list[tuple[Place, Size]]], others: list[str]) -> None:
    table, repeats = filled(rows)
    wanted: dict[Place, Size] = {}
    again: list[tuple[int, int, Place, Size]] = []
    for number, file in enumerate(rows):
        for line, (place, size) in enumerate(file, start=1):
            if place in wanted:
                again.append((number, line, place, wanted[place]))
            wanted.setdefault(place, size)
    assert dict(table.items()) == wanted
    assert list(table) == list(wanted)
    assert len(table) == len(wanted)
    assert [(row.file, row.line, row.place, row.first) for row in repeats] == again
    for subset in (None, "train", "val", "test"):
        asked = [name for _, name in wanted] + others
        assert table.find(subset, asked) == [wanted.get((subset, name)) for name in asked]


def test_an_id_again() -> None:
    a, b = (None, "a"), (None, "b")
    table, repeats = filled([[(a, (2, 1)), (b, (2, 1)), (a, (2, 1)), (a, (1, 2))], [(a, (1, 2)), (a, (9, 9))]])
    assert table.find(None, ["a", "b"]) == [(2, 1), (2, 1)]
    assert [(row.file, row.line, row.size, row.first, row.first_of_file) for row in repeats] == [
        (0, 3, (2, 1), (2, 1), (1, (2, 1))),
        (0, 4, (1, 2), (2, 1), (1, (2, 1))),
        (1, 1, (1, 2), (2, 1), None),
        (1, 2, (9, 9), (2, 1), (1, (1, 2))),
    ]


def test_names_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_table, "hash", lambda place: len(place[1]), raising=False)
    table, repeats = filled(
        [[((None, "a"), (1, 1)), ((None, "b"), (2, 2)), (("t", "a"), (3, 3)), ((None, "b"), (4, 4))]]
    )
    assert table.find(None, ["a", "b", "c"]) == [(1, 1), (2, 2), None]
    assert table.find("t", ["a", "b"]) == [(3, 3), None]
    assert [(row.line, row.place) for row in repeats] == [(4, (None, "b"))]
