"use strict";
/* Switches by label, kind, source and score, at once; how strongly masks and polygons are filled. */
(() => {
  const viewer = window.openimages;
  if (!viewer) return;
  const { page, stage } = viewer;
  const form = page.querySelector(".oi-legend");

  const strength = page.querySelector(".oi-fill");
  const fill = () => {
    stage.style.setProperty("--oi-fill", strength.value / 100);
    viewer.kept("fill", strength.value);
  };
  strength.value = viewer.kept("fill") ?? strength.value;
  strength.addEventListener("input", fill);
  fill();

  viewer.switches = { label: [] };
  if (!form) return;
  form.querySelector("button[type=submit]").hidden = true;
  const fields = [...form.querySelectorAll("fieldset[data-field]")].map((group) => group.dataset.field);
  const boxes = (field) => [...form.querySelectorAll(`input[name=${field}]`)];
  const least = form.querySelector("input[name=score]");

  const show = () => {
    const on = Object.fromEntries(fields.map((field) => [field, new Set(boxes(field).filter((box) => box.checked).map((box) => box.value))]));
    const known = Object.fromEntries(fields.map((field) => [field, new Set(boxes(field).map((box) => box.value))]));
    if (least) form.querySelector(".oi-least").textContent = Number(least.value).toFixed(2);
    for (const element of [...viewer.shapes(), ...page.querySelectorAll("[data-row]")]) {
      const said = element.dataset;
      const shown = fields.every((field) => on[field].has(said[field]) || !known[field].has(said[field]))
        && !(least && said.score !== undefined && Number(said.score) < Number(least.value));
      if (said.shape) viewer.turn(element, shown);
      else element.classList.toggle("oi-off", !shown);
    }
    const chosen = viewer.selected !== null && viewer.shape(viewer.selected);
    if (chosen && chosen.classList.contains("oi-off")) viewer.select(null);
    viewer.emit("show");
  };
  /* A line for what came while shapes were edited, as `describe` says it, and how many shapes each line has. */
  viewer.recount = (describe) => {
    for (const field of fields) {
      const group = form.querySelector(`fieldset[data-field=${field}]`);
      const known = new Set(boxes(field).map((box) => box.value));
      for (const value of new Set(viewer.shapes().map((element) => element.dataset[field]))) {
        if (known.has(value)) continue;
        const { text, color } = describe[field](value);
        const line = group.querySelector("label").cloneNode(true);
        Object.assign(line.querySelector("input"), { value, checked: true });
        line.querySelector("rect")?.setAttribute("fill", color);
        line.querySelector(".oi-text").textContent = text;
        line.querySelector("kbd")?.remove();
        [...group.querySelectorAll("label")].at(-1).after(line);
      }
      const found = new Map();
      for (const element of viewer.shapes()) found.set(element.dataset[field], (found.get(element.dataset[field]) || 0) + 1);
      for (const box of boxes(field)) box.parentElement.querySelector(".oi-count").textContent = found.get(box.value) || 0;
    }
    show();
  };
  form.addEventListener("input", show);
  /* Who comes back finds the boxes as they were left, which the browser sets after this. */
  window.addEventListener("pageshow", () => {
    show();
    form.dispatchEvent(new Event("restore"));
  });

  for (const group of form.querySelectorAll("fieldset[data-field]")) {
    const own = boxes(group.dataset.field);
    if (own.length < 3) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "oi-small oi-all";
    const say = () => { button.textContent = boxes(group.dataset.field).some((box) => box.checked) ? form.dataset.none : form.dataset.all; };
    button.addEventListener("click", () => {
      const all = boxes(group.dataset.field);
      const checked = !all.some((box) => box.checked);
      for (const box of all) box.checked = checked;
      show();
      say();
    });
    group.addEventListener("input", say);
    form.addEventListener("restore", say);
    say();
    group.querySelector("legend").after(button);
  }

  viewer.switches.label = boxes("label").slice(0, 9);
  viewer.switches.label.forEach((box, index) => {
    const key = document.createElement("kbd");
    key.textContent = String(index + 1);
    key.setAttribute("aria-hidden", "true");
    box.after(key);
  });
  viewer.names = Object.fromEntries(boxes("label").map((box) => [box.value, box.parentElement.querySelector(".oi-text").textContent]));
  show();
})();
