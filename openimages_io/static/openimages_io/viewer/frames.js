"use strict";
/* Rectangles and ellipses as frames: a centre, half of width and height, and an angle, clockwise, all in pixels of the image, because a
   turn in fractions would be no turn. A frame is kept to what the rules of shapes allow: a rectangle's sides, before it is turned, and an
   ellipse's centre lie within the image. */
window.openimages?.editing?.(({ editor, width, height }) => {
  const STEPS = 40;
  const SLACK = 1e-6;
  const WAYS = { nw: [-1, -1], n: [0, -1], ne: [1, -1], e: [1, 0], se: [1, 1], s: [0, 1], sw: [-1, 1], w: [-1, 0] };
  editor.ways = WAYS;

  /* To a millionth of the image, as Open Images has fractions. */
  const rounded = (value) => Math.round(value * 1e6) / 1e6;
  editor.inside = (value) => rounded(Math.min(Math.max(value, 0), 1));

  const turned = ([x, y], degrees) => {
    const [cos, sin] = [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)];
    return [x * cos - y * sin, x * sin + y * cos];
  };
  const frameOf = (shape) => {
    const turn = shape.rotation || 0;
    if (shape.kind === "ellipse") {
      const [x, y, wide, high] = shape.points;
      return { x: x * width, y: y * height, wide: wide * width, high: high * height, turn };
    }
    const { x_min, x_max, y_min, y_max } = shape;
    return { x: (x_min + x_max) / 2 * width, y: (y_min + y_max) / 2 * height, wide: (x_max - x_min) / 2 * width, high: (y_max - y_min) / 2 * height, turn };
  };
  /* A place of the frame, from -1 to 1 across and down, in the image. */
  const placeOf = (frame, [across, down]) => {
    const [x, y] = turned([across * frame.wide, down * frame.high], frame.turn);
    return [frame.x + x, frame.y + y];
  };
  const around = (frame) => {
    const [cos, sin] = turned([1, 0], frame.turn);
    const [wide, high] = [Math.hypot(frame.wide * cos, frame.high * sin), Math.hypot(frame.high * cos, frame.wide * sin)];
    const { inside } = editor;
    return { x_min: inside((frame.x - wide) / width), x_max: inside((frame.x + wide) / width), y_min: inside((frame.y - high) / height), y_max: inside((frame.y + high) / height) };
  };
  const fits = ({ kind }, { x, y, wide, high }) => {
    const [left, top] = kind === "rectangle" ? [wide, high] : [0, 0];
    return x - left >= -SLACK && x + left <= width + SLACK && y - top >= -SLACK && y + top <= height + SLACK;
  };
  /* Extreme clicks are not on the sides of a box that has changed. */
  editor.changed = (shape, values) => ({ ...shape, ...values, ...(shape.clicks ? { clicks: null } : {}) });
  const framed = (shape, frame) => {
    if (shape.kind === "ellipse") {
      const points = [editor.inside(frame.x / width), editor.inside(frame.y / height), rounded(frame.wide / width), rounded(frame.high / height)];
      return { ...shape, points, ...around(frame) };
    }
    return editor.changed(shape, around({ ...frame, turn: 0 }));
  };

  /* The last value on the way that is allowed: what is allowed lies in one piece. */
  const reach = (from, to, isAllowed) => {
    if (isAllowed(to)) return to;
    let [low, high] = [0, 1];
    for (let step = 0; step < STEPS; step++) {
      const middle = (low + high) / 2;
      if (isAllowed(from + (to - from) * middle)) low = middle; else high = middle;
    }
    return from + (to - from) * low;
  };
  /* One side or corner is brought to a place, and what is opposite stays. */
  const stretched = (shape, name, [x, y]) => {
    const frame = frameOf(shape);
    const [across, down] = WAYS[name];
    const to = turned([x - frame.x, y - frame.y], -frame.turn);
    const along = (sign, half, at) => (sign ? [(at - sign * half) / 2, Math.abs(at + sign * half) / 2] : [0, half]);
    const made = (atX, atY) => {
      const [[toX, wide], [toY, high]] = [along(across, frame.wide, atX), along(down, frame.high, atY)];
      const [movedX, movedY] = turned([toX, toY], frame.turn);
      return { ...frame, x: frame.x + movedX, y: frame.y + movedY, wide, high };
    };
    const [fromX, fromY] = [across * frame.wide, down * frame.high];
    const atX = reach(fromX, to[0], (value) => fits(shape, made(value, fromY)));
    const atY = reach(fromY, to[1], (value) => fits(shape, made(atX, value)));
    return framed(shape, made(atX, atY));
  };
  const spun = (shape, degrees) => {
    const turn = Math.round((degrees - 360 * Math.round(degrees / 360)) * 100) / 100;
    const rotation = turn === 0 && !shape.rotation ? shape.rotation : turn;
    const next = { ...shape, rotation };
    return shape.kind === "ellipse" ? { ...next, ...around(frameOf(next)) } : editor.changed(next, {});
  };
  const moved = (shape, x, y) => {
    const [cx, cy, ...radii] = shape.points;
    const within = (at, by) => Math.min(Math.max(by, -at), 1 - at);
    const next = { ...shape, points: [editor.inside(cx + within(cx, x)), editor.inside(cy + within(cy, y)), ...radii] };
    return { ...next, ...around(frameOf(next)) };
  };
  editor.frames = { frameOf, placeOf, stretched, spun, moved };
});
