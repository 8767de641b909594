"use strict";
/* Shapes and rows of an image's page as they are while they are edited. */
(() => {
  const viewer = window.openimages;
  const editor = viewer && viewer.editor;
  if (!editor) return;
  const { page, group, svg } = viewer;
  const [width, height] = editor.size;
  const TAGS = { rectangle: "rect", polygon: "path", ellipse: "ellipse", mask: "rect" };
  const kept = new Map();
  let drawn = new Map();

  /* Labels that this page knows: those on it, and whatever was searched for. */
  editor.labels = new Map();
  for (const label of editor.words.labels) editor.labels.set(label.id, label);
  editor.label = (id) => editor.labels.get(id) || { id, text: `#${id}`, color: "#808080" };

  const set = (element, values) => { for (const [name, value] of Object.entries(values)) element.setAttribute(name, value); };

  /* Sets an element where its shape is; a mask stays where its pixels are. */
  editor.place = (element, shape) => {
    if (shape.kind === "mask" && shape.x_min === null) return;
    const [x, y] = [shape.x_min * width, shape.y_min * height];
    const [wide, high] = [shape.x_max * width - x, shape.y_max * height - y];
    if (shape.kind === "rectangle" || (shape.kind === "mask" && element.tagName === "rect")) {
      set(element, { x, y, width: wide, height: high });
      if (shape.rotation) set(element, { transform: `rotate(${shape.rotation} ${x + wide / 2} ${y + high / 2})` });
    } else if (shape.kind === "polygon") {
      const ring = (points) => `M${points.map((value, index) => value * (index % 2 ? height : width)).join(" ")}Z`;
      set(element, { d: shape.points.map(ring).join("") });
    } else if (shape.kind === "ellipse") {
      const [cx, cy, rx, ry] = shape.points;
      set(element, { cx: cx * width, cy: cy * height, rx: rx * width, ry: ry * height });
      if (shape.rotation) set(element, { transform: `rotate(${shape.rotation} ${cx * width} ${cy * height})` });
    }
  };

  const shown = (value) => (value === true ? editor.words.yes : value === false ? editor.words.no : String(value));
  const values = (shape) => [...Object.entries(shape.attributes || {}), ["source", shape.source], ["group", shape.group], ["rotation", shape.rotation]]
    .filter(([, value]) => value !== "" && value !== null && value !== undefined);

  const show = (key, shape) => {
    let element = viewer.shape(key) || kept.get(key);
    const label = editor.label(shape.label);
    if (!element) {
      element = document.createElementNS(svg.namespaceURI, TAGS[shape.kind]);
      set(element, { "data-shape": key, "vector-effect": "non-scaling-stroke" });
      if (element.tagName === "rect") set(element, { "fill-opacity": 0 });
      if (shape.kind === "mask") set(element, { "stroke-dasharray": "4 3" });
    }
    const isNew = !element.isConnected;
    if (element.tagName !== "path" || shape.kind === "polygon") editor.place(element, shape);
    set(element, { "data-label": shape.label, "data-kind": shape.kind, "data-source": shape.source || "", fill: label.color, stroke: label.color });
    if (shape.score === null || shape.score === undefined) delete element.dataset.score; else element.dataset.score = shape.score;
    const lines = [label.text, editor.words.kinds[shape.kind]];
    if (shape.score !== null && shape.score !== undefined) lines.push(`score: ${shape.score}`);
    if (typeof shape.occluded === "boolean") lines.push(`occluded: ${shown(shape.occluded)}`);
    for (const [name, value] of values(shape)) lines.push(`${name}: ${shown(value)}`);
    const title = element.querySelector("title") || element.appendChild(document.createElementNS(svg.namespaceURI, "title"));
    title.textContent = lines.join("\n");
    if (isNew) group.append(element);
    viewer.prepare(element);
    if (viewer.selected === key) viewer.mark(key, "oi-selected", true);
    tell(key, shape, label);
  };

  /* The row of a shape in the table below. */
  const tell = (key, shape, label) => {
    const row = viewer.row(key);
    if (!row) return;
    row.hidden = false;
    set(row, { "data-label": shape.label, "data-kind": shape.kind });
    const name = row.querySelector("th a") || row.querySelector("th").lastChild;
    name.textContent = label.text;
    row.querySelector("th rect").setAttribute("fill", label.color);
    const cells = [...row.querySelectorAll("td")];
    if (cells.length !== 8) return;
    const sides = ["x_min", "x_max", "y_min", "y_max"].map((side) => shape[side]);
    const occluded = typeof shape.occluded === "boolean" ? shown(shape.occluded) : "";
    [...sides, shape.score ?? "", occluded].forEach((value, index) => { cells[index + 1].textContent = value; });
    cells[7].textContent = values(shape).map(([known, value]) => `${known}: ${shown(value)}`).join("  ");
  };

  const hide = (key) => {
    const element = viewer.shape(key);
    if (!element) return;
    kept.set(key, element);
    element.remove();
    viewer.forget(key);
    const row = viewer.row(key);
    if (row) row.hidden = true;
  };

  editor.redraw = () => {
    for (const key of drawn.keys()) if (!editor.now.has(key)) hide(key);
    for (const [key, shape] of editor.now) {
      if (shape.kind !== "tag" && drawn.get(key) !== shape) show(key, shape);
    }
    drawn = new Map([...editor.now].filter(([, shape]) => shape.kind !== "tag"));
    if (viewer.selected !== null && !viewer.shape(viewer.selected)) viewer.select(null);
    viewer.describe();
    viewer.refresh?.();
    viewer.emit("shapes");
  };
  /* What is on the page may be older than what was read: all of it is set again, and what has gone meanwhile goes. */
  editor.take = () => { drawn = new Map(viewer.shapes().map((element) => [element.dataset.shape, null])); };
  /* A saved shape has a key of its own. */
  editor.rename = (from, to) => {
    const element = viewer.shape(from);
    if (!element) return;
    viewer.forget(from);
    element.dataset.shape = to;
    viewer.prepare(element);
  };
  viewer.on("edit", () => editor.redraw());
})();
