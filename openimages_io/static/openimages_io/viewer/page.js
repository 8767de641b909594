"use strict";
/* An image's page: what the other scripts beside this one share. They are plain scripts in one order, because modules that import each
   other by name do not survive storages that keep hashed names alone. Without them the page is as the server sends it. */
window.openimages = (() => {
  const page = document.querySelector(".oi-picture");
  const svg = page && page.querySelector(".oi-stage svg");
  if (!svg) return null;

  const viewer = {
    page,
    svg,
    stage: page.querySelector(".oi-stage"),
    group: svg.querySelector(".openimages-shapes"),
    frame: svg.querySelector("image, .openimages-frame"),
    selected: null,
    listeners: {},
  };

  /* Events: "view" (zoomed or moved), "select", "show" (something was switched), "shapes" (some came, went or changed). */
  viewer.on = (event, listener) => (viewer.listeners[event] ||= []).push(listener);
  viewer.emit = (event) => (viewer.listeners[event] || []).forEach((listener) => listener());

  /* Shapes and rows by their keys: looked up for each of many. */
  viewer.index = new Map([...viewer.group.querySelectorAll("[data-shape]")].map((element) => [element.dataset.shape, element]));
  viewer.rows = new Map([...page.querySelectorAll("[data-row]")].map((row) => [row.dataset.row, row]));
  viewer.shapes = () => [...viewer.index.values()];
  viewer.shape = (key) => viewer.index.get(key) || null;
  viewer.row = (key) => viewer.rows.get(key) || null;

  /* What was chosen stays for the next image, if the browser may keep it. */
  viewer.kept = (name, value) => {
    try {
      if (value === undefined) return localStorage.getItem(`openimages-${name}`);
      localStorage.setItem(`openimages-${name}`, value);
    } catch { /* it may not */ }
    return null;
  };

  /* At most once a frame. */
  viewer.soon = (work) => {
    let waiting = 0;
    return () => { waiting ||= requestAnimationFrame(() => { waiting = 0; work(); }); };
  };

  viewer.isTyping = (target) => target.closest("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, dialog, [contenteditable]") !== null;

  for (const tool of page.querySelectorAll(".oi-script")) tool.hidden = false;
  return viewer;
})();
