"""The patterns of file names, written for people: `[<subset>-]annotations-bbox.csv`."""

import re

_STEPS = (
    (r"(?:(?:(?:oidv[67]|challenge-20(?:18|19))-)?(?:train|validation|val|test))", "<split>"),
    (r"(train|validation|val|test)", "<split>"),
    (r"(train|validation|test)", "{train,validation,test}"),
    (r"(?:(.+)-)?", "[<subset>-]"),
    (r"(?:.+-)?", "[<anything>-]"),
    (r"(?:oidv[67]-)?", "[{oidv6,oidv7}-]"),
    (r"20(?:18|19)", "{2018,2019}"),
    (r"(.+)-", "<subset>-"),
    (r"([0-9a-f])", "<digit>"),
    (r".+", "<anything>"),
    (r".*", "<anything>"),
    (r"_?", "[_]"),
    (r"()", ""),
    (r"\.", "."),
)
_OPTIONAL = re.compile(r"\(\?:([^()]*)\)\?")
_CHOICE = re.compile(r"\(\?:([^()]*)\)")
_LEFT = re.compile(r"[()?*+\\|]")


def readable(pattern: re.Pattern[str]) -> list[str]:
    """What a pattern matches: `<…>` stands for a word, `[…]` may be absent, `{a,b}` is one of these.

    Raises `ValueError` for a pattern that holds what this does not know.
    """
    text = pattern.pattern
    for regex, words in _STEPS:
        text = text.replace(regex, words)
    while (inner := _CHOICE.search(text)) is not None:
        optional = _OPTIONAL.match(text, inner.start())
        found = optional or inner
        words = f"{{{found[1].replace('|', ',')}}}" if "|" in found[1] else found[1]
        text = text[: found.start()] + (f"[{words}]" if optional else words) + text[found.end() :]
    names = text.split("|")
    if any(_LEFT.search(name) for name in names):
        raise ValueError(f"{pattern.pattern!r} cannot be written for people: {text!r} is left")
    return names


def examples(name: str) -> list[str]:
    """Every name that a readable pattern stands for, with one word for each `<…>`."""
    for opening, closing in (("[", "]"), ("{", "}")):
        start = name.find(opening)
        other = name.find("{" if opening == "[" else "[")
        if start < 0 or 0 <= other < start:
            continue
        end = _closing(name, start, opening, closing)
        inside = name[start + 1 : end]
        choices = ["", inside] if opening == "[" else _parts(inside)
        return [full for choice in choices for full in examples(name[:start] + choice + name[end + 1 :])]
    words = {"<split>": "val", "<subset>": "my-set", "<anything>": "any", "<digit>": "a"}
    for word, example in words.items():
        name = name.replace(word, example)
    return [name]


def _closing(name: str, start: int, opening: str, closing: str) -> int:
    depth = 0
    for place in range(start, len(name)):
        depth += (name[place] == opening) - (name[place] == closing)
        if not depth:
            return place
    raise ValueError(f"{name!r} has an opening {opening} without its other half")


def _parts(inside: str) -> list[str]:
    parts, depth = [""], 0
    for character in inside:
        depth += (character in "[{") - (character in "]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts
