"""Values that cannot be taken, as issues say it."""

from typing import Any

from openimages_io.format.issue_codes import sentence


class BadValue(ValueError):
    """A value that cannot be taken: an issue's code, and the parameters of its sentence, which is the message."""

    def __init__(self, code: str, form: str = "", **params: Any) -> None:
        """`form` is that of the code's sentence, if it has several."""
        super().__init__(code, form, params)
        self.code = code
        self.params: dict[str, Any] = {**({"form": form} if form else {}), **params}

    def as_param(self) -> dict[str, Any]:
        """The parameter of another issue's sentence that this is a part of."""
        return {"code": self.code, "params": self.params}

    def __str__(self) -> str:
        return sentence(self.code, self.params)
