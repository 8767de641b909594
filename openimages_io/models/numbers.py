"""Numbers as the reader's language writes them."""

from decimal import Decimal

from django.conf import settings
from django.utils.formats import number_format


def grouped(number: int) -> str:
    """A whole number with its digits in groups, such as 899,319, which Django leaves to a setting."""
    return number_format(number, use_l10n=True, force_grouping=True)


def percent(share: float) -> str:
    """A share of one in percent, with two digits."""
    return f"{number_format(Decimal(f'{share * 100:.2g}') if share < 0.995 else 100)} %"


class Number(int):
    """A whole number that is grouped where a template of ours or of Django writes it, and counts for plurals."""

    def __str__(self) -> str:
        return int.__repr__(self) if settings.USE_THOUSAND_SEPARATOR else grouped(int(self))
