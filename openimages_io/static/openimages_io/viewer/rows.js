"use strict";
/* The rows of the table below the picture, as shapes are while they are edited; what is not saved yet says so. */
window.openimages?.editing?.(({ viewer, editor, bar, words, page }) => {
  const table = page.querySelector(".oi-shapes");
  const model = page.querySelector(".oi-new-row").content.firstElementChild;
  const none = page.querySelector(".oi-no-shapes");
  const SIDES = ["x_min", "x_max", "y_min", "y_max"];

  /* Values that the table has columns for are called as these are. */
  editor.named = (name) => ({ score: words.score, occluded: words.occluded })[name] || name;
  editor.shown = (value) => (value === true ? words.yes : value === false ? words.no : String(value));
  /* What is said of a shape besides its place and label. */
  editor.values = (shape) => [...Object.entries(shape.attributes || {}), ["source", shape.source], ["group", shape.group], ["rotation", shape.rotation]]
    .filter(([, value]) => value !== "" && value !== null && value !== undefined);

  const said = (shape) => {
    const occluded = typeof shape.occluded === "boolean" ? editor.shown(shape.occluded) : "";
    const sides = typeof shape.x_min === "number" ? SIDES.map((side) => shape[side]) : null;
    return { kind: words.kinds[shape.kind], sides, score: shape.score ?? "", occluded };
  };
  const cellOf = (value, isNumber = false) => {
    const cell = document.createElement("td");
    if (isNumber) cell.className = "oi-number";
    cell.textContent = value;
    return cell;
  };
  const cellsOf = (shape) => {
    const { kind, sides, score, occluded } = said(shape);
    const last = document.createElement("td");
    for (const [name, value] of editor.values(shape)) {
      const one = document.createElement("span");
      one.className = "oi-value";
      one.textContent = `${name}: ${editor.shown(value)}`;
      last.append(one, " ");
    }
    const without = Object.assign(cellOf(words.noBox), { colSpan: 4 });
    return [cellOf(kind), ...(sides ? sides.map((value) => cellOf(value, true)) : [without]), cellOf(score, true), cellOf(occluded), last];
  };

  const linked = (row, key, name) => {
    const head = row.querySelector("th");
    const old = head.querySelector("a, .oi-name");
    if (old.tagName === "A" || key.startsWith("new-") || !bar.dataset.rowUrl) { old.textContent = name; return; }
    const link = document.createElement("a");
    link.href = bar.dataset.rowUrl.replace("/0/", `/${key}/`);
    link.textContent = name;
    old.replaceWith(link);
  };
  const make = (key) => {
    const row = model.cloneNode(true);
    row.id = `oi-row-${key}`;
    row.dataset.row = key;
    viewer.rows.set(key, row);
    table.tBodies[0].append(row);
    return row;
  };
  const show = (key, shape) => {
    let row = viewer.row(key);
    if (!row && !table.dataset.isWhole && !key.startsWith("new-") && editor.base.get(key) === shape) return;
    row ||= make(key);
    row.hidden = false;
    const label = editor.label(shape.label);
    Object.assign(row.dataset, { label: shape.label, kind: shape.kind, source: shape.source || "" });
    if (typeof shape.score === "number") row.dataset.score = shape.score; else delete row.dataset.score;
    linked(row, key, label.text);
    row.querySelector("th rect").setAttribute("fill", label.color);
    const cells = cellsOf(shape);
    const old = [...row.querySelectorAll("td")];
    if (old.length !== cells.length || cells.some((cell, index) => cell.textContent.trim() !== old[index].textContent.trim())) {
      for (const cell of old) cell.remove();
      row.append(...cells);
    }
    row.classList.toggle("oi-selected", viewer.selected === key);
    row.classList.toggle("oi-off", viewer.shape(key)?.classList.contains("oi-off") || false);
    markRow(row, key, shape);
  };
  const markRow = (row, key, shape) => {
    const isSaved = editor.base.get(key) === shape;
    let mark = row.querySelector(".oi-mark");
    if (isSaved) { mark?.remove(); return; }
    if (mark) return;
    mark = document.createElement("span");
    mark.className = "oi-mark";
    mark.textContent = words.notSaved;
    row.querySelector("th").append(" ", mark);
  };
  const hide = (key) => {
    const row = viewer.row(key);
    if (!row) return;
    if (key.startsWith("new-")) { row.remove(); viewer.rows.delete(key); } else row.hidden = true;
  };
  editor.renameRow = (from, to) => {
    const row = viewer.row(from);
    if (!row) return;
    viewer.rows.delete(from);
    viewer.rows.set(to, row);
    row.dataset.row = to;
    row.id = `oi-row-${to}`;
  };
  /* Once in a frame: a table of many rows takes long to be laid out, and whoever asks where something is would wait for it. */
  const changed = new Set();
  const soon = viewer.soon(() => {
    for (const key of changed) {
      const shape = editor.now.get(key);
      if (shape) show(key, shape); else hide(key);
    }
    changed.clear();
    const isEmpty = ![...viewer.rows.values()].some((row) => !row.hidden);
    none.hidden = !isEmpty;
    table.parentElement.hidden = isEmpty;
    viewer.describe();
  });
  editor.showRow = (key) => {
    changed.add(key);
    soon();
  };
});
