"use strict";
/* Drawing, moving and resizing with the mouse, a finger or the arrow keys. */
window.openimages?.editing?.(({ viewer, editor, words, stage, group, svg, width, height }) => {
  const SMALLEST = 3;
  const { frameOf, placeOf, stretched, spun } = editor.frames;
  const { inside, changed } = editor;
  editor.tool = "select";
  let drag = null;
  let dragged = false;
  let unlabelled = null;  /* what was drawn before its label is known */

  /* Where the pointer is, in fractions of the image: as it is, and within it. */
  const free = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(group.getScreenCTM().inverse());
    return [point.x / width, point.y / height];
  };
  const at = (event) => free(event).map(inside);
  editor.at = at;
  const box = (one, other) => ({
    x_min: Math.min(one[0], other[0]), x_max: Math.max(one[0], other[0]), y_min: Math.min(one[1], other[1]), y_max: Math.max(one[1], other[1]),
  });
  const isLarge = ({ x_min, x_max, y_min, y_max }) => {
    const scale = viewer.scale();
    return (x_max - x_min) * width * scale >= SMALLEST && (y_max - y_min) * height * scale >= SMALLEST;
  };

  const chosen = () => (viewer.selected === null ? null : editor.now.get(viewer.selected) || null);
  const isFrame = (shape) => shape.kind === "rectangle" || shape.kind === "ellipse";
  const canChange = (shape) => shape && !editor.isAsking && editor.may(shape.id === undefined ? "add" : "change");
  /* How far a turn reaches depends on the image's width and height. */
  const isUnknown = (shape) => Boolean(shape.rotation) && !editor.isSized;
  const canMove = (shape) => canChange(shape) && (shape.kind === "polygon" || isFrame(shape)) && !(shape.kind === "ellipse" && isUnknown(shape));
  const canResize = (shape) => canMove(shape) && isFrame(shape) && !isUnknown(shape);
  const canTurn = (shape) => canResize(shape) && editor.isSized;
  Object.assign(editor, { chosen, canChange, canMove, canResize, canTurn });

  /* Who takes another tool has ended what was being drawn. */
  editor.setTool = (tool) => {
    if (tool !== editor.tool) editor.endDrawing();
    editor.tool = tool;
    stage.classList.toggle("oi-draws", tool !== "select");
    for (const button of editor.bar.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    if (tool !== "select") viewer.select(null);
    editor.showHandles();
  };

  /* The sides of a plain box are those of the picture, so what is not dragged keeps its number. */
  const resized = (shape, name, to, raw) => {
    if (shape.rotation || shape.kind === "ellipse") return stretched(shape, name, [raw[0] * width, raw[1] * height]);
    const [across, down] = editor.ways[name];
    const sides = { ...shape };
    if (across) sides[across > 0 ? "x_max" : "x_min"] = to[0];
    if (down) sides[down > 0 ? "y_max" : "y_min"] = to[1];
    return changed(shape, box([sides.x_min, sides.y_min], [sides.x_max, sides.y_max]));
  };
  /* By as much as the pointer goes around the centre; with Shift in steps of 15 degrees. */
  const turnedBy = (shape, from, to, isStepped) => {
    const { x, y, turn } = frameOf(shape);
    const angle = (place) => Math.atan2(place[1] * height - y, place[0] * width - x) * 180 / Math.PI;
    const next = turn + angle(to) - angle(from);
    return spun(shape, isStepped ? Math.round(next / 15) * 15 : next);
  };

  const movedBy = (shape, x, y) => {
    if (shape.kind === "ellipse") return editor.frames.moved(shape, x, y);
    const shift = (value, by) => (by ? inside(value + by) : value);
    const across = Math.min(Math.max(x, -shape.x_min), 1 - shape.x_max);
    const down = Math.min(Math.max(y, -shape.y_min), 1 - shape.y_max);
    const sides = { x_min: shift(shape.x_min, across), x_max: shift(shape.x_max, across), y_min: shift(shape.y_min, down), y_max: shift(shape.y_max, down) };
    if (shape.kind === "rectangle") return changed(shape, sides);
    const points = shape.points.map((ring) => ring.map((value, index) => shift(value, index % 2 ? down : across)));
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
    editor.showHandles(shape);
  };
  const end = () => { drag?.element?.remove(); drag = null; };

  /* What was typed is taken first, as by any other click. */
  const begin = (event) => {
    if (viewer.isTyping(document.activeElement)) document.activeElement.blur();
    event.preventDefault();
  };
  editor.beginDrawing = (event) => {
    begin(event);
    if (unlabelled) editor.askLabel();
    return !unlabelled;
  };
  const start = (event, key, make) => {
    begin(event);
    stage.setPointerCapture(event.pointerId);
    drag = { key, make, pointer: event.pointerId, from: at(event), raw: free(event), shape: null };
    dragged = false;
    return true;
  };

  const pressed = (event) => {
    if (drag) return true;
    if (event.button !== 0) return false;
    if (editor.tool === "rectangle") {
      return !editor.beginDrawing(event) || start(event, null, (from, to) => ({ kind: "rectangle", ...box(from, to) }));
    }
    if (editor.tool !== "select") return editor.pressed?.(event) ?? true;
    const shape = chosen();
    const name = event.target.dataset.handle;
    if (name === "turn") return start(event, viewer.selected, (from, to, more) => turnedBy(shape, drag.raw, more.raw, more.isStepped));
    if (editor.ways[name]) return start(event, viewer.selected, (from, to, more) => resized(shape, name, to, more.raw));
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
    preview(drag.make(drag.from, to, { raw: free(event), isStepped: event.shiftKey }));
  });
  window.addEventListener("pointerup", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const { key, shape } = drag;
    end();
    if (!shape) return;
    if (key !== null) editor.commit([[key, { ...shape, id: editor.now.get(key)?.id }]]);
    else if (isLarge(shape)) draw(shape);
  });
  /* A finger that drags a shape scrolls nothing, which would take the pointer away. */
  stage.addEventListener("touchmove", (event) => { if (drag && event.cancelable) event.preventDefault(); }, { passive: false });
  const letGo = () => {
    if (drag) {
      end();
      editor.restore();
      return true;
    }
    if (!unlabelled) return false;
    dropUnlabelled();
    return true;
  };
  window.addEventListener("pointercancel", letGo);
  /* What was dragged half-way stands again where it is. */
  editor.restore = () => {
    const shape = chosen();
    if (shape && shape.kind !== "mask") { editor.place(viewer.shape(viewer.selected), shape); viewer.prepare(viewer.shape(viewer.selected)); }
    viewer.emit("shapes");
    editor.showHandles();
  };

  /* A new shape has the label that is chosen in the bar. Without one it waits for it. */
  const add = (shape, label) => {
    const key = editor.add({ ...shape, label: label.id, score: null, occluded: null, attributes: {}, source: "" });
    editor.setTool("select");
    viewer.select(key);
  };
  const draw = (shape) => {
    const label = editor.newLabel();
    if (label !== null) { add(shape, label); return; }
    const element = editor.elementOf(shape);
    element.setAttribute("class", "oi-drawn");
    group.after(element);
    unlabelled = { shape, element };
    editor.askLabel();
  };
  editor.draw = draw;
  const dropUnlabelled = () => {
    unlabelled.element.remove();
    unlabelled = null;
    editor.tell("");
  };
  editor.drawWith = (label) => {
    if (!unlabelled) return false;
    const { shape } = unlabelled;
    dropUnlabelled();
    add(shape, label);
    return true;
  };
  editor.isUnfinished = () => unlabelled !== null;
  editor.endDrawing = () => {};
  /* Whether there is nothing that is half drawn, and so would not be saved. */
  editor.finishDrawing = () => {
    editor.endDrawing();
    if (unlabelled) editor.askLabel();
    return !editor.isUnfinished();
  };

  /* Without a mouse: a box in the middle of what is seen, to be moved by the arrow keys. */
  editor.drawInTheMiddle = () => {
    const area = svg.getBoundingClientRect();
    const corner = (share) => at({ clientX: area.left + area.width * share, clientY: area.top + area.height * share });
    if (unlabelled) { editor.askLabel(); return; }
    draw({ kind: "rectangle", ...box(corner(0.4), corner(0.6)) });
    viewer.shape(viewer.selected)?.focus();
  };
  /* A step to where the arrow points, also on a picture that is turned. */
  const onImage = ([x, y]) => {
    const { a, b, c, d } = group.getScreenCTM().inverse();
    const [across, down] = [a * x + c * y, b * x + d * y];
    const length = Math.hypot(across, down);
    return [across / length, down / length].map((part) => Math.round(part * 1e6) / 1e6);
  };
  const along = ([x, y]) => (Math.abs(x) >= Math.abs(y) ? [Math.sign(x), 0] : [0, Math.sign(y)]);
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const turns = { ",": -1, ".": 1, "<": -15, ";": -15, ">": 15, ":": 15 };
  /* The side at the right or at the bottom, as the shape is turned. */
  const grown = (shape, x, y) => {
    if (!shape.rotation && shape.kind === "rectangle") {
      return changed(shape, { x_max: Math.max(shape.x_min, x ? inside(shape.x_max + x) : shape.x_max), y_max: Math.max(shape.y_min, y ? inside(shape.y_max + y) : shape.y_max) });
    }
    const frame = frameOf(shape);
    const longer = { ...frame, wide: Math.max(x * width + frame.wide, -frame.wide), high: Math.max(y * height + frame.high, -frame.high) };
    return stretched(shape, x ? "e" : "s", placeOf(longer, x ? [1, 0] : [0, 1]));
  };
  editor.byKey = (event) => {
    const shape = chosen();
    if (!editor.isOn || !shape || !(turns[event.key] || arrows[event.key])) return false;
    if (!canMove(shape)) { editor.tell(canChange(shape) ? words.stays : words.mayNot); return true; }
    if (turns[event.key]) {
      if (canTurn(shape)) editor.commit([[viewer.selected, spun(shape, (shape.rotation || 0) + turns[event.key])]], `${viewer.selected} turn`);
      return true;
    }
    if (event.shiftKey && !canResize(shape)) return true;
    const step = Math.max(1, 2 / viewer.scale());
    const way = onImage(arrows[event.key]);
    const [across, down] = event.shiftKey ? along(way) : way;
    const [x, y] = [across * step / width, down * step / height];
    editor.commit([[viewer.selected, event.shiftKey ? grown(shape, x, y) : movedBy(shape, x, y)]], `${viewer.selected} ${event.shiftKey}`);
    return true;
  };
  editor.letGo = letGo;
  /* What is dragged while it is saved has its new key, too. */
  const rename = editor.rename;
  editor.rename = (from, to) => {
    rename(from, to);
    if (drag?.key === from) drag.key = to;
  };
  for (const event of ["view", "select", "shapes", "show"]) viewer.on(event, () => { if (!drag) editor.showHandles(); });
});
