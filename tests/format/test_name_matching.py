"""Which names are found to be of one image, against a model that looks at every pair."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openimages_io.format.name_matching import Matches, Name, Root, Way, match_names
from openimages_io.format.names import split_ending

ROW, FILE = "row", "file"


def of(texts: list[str], kind: str = ROW) -> list[Name]:
    if kind == ROW:
        return [Name.of_image("train", text) for text in texts]
    return [Name.of_picture("train", split_ending(text)[0], text) for text in texts]


def found(names: list[str], known: list[str], kind: str = ROW) -> dict[str, tuple[str, str]]:
    matches = match_names(of(names), of(known, kind))
    return {name.text: (partner.text, str(way)) for name, (partner, way) in matches.found.items()}


@pytest.mark.parametrize(
    ("names", "known", "expected"),
    [
        (["a"], ["a"], {"a": ("a", "exact")}),
        (["a.jpg"], ["a"], {"a.jpg": ("a", "extension")}),
        (["a"], ["a.PNG"], {"a": ("a.PNG", "extension")}),
        (["a.JPG"], ["a.jpg"], {"a.JPG": ("a.jpg", "extension")}),
        (["a.jpg"], ["a.png"], {}),
        (["a.b"], ["a"], {}),
        (["a", "a.jpg"], ["a"], {"a": ("a", "exact"), "a.jpg": ("a", "extension")}),
        (["a.png", "a.jpg"], ["a"], {}),
        (["a", "a.png", "a.jpg"], ["a"], {"a": ("a", "exact")}),
        (["a"], ["a.jpg", "a.png"], {}),
        (["a"], ["a", "a.png"], {"a": ("a", "exact")}),
        (["a.jpg.jpg"], ["a.jpg"], {}),
        (["0001"], ["cam1/0001"], {"0001": ("cam1/0001", "suffix")}),
        (["x/cam1/0001.jpg"], ["cam1/0001"], {"x/cam1/0001.jpg": ("cam1/0001", "suffix")}),
        (["cam2/0001"], ["cam1/0001"], {}),
        (["m1/0001"], ["cam1/0001"], {}),
        (["0001"], ["cam1/0001", "cam2/0001"], {}),
        (["cam1/0001", "cam2/0001"], ["0001"], {}),
        (["cam1/0001", "0001"], ["0001"], {"0001": ("0001", "exact")}),
        (["0001"], ["0001", "cam1/0001"], {"0001": ("0001", "exact")}),
        (["0001", "0001.jpg"], ["x/0001"], {"0001": ("x/0001", "suffix"), "0001.jpg": ("x/0001", "suffix")}),
        (["0001.png", "0001.jpg"], ["x/0001"], {}),
        (["r/a", "r/b/a"], ["a", "b/a"], {"r/a": ("a", "root"), "r/b/a": ("b/a", "root")}),
        (["a", "b/a"], ["r/a.jpg", "r/b/a.jpg"], {"a": ("r/a.jpg", "root"), "b/a": ("r/b/a.jpg", "root")}),
        (["r/a", "r/b/a", "c"], ["a", "b/a"], {}),
        (["r/b/a"], ["a", "b/a"], {}),
        (["r/a", "r/b"], ["a", "q/r/a"], {}),
    ],
)
def test_the_ways(names: list[str], known: list[str], expected: dict[str, tuple[str, str]]) -> None:
    assert found(names, known) == expected


def test_a_picture_is_exactly_the_id_without_its_extension() -> None:
    assert found(["a"], ["a.jpg"], FILE) == {"a": ("a", "exact")}
    assert found(["a.JPG"], ["a.jpg"], FILE) == {"a.JPG": ("a", "extension")}
    assert found(["a.png"], ["a.jpg"], FILE) == {}
    assert found(["a.jpg"], ["a.jpg.jpg"], FILE) == {"a.jpg": ("a.jpg", "exact")}
    assert found(["a"], ["Cat/a.jpg"], FILE) == {"a": ("Cat/a", "suffix")}


def test_two_images_of_one_list_are_two() -> None:
    both = of(["a", "a.jpg"])
    assert set(match_names(both, of(["a"]), declared=both).found) == {both[0]}
    assert set(match_names(both, of(["a"]), declared=both[:1]).found) == set(both)


def test_names_of_several_subsets() -> None:
    row, train, val = Name.of_image(None, "a"), Name.of_image("train", "a"), Name.of_image("val", "a")

    def together(one: str | None, other: str | None) -> bool:
        return one is None or one == other

    assert match_names([row], [train], together=together).found == {row: (train, Way.EXACT)}
    both = match_names([row], [train, val], together=together)
    assert (both.found, both.doubtful) == ({}, {row: [train, val]})
    assert match_names([train], [row], together=together).found == {}


def test_equal_bytes_in_two_folders_are_one_image() -> None:
    names, known = of(["a"]), of(["Cat/a.jpg", "Dog/a.jpg"], FILE)
    matches = match_names(names, known, is_same=lambda _: True)
    assert matches.found == {names[0]: (known[0], Way.SUFFIX)}
    assert matches.same == {names[0]: known[1:]}
    back = match_names(known, names, is_same=lambda _: True)
    assert back.found == dict.fromkeys(known, (names[0], Way.SUFFIX))


@pytest.mark.thorough
def test_many_names_of_one_image_cost_no_more_than_they_are() -> None:
    one, many = of(["img"]), of([f"{number}/img" for number in range(20_000)])
    assert not match_names(one, many).found
    assert not match_names(many, one).found


paths = st.builds(
    lambda folders, name, ending: "/".join([*folders, name + ending]),
    st.lists(st.sampled_from(["r", "x", "1"]), max_size=3),
    st.sampled_from(["a", "1"]),
    st.sampled_from(["", "", ".jpg", ".PNG", ".b"]),
)
sides = st.lists(paths, unique=True, max_size=6)


def agree(one: str, other: str) -> str | None:
    """The way in which two names alone may be of one image."""
    (stem, ending), (other_stem, other_ending) = split_ending(one), split_ending(other)
    if one == other:
        return "exact"
    if ending and other_ending and ending != other_ending:
        return None
    if stem == other_stem:
        return "extension"
    return "suffix" if f"/{stem}".endswith(f"/{other_stem}") or f"/{other_stem}".endswith(f"/{stem}") else None


def equal(name: str, others: list[str]) -> list[str]:
    exact = [other for other in others if other == name]
    return exact or [other for other in others if agree(name, other) == "extension"]


def one(names: list[str]) -> bool:
    return all(agree(a, b) in {"exact", "extension"} for a in names for b in names)


def rootless(names: list[str], others: list[str], name: str) -> list[str]:
    """What `name` is once the root of its own side is left out."""
    tops = {path.partition("/")[0] if "/" in path else "" for path in names}
    if len({split_ending(path)[0] for path in names}) < 2 or len(tops) > 1 or "" in tops:
        return []
    stem = split_ending(name)[0].partition("/")[2]
    return [other for other in others if split_ending(other)[0] == stem and agree(name, other) == "suffix"]


def model(names: list[str], known: list[str]) -> dict[str, tuple[str, str]]:
    result = {}

    def related(name: str, others: list[str]) -> list[str]:
        return [other for other in others if agree(name, other) == "suffix"]

    def long(name: str) -> int:
        return len(split_ending(name)[0])

    for name in names:
        if found := equal(name, known):
            if len(found) == 1:
                claimants = [other for other in names if equal(other, known) == found]
                if name == found[0] or one(claimants):
                    result[name] = found[0], agree(name, found[0]) or ""
            continue
        fits = related(name, known)
        if len(fits) == 1 and not equal(fits[0], names) and one(related(fits[0], names)):
            result[name] = fits[0], "suffix"
            continue
        forward = rootless(names, known, name)
        backward = [other for other in known if name in rootless(known, names, other)]
        for bare, shortens in ((forward, True), (backward, False)):
            if len(bare) != 1 or any((long(other) < long(name)) is not shortens for other in fits):
                continue
            rivals = related(bare[0], names)
            if (
                not equal(bare[0], names)
                and all((long(rival) > long(bare[0])) is shortens for rival in rivals)
                and one([rival for rival in rivals if long(rival) == long(name)])
            ):
                result[name] = bare[0], "root"
    return result


@settings(max_examples=300)
@given(sides, sides)
def test_as_the_model_says(names: list[str], known: list[str]) -> None:
    assert found(names, known) == model(names, known)


@settings(max_examples=100)
@given(sides, sides, st.randoms(use_true_random=False))
def test_the_order_is_no_matter(names: list[str], known: list[str], random: object) -> None:
    before = found(names, known)
    random.shuffle(names)  # type: ignore[attr-defined]
    random.shuffle(known)  # type: ignore[attr-defined]
    assert found(names, known) == before


@settings(max_examples=200)
@given(
    st.lists(paths, unique_by=lambda path: split_ending(path)[0], max_size=6),
    st.lists(paths, unique_by=lambda path: split_ending(path)[0], max_size=6),
)
def test_both_directions_find_the_same(names: list[str], known: list[str]) -> None:
    forth, back = found(names, known), found(known, names)
    assert {(name, *pair) for name, pair in forth.items()} == {(a, name, way) for name, (a, way) in back.items()}


@settings(max_examples=200)
@given(sides, sides)
def test_no_match_where_folders_disagree_and_never_one_of_two(names: list[str], known: list[str]) -> None:
    matches = match_names(of(names), of(known))
    for name, (partner, way) in matches.found.items():
        assert agree(name.text, partner.text)
        if way is Way.SUFFIX:
            assert sum(agree(name.text, other) is not None for other in known) == 1
    partners: dict[str, list[str]] = {}
    for name, (partner, _) in matches.found.items():
        partners.setdefault(partner.text, []).append(name.text)
    assert all(one(claimants) for claimants in partners.values())
    assert not matches.found.keys() & matches.doubtful.keys()
    assert isinstance(matches, Matches)


def test_a_root_is_of_two_paths_at_least() -> None:
    assert Root(["r/a"]).text == Root(["r/a", "b"]).text == Root([]).text == ""
    assert Root(["r/a", "r/b/c"]).text == "r/"
