"""What forms say of faults: in one language, also on a page that is in another."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import translation

from openimages_io.sentences import LANGUAGE


class OneLanguageForm:
    """A form whose faults are in the language of our own sentences, those that Django finds among them."""

    def full_clean(self) -> None:
        """Looks for faults."""
        self._language = translation.get_language()
        with translation.override(LANGUAGE):  # some of these Django says at once
            super().full_clean()  # type: ignore[misc]  # of a form
        for found in (self._errors or {}).values():  # type: ignore[attr-defined]
            _say_now(found)

    def _clean_fields(self) -> None:
        """Reads what was typed as the user's language writes numbers and dates."""
        with translation.override(self._language):
            super()._clean_fields()  # type: ignore[misc]  # of a form


class OneLanguageFormSet:
    """The same for what is wrong between forms; each of these is one of the above."""

    def full_clean(self) -> None:
        """Looks for faults."""
        for form in self.forms:  # type: ignore[attr-defined]  # before the language is another one for what is typed
            form.errors  # noqa: B018  (a property that looks for faults)
        with translation.override(LANGUAGE):
            super().full_clean()  # type: ignore[misc]  # of a formset
        _say_now(self._non_form_errors)  # type: ignore[attr-defined]


def _say_now(found: Any) -> None:
    """Puts sentences in the place of those that wait for a page to say them in its language."""
    with translation.override(LANGUAGE):
        said: list[ValidationError] = []
        for fault in found.data:
            is_error = isinstance(fault, ValidationError)
            messages, code = (fault.messages, fault.code) if is_error else ([str(fault)], None)
            said += [ValidationError(message, code) for message in messages]
        found.data = said
