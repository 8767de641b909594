"use strict";
/* Shapes can be pointed at, chosen and reached by Tab; each has a dark line below its own, so that it is seen on any picture. */
(() => {
  const viewer = window.openimages;
  if (!viewer) return;
  const { page, svg, stage, group } = viewer;
  const LONG = 20000;
  const details = page.querySelector(".oi-details");

  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", svg.querySelector("title").textContent);
  svg.querySelector("title").remove();

  const below = document.createElementNS(svg.namespaceURI, "g");
  below.setAttribute("class", "oi-casings");
  below.setAttribute("aria-hidden", "true");
  group.before(below);
  const casings = new Map();

  /* Makes a shape ready that is new, or whose place has changed. */
  viewer.prepare = (element) => {
    const key = element.dataset.shape;
    viewer.index.set(key, element);
    element.setAttribute("tabindex", "0");
    element.setAttribute("role", "button");
    element.setAttribute("aria-pressed", String(key === viewer.selected));
    viewer.release(key);
    if ((element.getAttribute("d") || "").length > LONG) return;
    const casing = element.cloneNode(false);
    const kept = /^(x|y|width|height|d|c[xy]|r[xy]|transform|vector-effect)$/;
    for (const name of casing.getAttributeNames()) if (!kept.test(name)) casing.removeAttribute(name);
    casings.set(key, casing);
    below.append(casing);
  };
  viewer.release = (key) => { casings.get(key)?.remove(); casings.delete(key); };
  viewer.forget = (key) => { viewer.release(key); viewer.index.delete(key); };

  const mark = (key, name, on) => {
    for (const one of [viewer.shape(key), viewer.row(key), casings.get(key)]) one?.classList.toggle(name, on);
  };
  viewer.mark = mark;

  viewer.select = (key) => {
    const before = viewer.selected;
    if (before === key) return;
    if (before !== null) { mark(before, "oi-selected", false); viewer.shape(before)?.setAttribute("aria-pressed", "false"); }
    viewer.selected = key;
    if (key !== null) { mark(key, "oi-selected", true); viewer.shape(key)?.setAttribute("aria-pressed", "true"); }
    viewer.describe();
    viewer.emit("select");
  };

  viewer.describe = () => {
    const title = viewer.selected === null ? null : viewer.shape(viewer.selected)?.querySelector("title");
    details.hidden = !title;
    const [name, ...said] = title ? title.textContent.split("\n") : [""];
    details.querySelector("h2").textContent = name;
    details.querySelector("ul").replaceChildren(...said.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
    const link = details.querySelector("a");
    link.hidden = !viewer.selected || !viewer.row(viewer.selected);
    link.href = `#oi-row-${viewer.selected}`;
  };

  const keyOf = (target) => target.closest("[data-shape]")?.dataset.shape ?? target.closest("[data-chip]")?.dataset.chip ?? null;

  /* Where shapes lie upon each other, clicking again takes the next one below. */
  const under = (event) => {
    const keys = document.elementsFromPoint(event.clientX, event.clientY).map((one) => one.dataset?.shape).filter(Boolean);
    const place = keys.indexOf(viewer.selected);
    return place < 0 ? keyOf(event.target) : keys[(place + 1) % keys.length];
  };
  stage.addEventListener("click", (event) => {
    if (viewer.grab(event)) return;
    viewer.select(event.detail === 0 || event.target.closest("[data-chip]") ? keyOf(event.target) : under(event));
  });
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    const key = keyOf(event.target);
    viewer.select(key === viewer.selected ? null : key);
  });
  /* On the stage: a group that listens for focus would be a stop for Tab. */
  stage.addEventListener("focusin", (event) => { if (event.target.dataset.shape) viewer.reveal(event.target); });

  page.querySelector(".oi-shapes")?.addEventListener("click", (event) => {
    const key = event.target.closest("[data-row]")?.dataset.row;
    if (key === undefined || event.target.closest("a, button, input")) return;
    viewer.select(key);
    const element = viewer.shape(key);
    if (element) viewer.reveal(element);
    stage.scrollIntoView({ block: "nearest" });
  });

  const light = (on) => (event) => {
    const key = event.target.closest("[data-row]")?.dataset.row ?? keyOf(event.target);
    if (key !== null) mark(key, "oi-lit", on);
  };
  for (const place of [stage, page.querySelector(".oi-shapes")]) {
    place?.addEventListener("mouseover", light(true));
    place?.addEventListener("mouseout", light(false));
  }

  /* Switched off with its shape. */
  viewer.turn = (element, on) => {
    element.classList.toggle("oi-off", !on);
    casings.get(element.dataset.shape)?.classList.toggle("oi-off", !on);
  };
  viewer.shapes().forEach(viewer.prepare);
})();
