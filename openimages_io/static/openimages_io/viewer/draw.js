"use strict";
/* Drawing, moving and resizing with the mouse, a finger or the arrow keys. */
(() => {
  const viewer = window.openimages;
  const editor = viewer && viewer.editor;
  if (!editor) return;
  const { stage, group, svg } = viewer;
  const [width, height] = editor.size;
  const SMALLEST = 3;
  const CORNERS = { nw: [0, 0], n: [0.5, 0], ne: [1, 0], e: [1, 0.5], se: [1, 1], s: [0.5, 1], sw: [0, 1], w: [0, 0.5] };
  const handles = document.createElementNS(svg.namespaceURI, "g");
  handles.setAttribute("class", "oi-handles");
  group.after(handles);
  editor.tool = "select";
  let drag = null;
  let dragged = false;

  /* Within the image, to a millionth of it, as Open Images has fractions. */
  const inside = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 1e6) / 1e6;
  /* Where the pointer is, in fractions of the image. */
  const at = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(group.getScreenCTM().inverse());
    return [inside(point.x / width), inside(point.y / height)];
  };
  editor.at = at;
  const box = (one, other) => ({
    x_min: Math.min(one[0], other[0]), x_max: Math.max(one[0], other[0]), y_min: Math.min(one[1], other[1]), y_max: Math.max(one[1], other[1]),
  });
  const isLarge = ({ x_min, x_max, y_min, y_max }) => {
    const scale = viewer.scale();
    return (x_max - x_min) * width * scale >= SMALLEST && (y_max - y_min) * height * scale >= SMALLEST;
  };

  const chosen = () => (viewer.selected === null ? null : editor.now.get(viewer.selected) || null);
  const canMove = (shape) => shape && editor.may(shape.id === undefined ? "add" : "change") && (shape.kind === "rectangle" || shape.kind === "polygon");
  const canResize = (shape) => canMove(shape) && shape.kind === "rectangle" && !shape.rotation;

  editor.setTool = (tool) => {
    editor.tool = tool;
    stage.classList.toggle("oi-draws", tool !== "select");
    for (const button of editor.bar.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    if (tool !== "select") viewer.select(null);
    show();
  };

  const handle = (name, x, y, kind = "oi-handle") => {
    const made = document.createElementNS(svg.namespaceURI, "rect");
    const size = (kind === "oi-between" ? 7 : 10) / viewer.scale();
    for (const [key, value] of Object.entries({ class: kind, "data-handle": name, x: x * width - size / 2, y: y * height - size / 2, width: size, height: size, "vector-effect": "non-scaling-stroke" })) {
      made.setAttribute(key, value);
    }
    handles.append(made);
  };
  editor.handle = handle;
  /* The stage catches the pointer, so it is what a click is for. */
  editor.handleAt = (event) => document.elementFromPoint(event.clientX, event.clientY)?.dataset?.handle;

  /* The handles of a shape; `editor.handlesOf` of other scripts draws those of other kinds. */
  const show = (shape = chosen()) => {
    handles.replaceChildren();
    if (!editor.isOn || editor.tool !== "select" || !shape || viewer.shape(viewer.selected)?.classList.contains("oi-off")) return;
    if (canResize(shape)) {
      for (const [name, [x, y]] of Object.entries(CORNERS)) {
        handle(name, shape.x_min + x * (shape.x_max - shape.x_min), shape.y_min + y * (shape.y_max - shape.y_min));
      }
    } else if (canMove(shape)) editor.handlesOf?.(shape);
  };

  const resized = (shape, name, [x, y]) => {
    const [across, down] = CORNERS[name];
    const sides = { ...shape };
    if (across !== 0.5) sides[across ? "x_max" : "x_min"] = x;
    if (down !== 0.5) sides[down ? "y_max" : "y_min"] = y;
    return changed(shape, box([sides.x_min, sides.y_min], [sides.x_max, sides.y_max]));
  };
  /* Extreme clicks are not on the sides of a box that has changed. */
  const changed = (shape, values) => ({ ...shape, ...values, ...(shape.clicks ? { clicks: null } : {}) });

  const movedBy = (shape, x, y) => {
    const across = Math.min(Math.max(x, -shape.x_min), 1 - shape.x_max);
    const down = Math.min(Math.max(y, -shape.y_min), 1 - shape.y_max);
    const sides = { x_min: inside(shape.x_min + across), x_max: inside(shape.x_max + across), y_min: inside(shape.y_min + down), y_max: inside(shape.y_max + down) };
    if (shape.kind === "rectangle") return changed(shape, sides);
    const points = shape.points.map((ring) => ring.map((value, index) => inside(value + (index % 2 ? down : across))));
    return { ...shape, points, ...editor.around(points) };
  };

  const preview = (shape) => {
    drag.shape = shape;
    let element = viewer.shape(drag.key);
    if (!element) {
      element = drag.element ||= document.createElementNS(svg.namespaceURI, "rect");
      element.setAttribute("class", "oi-drawn");
      element.setAttribute("vector-effect", "non-scaling-stroke");
      group.after(element);
    }
    editor.place(element, shape);
    if (!drag.element) viewer.prepare(element);
    show(shape);
  };
  const end = () => { drag?.element?.remove(); drag = null; };

  const start = (event, key, make) => {
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    drag = { key, make, pointer: event.pointerId, from: at(event), shape: null };
    dragged = false;
    return true;
  };

  const pressed = (event) => {
    if (drag) return true;
    if (event.button !== 0) return false;
    if (editor.tool === "rectangle") {
      return start(event, null, (from, to) => ({ kind: "rectangle", ...box(from, to) }));
    }
    if (editor.tool !== "select") return editor.pressed?.(event) ?? true;
    const shape = chosen();
    const name = event.target.dataset.handle;
    if (name && CORNERS[name]) return start(event, viewer.selected, (from, to) => resized(shape, name, to));
    if (name) return editor.grabbed?.(event, name, (make) => start(event, viewer.selected, make)) ?? true;
    if (!canMove(shape)) return false;
    const key = viewer.selected;  /* also where another shape lies upon it */
    if (!document.elementsFromPoint(event.clientX, event.clientY).includes(viewer.shape(key))) return false;
    return start(event, key, (from, to) => movedBy(shape, to[0] - from[0], to[1] - from[1]));
  };

  viewer.grab = (event) => {
    if (!editor.isOn) return false;
    if (event.type === "pointerdown") return pressed(event);
    if (event.type === "dblclick") return editor.finished?.(event) || editor.tool !== "select";
    const was = dragged;
    dragged = false;
    return was || editor.tool !== "select" || editor.handleAt(event) !== undefined;
  };

  window.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const to = at(event);
    const far = Math.hypot((to[0] - drag.from[0]) * width, (to[1] - drag.from[1]) * height) * viewer.scale();
    if (!dragged && far < SMALLEST) return;
    dragged = true;
    preview(drag.make(drag.from, to));
  });
  window.addEventListener("pointerup", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const { key, shape } = drag;
    end();
    if (!shape) return;
    if (key !== null) editor.commit([[key, shape]]);
    else if (isLarge(shape)) draw(shape);
  });
  const letGo = () => {
    if (!drag) return false;
    end();
    editor.restore();
    return true;
  };
  window.addEventListener("pointercancel", letGo);
  /* What was dragged half-way stands again where it is. */
  editor.restore = () => {
    const shape = chosen();
    viewer.emit("shapes");
    if (shape && shape.kind !== "mask") { editor.place(viewer.shape(viewer.selected), shape); viewer.prepare(viewer.shape(viewer.selected)); }
    show();
  };

  /* A new shape has the label that is chosen in the bar. */
  const draw = (shape) => {
    const label = editor.newLabel();
    if (label === null) return;
    const key = editor.add({ ...shape, label: label.id, score: null, occluded: null, attributes: {}, source: "" });
    editor.setTool("select");
    viewer.select(key);
  };
  editor.draw = draw;

  /* Without a mouse: a box in the middle of what is seen, to be moved by the arrow keys. */
  editor.drawInTheMiddle = () => {
    const area = svg.getBoundingClientRect();
    const corner = (share) => at({ clientX: area.left + area.width * share, clientY: area.top + area.height * share });
    draw({ kind: "rectangle", ...box(corner(0.4), corner(0.6)) });
    viewer.shape(viewer.selected)?.focus();
  };
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  editor.arrow = (event) => {
    const shape = chosen();
    if (!arrows[event.key] || !editor.isOn || !canMove(shape)) return false;
    const step = Math.max(1, 2 / viewer.scale());
    const [x, y] = [arrows[event.key][0] * step / width, arrows[event.key][1] * step / height];
    if (event.shiftKey && !canResize(shape)) return true;
    const next = event.shiftKey
      ? changed(shape, { x_max: Math.max(shape.x_min, inside(shape.x_max + x)), y_max: Math.max(shape.y_min, inside(shape.y_max + y)) })
      : movedBy(shape, x, y);
    editor.commit([[viewer.selected, next]], `${viewer.selected} ${event.shiftKey}`);
    return true;
  };
  editor.letGo = letGo;
  editor.showHandles = show;
  for (const event of ["view", "select", "shapes", "show"]) viewer.on(event, () => { if (!drag) show(); });
})();
