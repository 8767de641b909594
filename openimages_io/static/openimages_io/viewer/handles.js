"use strict";
/* The handles of the shape that is selected. Those of a turned shape are turned with it, and there is one to turn it by. */
window.openimages?.editing?.(({ viewer, editor, group, svg, width, height }) => {
  const SIZES = { "oi-handle": 10, "oi-between": 7, "oi-turn": 12 };
  const FAR = 26;
  const CURSORS = ["ew-resize", "nwse-resize", "ns-resize", "nesw-resize"];
  const { frameOf, placeOf } = editor.frames;
  const layer = document.createElementNS(svg.namespaceURI, "g");
  layer.setAttribute("class", "oi-handles");
  group.after(layer);

  const add = (tag, attributes) => {
    const made = document.createElementNS(svg.namespaceURI, tag);
    for (const [name, value] of Object.entries({ "vector-effect": "non-scaling-stroke", ...attributes })) made.setAttribute(name, value);
    layer.append(made);
    return made;
  };
  /* A finger needs more room than a mouse. */
  const isCoarse = window.matchMedia("(pointer: coarse)");
  const sizeOf = (kind) => SIZES[kind] * (isCoarse.matches ? 2 : 1) / viewer.scale();
  const square = (name, x, y, kind, turn = 0) => {
    const size = sizeOf(kind);
    return add("rect", { class: kind, "data-handle": name, x: x - size / 2, y: y - size / 2, width: size, height: size, transform: `rotate(${turn} ${x} ${y})` });
  };
  /* A handle at a fraction of the image. */
  editor.handle = (name, x, y, kind = "oi-handle") => square(name, x * width, y * height, kind);
  /* The stage catches the pointer, so it is what a click is for. */
  editor.handleAt = (event) => document.elementFromPoint(event.clientX, event.clientY)?.dataset?.handle;

  const onScreen = ([x, y]) => new DOMPoint(x, y).matrixTransform(group.getScreenCTM());
  const isSeen = (place, area) => {
    const { x, y } = onScreen(place);
    return x > area.left + 6 && x < area.right - 6 && y > area.top + 6 && y < area.bottom - 6;
  };
  /* Beside the first side where it is seen, else within the shape. */
  const turnHandle = (frame) => {
    const area = svg.getBoundingClientRect();
    const far = FAR / viewer.scale();
    const out = (side, by) => [0, by].map((more) => placeOf({ ...frame, wide: frame.wide + more, high: frame.high + more }, editor.ways[side]));
    const [from, to] = ["n", "e", "s", "w"].map((side) => out(side, far)).find(([, place]) => isSeen(place, area)) || out("n", -far);
    const line = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
    add("line", { class: "oi-turn-below", ...line });
    add("line", { class: "oi-turn-line", ...line });
    add("circle", { class: "oi-turn", "data-handle": "turn", cx: to[0], cy: to[1], r: sizeOf("oi-turn") / 2 })
      .append(Object.assign(document.createElementNS(svg.namespaceURI, "title"), { textContent: editor.words.turn }));
  };
  const framing = (shape) => {
    const frame = frameOf(shape);
    const centre = onScreen([frame.x, frame.y]);
    if (editor.canTurn(shape)) turnHandle(frame);
    /* Those of a small shape's sides would leave no place to move it by. */
    const least = 3 * sizeOf("oi-handle");
    const hasRoom = ([across, down]) => (across || 2 * frame.wide >= least) && (down || 2 * frame.high >= least);
    for (const [name, way] of Object.entries(editor.ways)) {
      if (!hasRoom(way)) continue;
      const place = placeOf(frame, way);
      const ahead = onScreen(placeOf({ ...frame, wide: 1, high: 1 }, way));
      const eighth = Math.round(Math.atan2(ahead.y - centre.y, ahead.x - centre.x) / (Math.PI / 4));
      square(name, ...place, "oi-handle", frame.turn).style.cursor = CURSORS[(eighth + 8) % 4];
    }
  };

  /* The handles of a shape; `editor.handlesOf` of polygons draws those of points. */
  const show = (shape = editor.chosen()) => {
    layer.replaceChildren();
    if (!editor.isOn || editor.tool !== "select" || !shape || viewer.shape(viewer.selected)?.classList.contains("oi-off")) return;
    if (editor.canResize(shape)) framing(shape);
    else if (editor.canMove(shape) && shape.kind === "polygon") editor.handlesOf(shape);
  };
  editor.showHandles = show;
});
