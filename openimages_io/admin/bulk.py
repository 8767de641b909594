"""Changes of many images, from the gallery: chosen there, asked and shown on a page of their own, then confirmed."""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openimages_io.admin.pages import anchor, page
from openimages_io.admin.returning import WITHIN
from openimages_io.admin.task_pages import TaskPagesMixin
from openimages_io.annotations.bulk.changes import Change, Delete, Move, Relabel
from openimages_io.exceptions import OpenImagesError
from openimages_io.models import Job, Task
from openimages_io.permissions import permissions

if TYPE_CHECKING:
    from openimages_io.admin.bulk_forms import ChangeForm
    from openimages_io.admin.choosing import Choice

ACTIONS: Final[tuple[tuple[Change, Any], ...]] = (
    (Move(subset="-"), gettext_lazy("Move to a subset")),
    (Relabel(label=0, new_label=0), gettext_lazy("Relabel")),
    (Delete(label=0), gettext_lazy("Delete annotations")),
)
"""A change of each kind as it needs least, and its button."""
EXPORT: Final = "export"


def bulk_actions(request: HttpRequest, task: Task) -> list[tuple[str, Any]]:
    """What the user may do with the images of a gallery: words of actions, and their buttons."""
    site = permissions()
    found = [(change.action, text) for change, text in ACTIONS if site.may_make(request.user, change, task)]
    return [*found, (EXPORT, _("Export"))] if site.may_export(request.user, task) else found


class BulkMixin(TaskPagesMixin):
    """An admin class of tasks whose images are changed many at once."""

    def has_bulk_permission(self, request: HttpRequest, obj: Task) -> bool:
        """Whether the user may do what the address asks for; where it asks for nothing, any of it."""
        if not self.has_view_permission(request, obj):
            return False
        site, action = permissions(), request.GET.get("action", "")
        if action == EXPORT:
            return site.may_export(request.user, obj)
        asked = [change for change, _words in ACTIONS if change.action == action]
        return site.may_make(request.user, asked[0], obj) if asked else bool(bulk_actions(request, obj))

    @page("<int:key>/gallery/bulk/", "bulk", permission="bulk")
    def bulk_view(self, request: HttpRequest, task: Task) -> HttpResponse:
        """Asks what is to be done, shows what that would do, and, posted, does it as it was shown."""
        from openimages_io.admin.bulk_forms import FORMS  # noqa: PLC0415  (slow to load)
        from openimages_io.admin.choosing import choice_of  # noqa: PLC0415  (slow to load)

        action, choice = request.GET.get("action", ""), choice_of(request.GET, task)
        if choice.images is None:
            self.message_user(request, _("Select images first: some cards, or all that match."), messages.WARNING)
            return HttpResponseRedirect(self._gallery(request, task))
        if action not in dict(bulk_actions(request, task)):
            raise Http404
        if action == EXPORT:
            chosen = {**dict(choice.query.lists()), "task": [str(task.pk)]}
            return HttpResponseRedirect(f"{self.url('task_export')}?{urlencode(chosen, doseq=True)}")
        data = request.GET if {"subset", "label"} & set(request.GET) else None
        form = FORMS[action](data, task, choice.filter, request.user)
        if request.method == "POST" and form.is_valid():
            done = self._change(request, task, choice, form)
            if done is not None:
                return done
        from openimages_io.admin.bulk_page import bulk_context  # noqa: PLC0415  (needs numpy and Pillow)

        context = bulk_context(request, task, choice, form, self.url_for(request, task))
        return self.render(request, "bulk.html", here=form.verb, **context)

    def _change(self, request: HttpRequest, task: Task, choice: "Choice", form: "ChangeForm") -> HttpResponse | None:
        """Makes the change as it was shown; None, with a message, where it is not made."""
        from openimages_io.annotations.versions import Expected  # noqa: PLC0415  (slow to load)
        from openimages_io.jobs.bulk import change_or_submit, sentence_of  # noqa: PLC0415  (slow to load)

        assert choice.images is not None
        change = form.change()
        expected = Expected([request.POST.get("shown", "")])
        try:
            done = change_or_submit(task, change, choice.images, expected, user=request.user)
        except OpenImagesError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        if isinstance(done, Job):
            return self.to_jobs(request, [done])
        link = anchor(_("See them in the gallery."), self._result(task, change))
        self.message_user(request, format_html("{} {}", sentence_of(done), link), messages.SUCCESS)
        return HttpResponseRedirect(self._gallery(request, task))

    def _gallery(self, request: HttpRequest, task: Task) -> str:
        query = QueryDict(request.GET.get(WITHIN, "")).urlencode()
        return f"{self.url('task_gallery', task.pk)}?{query}"

    def _result(self, task: Task, change: Change) -> str:
        """The address of a gallery that shows what has become of the images."""
        asked: dict[str, Any] = {}
        if isinstance(change, Move):
            asked = {"subset": change.subset}
        elif isinstance(change, Relabel):
            asked = {"label": change.new_label, "presence": "any"}
        return f"{self.url('task_gallery', task.pk)}?{urlencode(asked)}"
