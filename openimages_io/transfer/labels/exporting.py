"""Labels and edges to the class list and the hierarchy."""

from collections import Counter
from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from openimages_io.exceptions import Failure
from openimages_io.format import cells, hierarchy
from openimages_io.format.class_lists import reads_plainly
from openimages_io.format.names import UNPRINTABLE
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import CLASSES
from openimages_io.format.writing import header, lines, names_of, text
from openimages_io.models import HierarchyEdge, Label, Shape
from openimages_io.transfer.cell_values import can_be, text_cells
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.labels.mapping import display_cell
from openimages_io.transfer.options import LabelNames, LayoutName


def prepare_labels(out: ExportState) -> None:
    """Finds the labels that are written, and what stands for each in the column LabelName.

    Raises `OpenImagesError` for a chosen label that the task doesn't have, or that may be any of several.
    """
    labels = list(Label.objects.using(out.using).filter(task_id=out.task_id).order_by("position", "pk"))
    if out.options.labels:
        labels = _chosen(labels, out.options.labels)
    for label in labels:
        is_blank = not label.name.strip() and not label.display_name.strip()
        if can_be(cells.LABEL_NAME, label.name) and not is_blank:
            out.labels.append(label)
            continue
        out.bad_labels.add(label.pk)
        out.issue("bad-label-name", value=label.name, form="unreadable")
        out.report.of("labels").read += 1
        out.report.of("labels").skipped[SkipReason.BAD_NAME] += 1
    out.label_names = {label.pk: label.name for label in out.labels}
    if out.options.label_names is LabelNames.DISPLAY:
        _take_display_names(out)
    out.label_cells = {key: text(name) for key, name in out.label_names.items()}


def _chosen(labels: Sequence[Label], names: frozenset[str]) -> list[Label]:
    """The labels of these names: LabelNames or, where no label has that, display names."""
    known = {label.name for label in labels}
    chosen = names & known
    unknown = []
    for name in sorted(names - known):
        found = [label.name for label in labels if label.display_name == name]
        if len(found) > 1:
            raise Failure("ambiguous-label", label=name, labels=found)
        chosen |= set(found)
        unknown += [] if found else [name]
    if unknown:
        raise Failure("no-label", labels=unknown)
    return [label for label in labels if label.name in chosen]


def _take_display_names(out: ExportState) -> None:
    """Has display names stand for the labels, where they are clear."""
    times = Counter(label.display_name for label in out.labels)
    names = {label.name for label in out.labels}
    without = 0
    for label in out.labels:
        display = label.display_name
        if not display.strip() or not can_be(cells.LABEL_NAME, display):
            without += label.is_listed
        elif times[display] > 1 or (display in names and display != label.name):
            out.warn("ambiguous-label", value=display, form="written", label=label.name)
        else:
            out.label_names[label.pk] = display
    if without:
        out.issue("no-display-name", count=without)


def write_labels(out: ExportState) -> None:
    """Writes the class list and the hierarchy."""
    write_hierarchy(out, write_class_list(out))


def write_class_list(out: ExportState) -> list[str]:
    """Writes the labels that the class list has, and those that shapes have: other tools refuse any other label.

    Returns the LabelNames of those that are left out.
    """
    bare = [label.pk for label in out.labels if not label.is_listed]
    shapes = Shape.objects.using(out.using).filter(label=OuterRef("pk"))
    used = set(Label.objects.using(out.using).filter(Exists(shapes), pk__in=bare).values_list("pk", flat=True))
    listed = [label for label in out.labels if label.is_listed or label.pk in used]
    displays = [display_cell(out.label_names[label.pk], label.display_name) for label in listed]
    columns = [
        [out.label_cells[label.pk] for label in listed],
        text_cells(out, "labels", "DisplayName", cells.SHORT_TEXT, displays),
    ]
    # A first line that looks like a header would be taken for one, and an empty file for a broken one. Datumaro takes a
    # header for a class, so it has none where we read the list rightly and merely warn.
    rows = [(out.label_names[label.pk], shown) for label, shown in zip(listed, displays, strict=True)]
    is_plain = reads_plainly(rows, in_silence=out.options.layout is not LayoutName.DATUMARO)
    start = "" if is_plain else header(names_of(CLASSES))
    out.output.write(out.names.classes, (start + lines(columns)).encode(), compress=True)
    if unnamed := sum(not label.display_name for label in listed):
        out.issue("name-twice", file=out.names.classes, count=unnamed)
    totals = out.report.of("labels")
    totals.read += len(out.labels)
    totals.written += len(listed)
    if len(listed) < len(out.labels):
        totals.skipped[SkipReason.NOT_LISTED] += len(out.labels) - len(listed)
    written = {label.pk for label in listed}
    return [out.label_names[label.pk] for label in out.labels if label.pk not in written]


def write_hierarchy(out: ExportState, unlisted: Sequence[str]) -> None:
    """Writes the hierarchy as the tree that it was; one that is no tree is an issue.

    Without edges it is the root alone if there is one label that the class list doesn't have.
    """
    edges = _edges(out)
    below = {edge.child for edge in edges}
    tops = {edge.parent for edge in edges if edge.parent not in below}
    root = tops.pop() if len(tops) == 1 else unlisted[0] if not edges and len(unlisted) == 1 else None
    named = tuple(dict.fromkeys(name for edge in edges for name in (edge.parent, edge.child)))
    taken = frozenset(out.label_names.values())
    totals = out.report.of("hierarchy edges")
    try:
        graph = hierarchy.Graph(root=root, edges=tuple(edges), names=named)
        data = hierarchy.dump(graph, out.limits, taken=taken)
        totals.written += len(edges)
    except hierarchy.UnwritableHierarchy as fault:
        out.issue("bad-hierarchy", file=out.names.hierarchy, **fault.params)
        totals.skipped[SkipReason.UNWRITABLE] += len(edges)
        data = hierarchy.dump(hierarchy.Graph(root=None, edges=(), names=()), out.limits, taken=taken)
    out.output.write(out.names.hierarchy, data, compress=True)


def _edges(out: ExportState) -> list[hierarchy.Edge]:
    edges = []
    totals = out.report.of("hierarchy edges")
    unfit = {key: name for key, name in out.label_names.items() if not name.strip() or UNPRINTABLE.search(name)}
    forbidden = out.bad_labels.union(unfit)
    lost: set[int] = set()
    for parent, child, kind in HierarchyEdge.objects.using(out.using).of_task(out.task_id):
        totals.read += 1
        if forbidden.isdisjoint((parent, child)):
            if parent in out.label_names and child in out.label_names:
                names = out.label_names[parent], out.label_names[child]
                edges.append(hierarchy.Edge(*names, hierarchy.EdgeKind(kind)))
            else:
                totals.skipped[SkipReason.LABEL_NOT_CHOSEN] += 1
        else:
            totals.skipped[SkipReason.BAD_LABEL_NAME] += 1
            lost |= {parent, child} & unfit.keys()
    for key in sorted(lost):
        out.issue("bad-edge", file=out.names.hierarchy, value=unfit[key])
    return edges
