"""Numbers as the reader's language writes them."""

from django.utils.formats import number_format


def grouped(number: int) -> str:
    """A whole number with its digits in groups, such as 899,319, which Django leaves to a setting."""
    return number_format(number, use_l10n=True, force_grouping=True)
