// Boxes over a picture: an SVG whose coordinates are fractions of the image, as the API's are, so nothing is converted.

const SMALLEST = 0.005; // of a side; less is a click

function rectangle({ x_min, x_max, y_min, y_max }, className) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const [width, height] = [x_max - x_min, y_max - y_min].map((side) => Math.max(0, side));
  const attributes = Object.entries({ x: x_min, y: y_min, width, height, class: className });
  for (const [name, value] of attributes) made.setAttribute(name, value);
  return made;
}

// Shows the boxes, each in its label's color on a dark line, so that it is seen on every picture.
export function show(svg, boxes, chosen, colorOf) {
  const drawn = boxes.map((box, index) => {
    const state = box === chosen ? "chosen" : "";
    const line = rectangle(box, state);
    line.setAttribute("stroke", colorOf(box));
    line.dataset.index = index;
    return [rectangle(box, `shadow ${state}`), line];
  });
  svg.replaceChildren(...drawn.flat());
}

// Has a mouse, finger or pen draw: `drawn` gets the sides of a new box, `picked` the index of a box that is clicked.
export function draw(svg, drawn, picked) {
  let from, ghost;
  const at = (event) => {
    const { left, top, width, height } = svg.getBoundingClientRect();
    const places = [(event.clientX - left) / width, (event.clientY - top) / height];
    return places.map((place) => Math.min(1, Math.max(0, place)));
  };
  const sides = (event) => {
    const [[x0, y0], [x, y]] = [from.place, at(event)];
    return { x_min: Math.min(x0, x), x_max: Math.max(x0, x), y_min: Math.min(y0, y), y_max: Math.max(y0, y) };
  };
  svg.onpointerdown = (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    svg.setPointerCapture(event.pointerId);
    from = { place: at(event), index: event.target.dataset.index };
    ghost = svg.appendChild(rectangle(sides(event), "ghost"));
  };
  svg.onpointermove = (event) => {
    if (from) ghost.replaceWith((ghost = rectangle(sides(event), "ghost")));
  };
  svg.onpointerup = svg.onpointercancel = (event) => {
    if (!from) return;
    const [box, { index }] = [sides(event), from];
    ghost.remove();
    from = null;
    if (event.type === "pointercancel") return;
    if (box.x_max - box.x_min > SMALLEST && box.y_max - box.y_min > SMALLEST) drawn(box);
    else if (index !== undefined) picked(Number(index));
  };
}
