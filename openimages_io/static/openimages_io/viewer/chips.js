"use strict";
/* The names of labels on their shapes: shortened, beside each other, and away where there is no space for them. */
(() => {
  const viewer = window.openimages;
  if (!viewer) return;
  const { page, stage } = viewer;
  const MOST = 300;
  const SMALLEST = 14;
  const GAP = 1;
  const wanted = page.querySelector(".oi-names");
  const layer = document.createElement("div");
  layer.className = "oi-chips";
  layer.setAttribute("aria-hidden", "true");
  stage.append(layer);
  const chips = new Map();

  const chipOf = (element) => {
    const key = element.dataset.shape;
    const name = (element.querySelector("title")?.textContent || "").split("\n")[0];
    let chip = chips.get(key);
    if (!chip) {
      chip = document.createElement("span");
      chip.dataset.chip = key;
      chips.set(key, chip);
      layer.append(chip);
    }
    const color = element.getAttribute("stroke");
    if (chip.textContent !== name) chip.textContent = name;
    if (chip.dataset.color !== color) { chip.dataset.color = color; chip.style.setProperty("--oi-color", color); }
    return chip;
  };

  /* The places for a chip of this size on a shape, the best first. */
  const places = (shape, width, height) => [
    [shape.left, shape.top - height],
    [shape.left + 1, shape.top + 1],
    [shape.left, shape.bottom],
    [shape.right - width, shape.top - height],
    [shape.right - width - 1, shape.bottom - height - 1],
  ];

  /* Where the shapes are, until something moves: to ask for each takes longer than all the rest. */
  let boxes = null;
  const measured = () => {
    const area = stage.getBoundingClientRect();
    return viewer.shapes().filter((element) => !element.classList.contains("oi-off")).map((element) => {
      const box = element.getBoundingClientRect();
      const shape = { left: box.left - area.left, top: box.top - area.top, right: box.right - area.left, bottom: box.bottom - area.top };
      return { element, shape, side: Math.max(box.width, box.height), size: box.width * box.height };
    }).filter(({ shape }) => shape.right >= 0 && shape.bottom >= 0 && shape.left <= area.width && shape.top <= area.height);
  };
  const sizes = new WeakMap();
  const sizeOf = (chip) => {
    const known = sizes.get(chip);
    if (known && known.text === chip.textContent) return known;
    const size = { text: chip.textContent, width: chip.offsetWidth, height: chip.offsetHeight };
    sizes.set(chip, size);
    return size;
  };

  const arrange = () => {
    const area = { width: stage.clientWidth, height: stage.clientHeight };
    boxes ||= measured();
    const isFirst = ({ element }) => element.dataset.shape === viewer.selected;
    const found = wanted.checked
      ? boxes.filter((one) => isFirst(one) || one.side >= SMALLEST).map((one) => (isFirst(one) ? { ...one, size: Infinity } : one))
      : [];
    found.sort((one, other) => other.size - one.size);
    found.length = Math.min(found.length, MOST);
    const shown = new Map(found.map((one) => [chipOf(one.element), one]));
    for (const [key, chip] of chips) {
      if (!viewer.shape(key)) { chip.remove(); chips.delete(key); } else chip.hidden = !shown.has(chip);
    }
    for (const chip of shown.keys()) sizeOf(chip);
    const taken = [];
    const named = [];
    for (const [chip, { shape, size }] of shown) {
      const { width, height } = sizeOf(chip);
      const inside = { left: Math.max(shape.left, 0), top: Math.max(shape.top, 0), right: Math.min(shape.right, area.width), bottom: Math.min(shape.bottom, area.height) };
      /* A mask and its box are one object, and have one name. */
      const twin = named.some((other) => other.name === chip.textContent
        && ["left", "top", "right", "bottom"].every((side) => Math.abs(other.shape[side] - shape[side]) < 4));
      chip.hidden = twin && size !== Infinity;
      if (chip.hidden) continue;
      named.push({ name: chip.textContent, shape });
      const place = places(inside, width, height).map(([x, y]) => [Math.min(Math.max(x, 0), area.width - width), y]).find(([x, y]) =>
        y >= 0 && y + height <= area.height
        && !taken.some((other) => x < other[2] + GAP && x + width + GAP > other[0] && y < other[3] + GAP && y + height + GAP > other[1]));
      chip.hidden = !place && size !== Infinity;
      if (chip.hidden) continue;
      const [x, y] = place || [Math.max(inside.left, 0), Math.max(inside.top, 0)];
      taken.push([x, y, x + width, y + height]);
      chip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    }
  };

  const soon = viewer.soon(arrange);
  wanted.checked = viewer.kept("names") !== "no";
  wanted.addEventListener("change", () => { viewer.kept("names", wanted.checked ? "yes" : "no"); soon(); });
  viewer.on("select", soon);
  for (const event of ["view", "show", "shapes"]) viewer.on(event, () => { boxes = null; soon(); });
  viewer.on("select", () => {
    for (const [key, chip] of chips) chip.classList.toggle("oi-selected", key === viewer.selected);
  });
  soon();
})();
