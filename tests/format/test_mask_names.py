"""Mask files never share a name, whatever ids and labels are called."""

import re
import time
import tracemalloc
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openimages_io.format.mask_names import MAX_NAME_BYTES, MaskNames, make_box_id

TEXTS = st.one_of(
    st.text(st.characters(), max_size=20),
    st.text(st.sampled_from("aAäÄßsSıIiİ./\\ -_:\u0301\u030a\u212b\0\n"), max_size=6),
    st.text(st.sampled_from("aж漢🚕"), min_size=80, max_size=200),
    st.sampled_from(
        ["..", ".", "", "CON", "con.x", "nul.tar", "COM1.", "LPT9", "/etc/passwd", "C:", "a/b", "ab", "\ud800"]
    ),
)
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)", re.IGNORECASE)


def folded(name: str) -> set[str]:
    """What careless file systems may hold the name for."""
    composed = unicodedata.normalize("NFC", name)
    return {composed.casefold(), composed.lower(), composed.upper(), unicodedata.normalize("NFD", composed.casefold())}


@given(TEXTS, TEXTS, TEXTS)
def test_any_id_and_label_make_a_safe_name(image: str, label: str, box_id: str) -> None:
    name = MaskNames().make(image, label, box_id)
    assert name.endswith(".png")
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert not re.search(r'[/\\:*?"<>|\s\x00-\x1f]|\.\.|^[.-]', name)
    assert not RESERVED.match(name)
    assert unicodedata.is_normalized("NFC", name)


@given(st.lists(st.one_of(st.tuples(TEXTS, TEXTS, TEXTS), st.tuples(TEXTS, st.binary(max_size=2))), max_size=12))
def test_no_two_files_share_a_name(calls: list[tuple[str, str, str] | tuple[str, bytes]]) -> None:
    """Unless both came in under this name with the same content."""

    def run() -> list[tuple[str, object]]:
        names = MaskNames()
        return [
            (names.make(*call), at) if len(call) == 3 else (names.claim(*call).name, call)
            for at, call in enumerate(calls)
        ]

    given_names = run()
    owners: dict[str, tuple[str, object]] = {}
    for name, owner in given_names:
        for form in folded(name):
            assert owners.setdefault(form, (name, owner)) == (name, owner)
    assert run() == given_names


def test_an_official_name() -> None:
    assert MaskNames().make("000bd0b4fa27644c", "/m/0pg52", "5c80344b") == "000bd0b4fa27644c_m0pg52_5c80344b.png"


@pytest.mark.parametrize(
    ("image", "label", "name"),
    [
        ("b/c/d/2", "cat", "b_c_d_2_cat_1.png"),
        ("New York 3", 'Fiat 500 "topolino"', "New_York_3_Fiat_500_topolino__1.png"),
        ("Straße", "猫", "Straße_猫_1.png"),
        ("हिन्दी", "Кот", "हिन्दी_Кот_1.png"),
        ("u\u0308ber", "x", "über_x_1.png"),
        ("../../etc", "a..b", "_._._etc_a.b_1.png"),
        ("con.1", "x", "_con.1_x_1.png"),
        ("-rf", "x", "_-rf_x_1.png"),
        ("line\nbreak\u202e", "x", "line_break__x_1.png"),
    ],
)
def test_names_stay_readable(image: str, label: str, name: str) -> None:
    assert MaskNames().make(image, label, "1") == name


def test_labels_that_differ_only_by_slashes_or_case_get_a_number() -> None:
    names = MaskNames()
    labels = ["a/b", "ab", "AB", "a/b"]
    assert [names.make("x", label, "1") for label in labels] == [
        "x_ab_1.png", "x_ab_1-2.png", "x_AB_1-3.png", "x_ab_1-4.png",
    ]  # fmt: skip


@pytest.mark.parametrize("pair", ["ıI", "ſs", "\u212bå", "\u212ak", "σς", ("ß", "SS"), ("é", "E\u0301")])
def test_names_that_are_the_same_in_another_case_or_composition_are_one(pair: str | tuple[str, str]) -> None:
    names = MaskNames()
    assert names.claim(f"{pair[0]}.png", b"1").name == f"{pair[0]}.png"
    assert names.claim(f"{pair[1]}.png", b"1").name.endswith("-2.png")


def test_a_numbered_name_steps_aside_for_one_that_is_there() -> None:
    names = MaskNames()
    assert names.claim("x_a_1-2.png", b"") == ("x_a_1-2.png", True)
    assert [names.make("x", "a", "1") for _ in range(3)] == ["x_a_1.png", "x_a_1-3.png", "x_a_1-4.png"]


def test_a_name_that_came_in_stays_as_it_is() -> None:
    names = MaskNames()
    for path in ("a b_m1_c.png", "ünïcode?.PNG", "no_suffix", "v1.2.png", "con.png", "u\u0308.png", "x" * 251 + ".png"):
        assert names.claim(path, b"1") == (path, True)


def test_a_name_that_came_in_wins_over_a_generated_one() -> None:
    names = MaskNames()
    assert names.claim("X_a_1.png", b"1") == ("X_a_1.png", True)
    assert names.make("x", "a", "1") == "x_a_1-2.png"


def test_a_generated_name_is_not_shared_with_one_that_comes_in_later() -> None:
    names = MaskNames()
    assert names.make("x", "a", "1") == "x_a_1.png"
    assert names.claim("x_a_1.png", b"1") == ("x_a_1-2.png", True)


def test_the_same_content_shares_its_name_and_other_content_does_not() -> None:
    names = MaskNames()
    assert names.claim("a.png", b"1") == ("a.png", True)
    assert names.claim("a.png", b"1") == ("a.png", False)
    assert names.claim("a.png", b"2") == ("a-2.png", True)
    assert names.claim("a.png", b"1") == ("a.png", False)


def test_the_same_content_under_a_name_in_another_case_is_another_file() -> None:
    """One file cannot be found under both names where case counts, nor two exist where it does not."""
    names = MaskNames()
    assert names.claim("a.png", b"1") == ("a.png", True)
    assert names.claim("A.png", b"1") == ("A-2.png", True)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("../a.png", "_._a.png"),
        ("a/b.png", "a_b.png"),
        ("a\\b.png", "a_b.png"),
        ("C:a.png", "C_a.png"),
        ("a\nb.png", "a_b.png"),
        ("a\u2028b.png", "a_b.png"),
        ("", "_.png"),
        (".", "_.png"),
        ("..", "_.png"),
        ("a\ud800.png", "a_.png"),
    ],
)
def test_a_name_that_would_leave_the_folder_is_replaced(path: str, name: str) -> None:
    assert MaskNames().claim(path, b"1") == (name, True)


def test_a_name_too_long_for_a_file_system_is_shortened() -> None:
    names = MaskNames()
    one, other = (names.claim("漢" * 100 + end + ".png", b"1").name for end in "12")
    assert one != other
    assert one.startswith("漢漢漢")
    assert max(len(one.encode()), len(other.encode())) <= MAX_NAME_BYTES


@pytest.mark.thorough
def test_many_masks_of_one_name_take_no_quadratic_time_and_little_memory() -> None:
    names = MaskNames()
    started = time.process_time()
    tracemalloc.start()
    try:
        given_names = {names.make("x", "", "") for _ in range(10_000)}
        del given_names
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert names.make("x", "", "") == "x__-10001.png"
    assert held < 250 * 10_000
    assert time.process_time() - started < 10


@given(st.text(st.characters()))
def test_a_box_id_is_eight_hex_digits_and_depends_on_the_seed_alone(seed: str) -> None:
    box_id = make_box_id(seed, ())
    assert re.fullmatch(r"[0-9a-f]{8}", box_id)
    assert make_box_id(seed, {"00000000"} - {box_id}) == box_id


def test_a_box_id_is_not_one_that_is_taken() -> None:
    taken: list[str] = []
    for _ in range(20):
        taken.append(make_box_id("seed", taken))
    assert len(set(taken)) == 20
    again: list[str] = []
    for _ in range(20):
        again.append(make_box_id("seed", again))
    assert again == taken
