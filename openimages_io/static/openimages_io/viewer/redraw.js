"use strict";
/* The shapes of an image's page as they are while they are edited. */
window.openimages?.editing?.(({ viewer, editor, words, group, svg, width, height }) => {
  const TAGS = { rectangle: "rect", polygon: "path", ellipse: "ellipse", mask: "rect" };
  const kept = new Map();
  let drawn = new Map();

  /* Labels that this page knows: those on it, and whatever was searched for. */
  editor.labels = new Map();
  for (const label of words.labels) editor.labels.set(label.id, label);
  editor.label = (id) => editor.labels.get(id) || { id, text: `#${id}`, color: "#808080" };

  const described = {
    label: (id) => editor.label(Number(id)),
    kind: (kind) => ({ text: words.kinds[kind] }),
    source: (source) => ({ text: source || words.none }),
  };

  const set = (element, values) => { for (const [name, value] of Object.entries(values)) element.setAttribute(name, value); };

  const turn = (element, { rotation }, x, y) => {
    if (rotation) set(element, { transform: `rotate(${rotation} ${x} ${y})` }); else element.removeAttribute("transform");
  };
  /* Sets an element where its shape is; a mask stays where its pixels are. */
  editor.place = (element, shape) => {
    if (shape.kind === "mask" && shape.x_min === null) return;
    const [x, y] = [shape.x_min * width, shape.y_min * height];
    const [wide, high] = [shape.x_max * width - x, shape.y_max * height - y];
    if (shape.kind === "rectangle" || (shape.kind === "mask" && element.tagName === "rect")) {
      set(element, { x, y, width: wide, height: high });
      turn(element, shape, x + wide / 2, y + high / 2);
    } else if (shape.kind === "polygon") {
      const ring = (points) => `M${points.map((value, index) => value * (index % 2 ? height : width)).join(" ")}Z`;
      set(element, { d: shape.points.map(ring).join("") });
    } else if (shape.kind === "ellipse") {
      const [cx, cy, rx, ry] = shape.points;
      set(element, { cx: cx * width, cy: cy * height, rx: rx * width, ry: ry * height });
      turn(element, shape, cx * width, cy * height);
    }
  };

  /* A new element of a shape, where it is; of a mask only the box, for its pixels are not here. */
  editor.elementOf = (shape) => {
    const element = document.createElementNS(svg.namespaceURI, TAGS[shape.kind]);
    set(element, { "vector-effect": "non-scaling-stroke" });
    editor.place(element, shape);
    return element;
  };

  const show = (key, shape) => {
    let element = viewer.shape(key) || kept.get(key);
    const label = editor.label(shape.label);
    if (!element) {
      element = editor.elementOf(shape);
      element.dataset.shape = key;
      if (element.tagName === "rect") set(element, { "fill-opacity": 0 });
      if (shape.kind === "mask") set(element, { "stroke-dasharray": "4 3" });
    }
    const isNew = !element.isConnected;
    if (element.tagName !== "path" || shape.kind === "polygon") editor.place(element, shape);
    set(element, { "data-label": shape.label, "data-kind": shape.kind, "data-source": shape.source || "", fill: label.color, stroke: label.color });
    if (shape.score === null || shape.score === undefined) delete element.dataset.score; else element.dataset.score = shape.score;
    const lines = [label.text, words.kinds[shape.kind]];
    if (shape.score !== null && shape.score !== undefined) lines.push(`${words.score}: ${shape.score}`);
    if (typeof shape.occluded === "boolean") lines.push(`${words.occluded}: ${editor.shown(shape.occluded)}`);
    for (const [name, value] of editor.values(shape)) lines.push(`${name}: ${editor.shown(value)}`);
    const title = element.querySelector("title") || element.appendChild(document.createElementNS(svg.namespaceURI, "title"));
    title.textContent = lines.join("\n");
    if (isNew) group.append(element);
    viewer.prepare(element);
    if (viewer.selected === key) viewer.mark(key, "oi-selected", true);
    editor.showRow(key);
  };

  const hide = (key) => {
    editor.showRow(key);
    const element = viewer.shape(key);
    if (!element) return;
    kept.set(key, element);
    element.remove();
    viewer.forget(key);
  };

  editor.redraw = () => {
    for (const key of drawn.keys()) if (!editor.now.has(key)) hide(key);
    for (const [key, shape] of editor.now) {
      if (shape.kind !== "tag" && drawn.get(key) !== shape) show(key, shape);
    }
    drawn = new Map([...editor.now].filter(([, shape]) => shape.kind !== "tag"));
    if (viewer.selected !== null && !viewer.shape(viewer.selected)) viewer.select(null);
    viewer.describe();
    viewer.recount?.(described);
    viewer.emit("shapes");
  };
  /* What is on the page may be older than what was read: all of it is set again, and what has gone meanwhile goes. */
  editor.take = () => { drawn = new Map(viewer.shapes().map((element) => [element.dataset.shape, null])); };
  /* A saved shape has a key of its own. */
  editor.rename = (from, to) => {
    editor.renameRow(from, to);
    const element = viewer.shape(from);
    if (!element) return;
    viewer.forget(from);
    element.dataset.shape = to;
    viewer.prepare(element);
  };
  viewer.on("edit", () => editor.redraw());
});
