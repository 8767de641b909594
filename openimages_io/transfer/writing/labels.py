"""Labels and edges to the class list and the hierarchy."""

from collections import Counter

from openimages_io.exceptions import OpenImagesError
from openimages_io.format import hierarchy
from openimages_io.format.issues import Severity
from openimages_io.format.writing import lines, text, texts
from openimages_io.models import HierarchyEdge, Label
from openimages_io.transfer.options import LabelNames
from openimages_io.transfer.outgoing import Outgoing


def prepare_labels(out: Outgoing) -> None:
    """Finds the labels that are written, and what stands for each in the column LabelName.

    Raises `OpenImagesError` for a chosen label that the task doesn't have.
    """
    labels = list(Label.objects.using(out.using).filter(task_id=out.task_id).order_by("position", "pk"))
    chosen = out.options.labels
    unknown = chosen - {name for label in labels for name in (label.name, label.display_name)}
    if unknown:
        raise OpenImagesError(f"The task has no label {', '.join(f'“{name}”' for name in sorted(unknown))}.")
    out.labels = [label for label in labels if not chosen or chosen & {label.name, label.display_name}]
    shared = Counter(label.display_name for label in out.labels)
    names = {label.name for label in out.labels}
    for label in out.labels:
        written = label.name
        if out.options.label_names is LabelNames.DISPLAY and label.display_name:
            is_taken = shared[label.display_name] > 1 or label.display_name in names - {label.name}
            if is_taken:
                reason = f"is the display name of several labels; {label.name} is written as it is"
                out.issue("ambiguous-label", reason, value=label.display_name, severity=Severity.WARNING)
            else:
                written = label.display_name
        out.label_names[label.pk] = written
        out.label_cells[label.pk] = text(written)


def write_class_list(out: Outgoing) -> None:
    """Writes the labels that the class list has, with their display names."""
    listed = [label for label in out.labels if label.is_listed]
    cells = [out.label_cells[label.pk] for label in listed]
    displays = texts([label.display_name or out.label_names[label.pk] for label in listed])
    out.output.write(out.names.classes, lines([cells, displays]).encode(), compress=True)
    totals = out.report.of("labels")
    totals.read += len(out.labels)
    totals.written += len(listed)
    if len(listed) < len(out.labels):
        totals.skipped["not in the class list"] += len(out.labels) - len(listed)


def write_hierarchy(out: Outgoing) -> None:
    """Writes the hierarchy as the tree that it was."""
    rows = HierarchyEdge.objects.using(out.using).filter(parent__task_id=out.task_id)
    ordered = rows.order_by("parent__position", "parent_id", "kind", "position", "pk")
    edges = []
    totals = out.report.of("hierarchy edges")
    for parent, child, kind in ordered.values_list("parent_id", "child_id", "kind"):
        totals.read += 1
        if parent in out.label_names and child in out.label_names:
            names = out.label_names[parent], out.label_names[child]
            edges.append(hierarchy.Edge(*names, hierarchy.EdgeKind(kind)))
            totals.written += 1
        else:
            totals.skipped["of a label that was not chosen"] += 1
    below = {edge.child for edge in edges}
    tops = [edge.parent for edge in edges if edge.parent not in below]
    bare = [out.label_names[label.pk] for label in out.labels if not label.is_listed]
    root = tops[0] if len(set(tops)) == 1 else bare[0] if not edges and len(bare) == 1 else None
    named = tuple(dict.fromkeys(name for edge in edges for name in (edge.parent, edge.child)))
    graph = hierarchy.Graph(root=root, edges=tuple(edges), names=named)
    taken = frozenset(out.label_names.values())
    out.output.write(out.names.hierarchy, hierarchy.dump(graph, out.limits, taken=taken), compress=True)
