"""The filter of a task's gallery: that of the API's list of images, as a form for people."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from django import forms
from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.form_messages import OneLanguageForm
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.models import Label, ShapeKind, Task
from openimages_io.models.kinds import Presence
from openimages_io.viewing.statistics import Statistics

if TYPE_CHECKING:
    from openimages_io.models.image import ImageQuerySet

MOST_CHOICES: Final = 1_000
"""Labels, subsets and sources that a select offers, the most frequent; others are found by their addresses."""
_NO_SOURCE: Final = "\N{EMPTY SET}"
"""An empty source in the form, where an empty field asks for nothing."""
_ANY: Final = ("", _("any"))
_WITH: Final = (_ANY, ("true", _("with")), ("false", _("without")))
_ORDERS: Final = (
    ("", _("in the order they came")),
    ("-id", _("last come first")),
    ("name", _("name, A to Z")),
    ("-name", _("name, Z to A")),
    ("-updated", _("newest change first")),
    ("updated", _("oldest change first")),
    ("-shape_count", _("most shapes first")),
    ("shape_count", _("fewest shapes first")),
    ("score", _("lowest score first")),
)


class SourceSelect(forms.Select):
    """A source, which may be an empty one."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return "" if value == _NO_SOURCE else value

    def format_value(self, value: Any) -> Any:
        return super().format_value(_NO_SOURCE if value == "" else value)


class SomeSelect(forms.Select):
    """One of many; where an address has several, all of them are chosen."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        self.allow_multiple_selected = len(value or ()) > 1
        return super().get_context(name, value, attrs)


class SomeTexts(forms.TextInput):
    """A text; where an address has several, a field for each."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name)

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        first, *others = value or [""]
        rest = {key: text for key, text in (attrs or {}).items() if key != "id"} | {"aria-label": name}
        fields = [super().render(name, first, attrs, renderer)]
        fields += [super(SomeTexts, self).render(name, text, rest, renderer) for text in others]
        return mark_safe("".join(fields))  # noqa: S308  (each is escaped)


class _Form(OneLanguageForm, forms.Form):
    pass


class GalleryFilter(ImageFilterSet):
    """What the gallery is to show, with the choices that there are."""

    class Meta:
        form = _Form

    def __init__(
        self, query: QueryDict, task: Task, counted: Statistics | None, labels: Iterable[Label], names: Sequence[str]
    ) -> None:
        super().__init__(_given(query), task.images.all())
        self.attribute_names = names
        self.form.auto_id = "oi_%s"
        by_name = sorted(labels, key=lambda label: str(label).lower())
        for name in ("label", "without_label"):
            self._offer(name, SomeSelect, [(str(label.pk), str(label)) for label in by_name])
        if counted is not None:
            sources = [(name or _NO_SOURCE, name or _("none")) for name in list(counted.by_source)[:MOST_CHOICES]]
            self._offer("subset", forms.Select, [(name, name) for name in list(counted.by_subset)[:MOST_CHOICES]])
            self._offer("source", SourceSelect, sources)
        fields = self.form.fields
        fields["presence"].widget = forms.Select(choices=[("", _("present")), *Presence.choices[1:]])
        fields["kind"].widget = forms.Select(choices=[_ANY, *ShapeKind.choices])
        for name in ("has_shapes", "has_file"):
            fields[name].widget = forms.Select(choices=_WITH)
        fields["ordering"].widget = forms.Select(choices=_ORDERS)
        fields["attribute"].widget = SomeTexts({"list": "oi_attributes", "placeholder": "name=value"})
        for name in ("name", "updated_since"):  # kept where an address has them
            fields[name].widget = forms.HiddenInput()

    def _offer(self, name: str, widget: type[forms.Select], choices: list[tuple[str, Any]]) -> None:
        given: list[str] = cast("QueryDict", self.data).getlist(name)
        unknown = [(value, value) for value in given if value not in dict(choices)]
        self.form.fields[name].widget = widget(choices=[_ANY, *choices, *unknown])

    @property
    def images(self) -> "ImageQuerySet":
        """The images that are asked for; of what is not understood, none."""
        found = self.qs if self.is_valid() else self.qs.none()
        return cast("ImageQuerySet", found)

    @property
    def is_asking(self) -> bool:
        """Whether not simply everything is asked for."""
        return any(name in self.filters for name in self.data or ())


def filter_within(query: str, task: Task) -> ImageFilterSet:
    """What a gallery asks of a task's images; all of them if it is not understood."""
    given, rows = _given(QueryDict(query)), task.images.all()
    if given.get("source") == _NO_SOURCE:
        given["source"] = ""
    wanted = ImageFilterSet(given, rows)
    return wanted if wanted.is_valid() else ImageFilterSet(QueryDict(), rows)


def query_without(query: QueryDict, *names: str) -> QueryDict:
    """A query without some of its names, and without those that were left empty."""
    given = _given(query)
    for name in names:
        given.pop(name, None)
    return given


def _given(query: QueryDict) -> QueryDict:
    """The query without fields that were left empty: a browser sends those of a form, too."""
    given = QueryDict(mutable=True)
    for name, values in query.lists():
        if kept := list(filter(None, values)):
            given.setlist(name, kept)
    return given
