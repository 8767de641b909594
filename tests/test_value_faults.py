"""What may be wrong with a value: each sentence is declared once, and used."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import openimages_io
from openimages_io.error_codes import FaultCode
from openimages_io.models import AttributeSpec, InputType
from openimages_io.value_faults import SENTENCES, fault_sentence, is_fault, value_fault

MODELS = Path(openimages_io.__file__).parent / "models"


def uses() -> Iterator[tuple[str, str]]:
    """Code and form of every fault that the models make."""
    for path in MODELS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in {"value_fault", "ValueFault"}:
                continue
            first = node.args[0]
            if not isinstance(first, ast.Attribute) or first.attr not in FaultCode.__members__:
                continue
            code = FaultCode[first.attr]
            words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            forms = {word for word in words if isinstance(word, str) and word in SENTENCES[code]}
            yield from ((code.value, form) for form in forms or {""})


def test_every_sentence_is_used_and_declared() -> None:
    declared = {(str(code), form) for code, forms in SENTENCES.items() for form in forms}
    assert declared == set(uses())


def test_of_many_choices_the_first_are_named() -> None:
    spec = AttributeSpec(name="pose", input_type=InputType.RADIO, values=[f"choice {number}" for number in range(1000)])
    fault = spec.fault_of("x" * 100)
    assert fault is not None
    assert fault.params["form"] == "many"
    assert fault.sentence().endswith(f"“choice 13” and {1000 - 14} more.")
    assert len(json.dumps(fault.as_param())) < 400


def test_a_spec_that_is_wrong_itself_says_why() -> None:
    spec = AttributeSpec(name="pose", input_type=InputType.NUMBER, values=[1, 0])
    fault = spec.fault_of(1)
    assert fault is not None
    assert fault.as_param() == {
        "code": "broken_spec",
        "params": {"name": "pose", "fault": {"code": "wrong_order", "params": {"form": "range"}}},
    }
    assert fault_sentence(fault.as_param()) == (
        "The attribute spec “pose” is not valid, so no value fits it: The smallest value is larger than the largest."
    )


def test_what_this_version_does_not_know_is_no_fault() -> None:
    assert is_fault(value_fault(FaultCode.NOT_A_STEP, value=1, step=2).as_param())
    others: list[object] = [None, "x", {"code": []}, {"code": "not_a_step"}, {"code": "wrong_type", "params": {}}]
    for other in others:
        assert not is_fault(other)
