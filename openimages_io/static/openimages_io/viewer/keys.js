"use strict";
/* Keys: the images before and after, zooming, labels by their digits, and a window that lists them all. */
(() => {
  const viewer = window.openimages;
  if (!viewer) return;
  const { page, svg } = viewer;
  const help = page.querySelector(".oi-keys");
  const names = page.querySelector(".oi-names");

  const follow = (rel) => () => page.querySelector(`a[rel=${rel}]`)?.click();
  const letGo = () => {
    const focused = document.activeElement;
    if (viewer.selected !== null) viewer.select(null);
    else if (svg.contains(focused)) { focused.blur(); page.querySelector(".oi-zoom-fit").focus(); }
  };
  const keys = {
    ArrowLeft: follow("prev"),
    ArrowRight: follow("next"),
    "+": () => viewer.zoomBy(1.25),
    "=": () => viewer.zoomBy(1.25),
    "-": () => viewer.zoomBy(1 / 1.25),
    0: () => viewer.fit(),
    n: () => { names.checked = !names.checked; names.dispatchEvent(new Event("change", { bubbles: true })); },
    "?": () => help.showModal(),
    Escape: letGo,
  };
  viewer.keys = keys;

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open || viewer.isTyping(event.target)) return;
    if (event.key.startsWith("Arrow") && event.target.closest("input, [role=region]")) return;
    const box = /^[1-9]$/.test(event.key) ? viewer.switches.label[event.key - 1] : null;
    if (box) box.click();
    else if (keys[event.key]) keys[event.key](event);
    else return;
    event.preventDefault();
  });
  page.querySelector(".oi-help").addEventListener("click", () => help.showModal());
  help.querySelector("button").addEventListener("click", () => help.close());
})();
