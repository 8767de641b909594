"""Class lists and the hierarchy to labels and edges."""

from collections.abc import Sequence
from typing import Any

from openimages_io.format import hierarchy
from openimages_io.format.layouts import Kind, Source
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import CLASSES
from openimages_io.models import HierarchyEdge, Label
from openimages_io.transfer.creating import create_labels
from openimages_io.transfer.labels.mapping import display_name
from openimages_io.transfer.options import Missing
from openimages_io.transfer.run import Run


def read_labels(run: Run) -> None:
    """Reads class lists and the hierarchy, and finds the labels that were chosen."""
    read_class_lists(run)
    read_hierarchy(run)
    choose_labels(run)


def plan_specs(run: Run) -> None:
    """Has the attribute specs made that rows were found to need."""
    run.specs.plan(run.plan)
    if run.specs.made:
        totals = run.report.of("attribute specs")
        totals.read = totals.added = len(run.specs.made)


def read_class_lists(run: Run) -> None:
    """Reads every class list; the first word of overlapping lists holds, with a warning where they differ."""
    listed: dict[str, tuple[str, str]] = {}
    for source in run.sources(Kind.CLASSES):
        totals = run.report.of("labels")
        seen: set[str] = set()
        for chunk in run.chunks(source, CLASSES, totals):
            names = chunk.values["LabelName"]
            for name, display, line in zip(names, chunk.get("DisplayName"), chunk.lines, strict=True):
                if name in seen:
                    run.issue("class-twice", file=source.path, line=line, column="LabelName", value=name)
                    totals.skipped[SkipReason.BAD] += 1
                    continue
                seen.add(name)
                earlier = listed.get(name)
                if earlier is None:
                    listed[name] = display or "", source.path
                    continue
                totals.skipped[SkipReason.REPEATED] += 1
                if not earlier[0]:
                    listed[name] = display or "", source.path
                elif display and display != earlier[0]:
                    place: dict[str, Any] = {"file": source.path, "line": line, "column": "DisplayName"}
                    run.issue("class-differs", value=display, earlier=earlier[0], other=earlier[1], **place)
    run.class_list = {name: display for name, (display, _) in listed.items()}
    _take_in(run, run.class_list)


def _take_in(run: Run, listed: dict[str, str]) -> None:
    totals = run.report.of("labels") if listed else None
    new: list[tuple[str, str]] = []
    renamed: list[tuple[int, str]] = []
    unlisted = set(
        Label.objects.using(run.using).filter(task_id=run.task_id, is_listed=False).values_list("pk", flat=True)
    )
    now_listed: list[int] = []
    of_rows = {run.labels.by_name[name] for name in listed if name in run.labels.by_name}
    for name, display in listed.items():
        assert totals is not None
        if not _chosen(run, name, display):
            totals.skipped[SkipReason.LABEL_NOT_CHOSEN] += 1
            continue
        key = run.labels.by_name.get(name)
        if key is None and name not in run.labels.ambiguous:
            key = run.labels.find.get(name)
            if key in of_rows:  # the list has that label itself, so this is another class
                key = None
        if key is None:
            if run.options.missing_labels is Missing.CREATE:
                new.append((name, display_name(name, display)))
            else:
                totals.skipped[SkipReason.UNKNOWN_LABEL] += 1
            continue
        of_rows.add(key)
        # A tool that knows no display names writes the LabelName twice; that says nothing.
        differs = display and display not in {name, run.labels.names[key]} and display != run.labels.display[key]
        if differs and name not in run.labels.by_name:
            # It was found by the display name that it would lose, so that the next import would not find it.
            run.issue("class-differs", column="DisplayName", value=display, earlier=name, other="the task")
            differs = False
        if differs:
            renamed.append((key, display))
            run.labels.rename(key, display)
            totals.updated += 1
        else:
            totals.updated += key in unlisted
            totals.unchanged += key not in unlisted
        if key in unlisted:
            now_listed.append(key)
            unlisted.remove(key)
    if new:
        create_labels(run, new, listed=True, from_class_list=True)
    _update(run, renamed, now_listed)


def _chosen(run: Run, name: str, display: str) -> bool:
    return not run.options.labels or name in run.options.labels or display in run.options.labels


def _update(run: Run, renamed: Sequence[tuple[int, str]], listed: Sequence[int]) -> None:
    run.plan.update(Label, [key for key, _ in renamed], {"display_name": [display for _, display in renamed]})
    run.plan.update(Label, listed, {"is_listed": [True] * len(listed)})


def choose_labels(run: Run) -> None:
    """Finds the labels that were chosen by name; one that neither the archive nor the task has is an issue.

    Where labels are created, rows may still bring one that no class list has.
    """
    if not run.options.labels:
        return
    for name in sorted(run.options.labels):
        if name in run.labels.ambiguous:
            several = ", ".join(run.labels.ambiguous[name])
            run.issue("ambiguous-chosen-label", column="--label", value=name, labels=several)
        elif name not in run.labels.find:
            run.awaited_labels.add(name)
    if run.options.missing_labels is not Missing.CREATE:
        report_awaited_labels(run)
    run.chosen_labels = frozenset(run.labels.find[name] for name in run.options.labels if name in run.labels.find)


def report_awaited_labels(run: Run) -> None:
    """Makes an issue of each label that was chosen by a name that nothing has."""
    for name in sorted(run.awaited_labels):
        run.issue("unknown-chosen-label", column="--label", value=name)
    run.awaited_labels.clear()


def read_hierarchy(run: Run) -> None:
    """Reads the hierarchy: its edges, and the labels that only it has, such as the virtual root."""
    for source in run.sources(Kind.HIERARCHY):
        graph: hierarchy.Graph | None = None
        with run.readable():
            data = run.archive.read(source.path, run.limits.max_hierarchy_bytes)
            graph = hierarchy.parse(data, source.path, run.limits, run.report)
        if graph is None:
            run.report.has_whole_file_errors = True
        # Of a root alone only its name says anything, and one that was made up says nothing.
        elif graph.edges or not hierarchy.is_virtual_root(graph.root):
            _take_edges(run, source, graph)


def _take_edges(run: Run, source: Source, graph: hierarchy.Graph) -> None:
    totals = run.report.of("hierarchy edges")
    totals.read += len(graph.edges)
    ambiguous = {name for name in graph.names if name in run.labels.ambiguous}
    for name in sorted(ambiguous):
        several = ", ".join(run.labels.ambiguous[name])
        run.issue("ambiguous-label", file=source.path, column="LabelName", value=name, labels=several)
    unknown = [name for name in graph.names if name not in run.labels.find and name not in ambiguous]
    # Now rather than with the first row of such a label, so that its edges come, too.
    wanted = [name for name in unknown if _chosen(run, name, "")]
    if run.options.missing_labels is Missing.CREATE and wanted:
        create_labels(run, [(name, "") for name in wanted], listed=False)
    children: dict[int, set[int]] = {}
    stored: set[tuple[int, int, str]] = set()
    positions: dict[tuple[int, str], int] = {}
    rows = HierarchyEdge.objects.using(run.using).filter(parent__task_id=run.task_id)
    for parent_id, child_id, kind, position in rows.values_list("parent_id", "child_id", "kind", "position"):
        stored.add((parent_id, child_id, kind))
        children.setdefault(parent_id, set()).add(child_id)
        positions[parent_id, kind] = max(positions.get((parent_id, kind), 0), position + 1)
    find = run.labels.find
    may_be_cyclic = bool(stored) or len({find.get(name) for name in graph.names}) < len(graph.names)
    new: list[tuple[int, int, str, int]] = []
    made: set[tuple[int, int, str]] = set()
    for edge in graph.edges:
        above, child = find.get(edge.parent), find.get(edge.child)
        if not ambiguous.isdisjoint((edge.parent, edge.child)):
            totals.skipped[SkipReason.BAD] += 1
            continue
        if above is None or child is None:
            totals.skipped[SkipReason.LABEL_NOT_CHOSEN if run.options.labels else SkipReason.UNKNOWN_LABEL] += 1
            continue
        key = above, child, edge.kind.value
        if key in stored:
            totals.unchanged += 1
            continue
        if key in made:
            totals.skipped[SkipReason.SAME_EDGE] += 1
            continue
        if may_be_cyclic and _reaches(children, child, above):
            form = "same" if above == child else "above"
            run.issue("cyclic-hierarchy", file=source.path, value=edge.child, form=form, parent=edge.parent)
            totals.skipped[SkipReason.BAD] += 1
            continue
        made.add(key)
        children.setdefault(above, set()).add(child)
        position = positions.get((above, edge.kind.value), 0)
        positions[above, edge.kind.value] = position + 1
        new.append((*key, position))
        totals.added += 1
    if new:
        columns = dict(zip(("parent_id", "child_id", "kind", "position"), zip(*new, strict=True), strict=True))
        run.plan.insert(HierarchyEdge, columns)


def _reaches(children: dict[int, set[int]], start: int, goal: int) -> bool:
    pending, seen = [start], {start}
    while pending:
        label = pending.pop()
        if label == goal:
            return True
        for child in children.get(label, ()):
            if child not in seen:
                seen.add(child)
                pending.append(child)
    return False
