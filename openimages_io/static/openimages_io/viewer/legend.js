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
  viewer.refresh = show;
  form.addEventListener("input", show);

  for (const group of form.querySelectorAll("fieldset[data-field]")) {
    const own = [...group.querySelectorAll("input[type=checkbox]")];
    if (own.length < 3) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button oi-all";
    const say = () => { button.textContent = own.some((box) => box.checked) ? form.dataset.none : form.dataset.all; };
    button.addEventListener("click", () => {
      const checked = !own.some((box) => box.checked);
      for (const box of own) box.checked = checked;
      show();
      say();
    });
    group.addEventListener("input", say);
    say();
    group.append(button);
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
