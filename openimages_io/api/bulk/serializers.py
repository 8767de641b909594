"""What a client asks to be done to many images, and what is answered."""

from typing import Any

from rest_framework import serializers

from openimages_io.annotations.bulk.changes import Change, Delete, Duplicates, Move, NewLabelSpecs, Relabel
from openimages_io.annotations.bulk.plan import Plan
from openimages_io.api.bulk.choosing import annotations_field, choosing_fields, chosen
from openimages_io.api.fields import StrictBooleanField, StrictIntegerField
from openimages_io.api.images.serializers import SubsetField
from openimages_io.api.jobs.requests import EnumField
from openimages_io.api.jobs.serializers import IssueSerializer, TotalsSerializer
from openimages_io.api.strict import StrictSerializer
from openimages_io.filtersets.fields import LARGEST_KEY
from openimages_io.jobs.bulk import sentence_of
from openimages_io.models.chosen_images import ChosenImages

ISSUES = 100
"""Of a change, in an answer; a job lists them all."""
_TRIED = "A dry run, so nothing was changed. It would be: "


def _key(about: str) -> StrictIntegerField:
    return StrictIntegerField(min_value=1, max_value=LARGEST_KEY, help_text=about)


class BulkBody(StrictSerializer):
    """Which images, and whether it is only tried."""

    dry_run = StrictBooleanField(
        required=False, help_text="Only say what would be done. `If-Match` with the answer's ETag does just that then."
    )

    def get_fields(self) -> dict[str, Any]:
        """Those that choose come first."""
        return choosing_fields() | super().get_fields()

    def validate(self, attrs: Any) -> Any:
        """Raises `ValidationError` where nothing is chosen, or in two ways."""
        chosen(attrs)
        return attrs

    @property
    def images(self) -> ChosenImages:
        """Which images. Only of a valid body."""
        return chosen(self.validated_data)

    def change(self) -> Change:
        """What is to be done."""
        raise NotImplementedError


class MoveBody(BulkBody):
    """Images to another subset."""

    subset = SubsetField(max_length=255, help_text="An image whose ImageID this subset has already stays in its own.")

    def change(self) -> Move:
        return Move(subset=self.validated_data["subset"])


class DeleteBody(BulkBody):
    """Annotations of a label, to be deleted."""

    label = _key("The id of the label.")  # type: ignore[assignment]  # not its attribute: DRF takes fields away
    annotations = annotations_field()

    def change(self) -> Delete:
        return Delete(label=self.validated_data["label"], asked=self.validated_data.get("annotations", {}))


class RelabelBody(BulkBody):
    """Annotations of a label, to get another one."""

    label = _key("The id of the label that they have.")  # type: ignore[assignment]  # as above
    new_label = _key("The id of the label that they get.")
    annotations = annotations_field()
    duplicates = EnumField(
        Duplicates,
        required=False,
        help_text="What becomes of an annotation where its image has the same one of the new label already: `keep` its "
        "label, if not given, or `delete` it. One that says something else than the other always keeps its label.",
    )
    missing_specs = EnumField(
        NewLabelSpecs,
        required=False,
        help_text="What becomes of an annotation with attributes that the new label has no spec for: it may `keep` its "
        "label, if not given, or the specs that the new label lacks are made, `create`.",
    )

    def change(self) -> Relabel:
        values = self.validated_data
        return Relabel(
            label=values["label"],
            new_label=values["new_label"],
            asked=values.get("annotations", {}),
            duplicates=Duplicates(values.get("duplicates", Duplicates.KEEP)),
            missing_specs=NewLabelSpecs(values.get("missing_specs", NewLabelSpecs.KEEP)),
        )


class BulkChangeSerializer(serializers.Serializer[Any]):
    """What was done to many images, or would be."""

    dry_run = serializers.BooleanField(help_text="Whether nothing was changed yet.")
    images = serializers.IntegerField(help_text="How many images were chosen.")
    changed_images = serializers.IntegerField(help_text="On how many of them anything is changed.")
    changed = serializers.IntegerField(
        help_text="Images that are moved, or annotations that are relabelled or deleted."
    )
    totals = serializers.DictField(child=TotalsSerializer(), help_text="By kind of rows, such as `boxes`.")
    undecided = serializers.IntegerField(
        help_text="Annotations that a dry run leaves aside, because there are more than BULK_AT_ONCE whose images have "
        "some of the new label: which of them stay as they are, the job says."
    )
    new_specs = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the attribute specs that the new label is given."
    )
    issues = IssueSerializer(many=True, help_text=f"What stays as it is, and why: the first {ISSUES}.")
    message = serializers.CharField(help_text="All of it in a sentence.")


def bulk_change_data(plan: Plan, *, dry_run: bool) -> Any:
    """A plan as JSON."""
    shown = {
        "dry_run": dry_run,
        "images": plan.images,
        "changed_images": len(plan.touched),
        "changed": plan.rows,
        "totals": plan.report.totals_as_json(),
        "undecided": plan.undecided,
        "new_specs": [spec.name for spec in plan.new_specs],
        "issues": plan.report.first_issues(ISSUES),
        "message": f"{_TRIED if dry_run else ''}{sentence_of(plan)}",
    }
    return BulkChangeSerializer(shown).data
