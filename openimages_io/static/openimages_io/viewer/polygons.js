"use strict";
/* Polygons: drawn point by point; points are moved, added between two others, and removed. */
window.openimages?.editing?.(({ viewer, editor, group, svg, width, height }) => {
  const MOST = 400;
  const NEAR = 8;
  let drawn = [];
  let path = null;

  const set = (shape, points) => ({ ...shape, points, ...editor.around(points) });
  const changed = (shape, ring, change) => {
    const points = shape.points.map((own) => [...own]);
    change(points[ring]);
    return set(shape, points);
  };
  const parse = (name) => name.replace("+", "").split(":").map(Number);

  /* A square on each point, a smaller one between two. */
  editor.handlesOf = (shape) => {
    if (shape.points.reduce((sum, ring) => sum + ring.length / 2, 0) > MOST) { editor.tell(editor.words.manyPoints); return; }
    shape.points.forEach((ring, number) => {
      const count = ring.length / 2;
      for (let index = 0; index < count; index++) {
        const next = (index + 1) % count;
        editor.handle(`${number}:${index}+`, (ring[2 * index] + ring[2 * next]) / 2, (ring[2 * index + 1] + ring[2 * next + 1]) / 2, "oi-between");
      }
      for (let index = 0; index < count; index++) editor.handle(`${number}:${index}`, ring[2 * index], ring[2 * index + 1]);
    });
  };
  editor.grabbed = (event, name, begin) => {
    const shape = editor.now.get(viewer.selected);
    const [ring, index] = parse(name);
    const isNew = name.endsWith("+");
    return begin((_, to) => changed(shape, ring, (points) => points.splice(2 * (index + isNew), isNew ? 0 : 2, ...to)));
  };
  /* A double click removes the point, or ends what is drawn. */
  editor.finished = (event) => {
    if (editor.tool === "polygon") { finish(); return true; }
    const name = editor.handleAt(event);
    const shape = editor.now.get(viewer.selected);
    if (!name || !shape || shape.kind !== "polygon" || name.endsWith("+")) return false;
    const [ring, index] = parse(name);
    if (shape.points[ring].length > 6) editor.commit([[viewer.selected, changed(shape, ring, (points) => points.splice(2 * index, 2))]]);
    else if (shape.points.length > 1) editor.commit([[viewer.selected, set(shape, shape.points.filter((_, other) => other !== ring))]]);
    return true;
  };

  const preview = (to = null) => {
    path ||= document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("class", "oi-drawn");
    path.setAttribute("vector-effect", "non-scaling-stroke");
    const all = to ? [...drawn, to] : drawn;
    path.setAttribute("d", all.map(([x, y], index) => `${index ? "L" : "M"}${x * width} ${y * height}`).join(""));
    if (!path.isConnected) group.after(path);
  };
  const clear = () => {
    drawn = [];
    path?.remove();
    path = null;
  };
  const apart = (one, other) => Math.hypot((one[0] - other[0]) * width, (one[1] - other[1]) * height) * viewer.scale();
  const finish = () => {
    const points = drawn.filter((point, index) => !index || apart(point, drawn[index - 1]) >= 1);
    clear();
    if (points.length < 3) return;
    const rings = [points.flat()];
    editor.draw({ kind: "polygon", points: rings, ...editor.around(rings) });
  };
  editor.pressed = (event) => {
    if (editor.tool !== "polygon") return true;
    if (!editor.beginDrawing(event)) return true;
    const to = editor.at(event);
    if (drawn.length > 2 && apart(to, drawn[0]) < NEAR) { finish(); return true; }
    drawn.push(to);
    preview();
    return true;
  };
  window.addEventListener("pointermove", (event) => { if (drawn.length) preview(editor.at(event)); });

  editor.endDrawing = () => { if (drawn.length) finish(); };
  const isUnfinished = editor.isUnfinished;
  editor.isUnfinished = () => drawn.length > 0 || isUnfinished();

  const before = editor.letGo;
  editor.letGo = () => {
    if (!drawn.length) return before();
    clear();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (!drawn.length || viewer.isTyping(event.target)) return;
    if (event.key === "Enter") finish();
    else if (event.key === "Backspace" || ((event.ctrlKey || event.metaKey) && event.key === "z")) { drawn.pop(); if (drawn.length) preview(); else clear(); }
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
});
