"use strict";
/* An image's page: the legend switches labels and kinds at once, and a shape and its row light up together.
   Without this script the legend is a form that is sent. */
(() => {
  const form = document.querySelector(".oi-legend");
  const page = document.querySelector(".oi-picture");
  if (!page) return;

  const everything = () => page.querySelectorAll("[data-shape], [data-row]");

  if (form) {
    form.querySelector("button[type=submit]").hidden = true;
    const show = () => {
      const on = {};
      for (const field of ["label", "kind"]) {
        on[field] = new Set([...form.querySelectorAll(`input[name=${field}]:checked`)].map((box) => box.value));
      }
      for (const element of everything()) {
        element.classList.toggle("oi-off", !(on.label.has(element.dataset.label) && on.kind.has(element.dataset.kind)));
      }
    };
    form.addEventListener("change", show);
    for (const group of form.querySelectorAll("fieldset")) {
      const boxes = [...group.querySelectorAll("input[type=checkbox]")];
      if (boxes.length < 3) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button oi-all";
      const say = () => { button.textContent = boxes.some((box) => box.checked) ? form.dataset.none : form.dataset.all; };
      button.addEventListener("click", () => {
        const checked = !boxes.some((box) => box.checked);
        for (const box of boxes) box.checked = checked;
        show();
        say();
      });
      group.addEventListener("change", say);
      say();
      group.append(button);
    }
    show();
  }

  for (const element of everything()) {
    const key = element.dataset.shape || element.dataset.row;
    const light = (on) => () => {
      for (const one of page.querySelectorAll(`[data-shape="${key}"], [data-row="${key}"]`)) one.classList.toggle("oi-lit", on);
    };
    element.addEventListener("mouseenter", light(true));
    element.addEventListener("mouseleave", light(false));
  }
})();
