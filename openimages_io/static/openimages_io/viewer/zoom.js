"use strict";
/* Zooming and moving by the viewBox: lines stay thin, and a place under the pointer is a place of the image, turned or not. */
(() => {
  const viewer = window.openimages;
  if (!viewer) return;
  const { svg, stage, frame } = viewer;
  const whole = svg.viewBox.baseVal;
  const all = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  const at = { ...all };
  const LARGEST_PIXEL = 32;
  const STEP = 1.25;
  const says = viewer.page.querySelector(".oi-zoom-now");

  /* CSS pixels of one unit when all of it is seen. */
  const fitted = () => Math.min(svg.clientWidth / all.width, svg.clientHeight / all.height) || 1;
  viewer.scale = () => fitted() * (all.width / at.width);
  viewer.isZoomed = () => at.width < all.width * 0.999;

  const between = (low, value, high) => Math.min(Math.max(value, low), Math.max(low, high));

  const show = () => {
    at.x = between(all.x, at.x, all.x + all.width - at.width);
    at.y = between(all.y, at.y, all.y + all.height - at.height);
    svg.setAttribute("viewBox", `${at.x} ${at.y} ${at.width} ${at.height}`);
    stage.classList.toggle("oi-zoomed", viewer.isZoomed());
    stage.classList.toggle("oi-pixels", viewer.scale() >= 8);
    says.textContent = `${Math.round((all.width / at.width) * 100)} %`;
    viewer.emit("view");
  };
  const soon = viewer.soon(show);

  /* Where a place of the window is in the viewBox. */
  const inBox = (x, y) => new DOMPoint(x, y).matrixTransform(svg.getScreenCTM().inverse());

  viewer.zoomBy = (factor, x, y) => {
    const box = svg.getBoundingClientRect();
    const point = x === undefined ? inBox(box.left + box.width / 2, box.top + box.height / 2) : inBox(x, y);
    const largest = Math.max(8, LARGEST_PIXEL / fitted());
    const width = between(all.width / largest, at.width / factor, all.width);
    const share = width / at.width;
    at.x = point.x - (point.x - at.x) * share;
    at.y = point.y - (point.y - at.y) * share;
    at.width = width;
    at.height = all.height * (width / all.width);
    show();
  };

  viewer.fit = () => { Object.assign(at, all); show(); };

  viewer.moveBy = (x, y) => {
    const scale = viewer.scale();
    at.x -= x / scale;
    at.y -= y / scale;
    soon();
  };

  /* Brings a shape into view that is outside. */
  viewer.reveal = (element) => {
    const box = svg.getBoundingClientRect();
    const place = element.getBoundingClientRect();
    const [x, y] = [place.left + place.width / 2, place.top + place.height / 2];
    if (x > box.left && x < box.right && y > box.top && y < box.bottom) return;
    viewer.moveBy(box.left + box.width / 2 - x, box.top + box.height / 2 - y);
  };

  /* The wheel scrolls the page until somebody has zoomed; with Ctrl, which is how pinching on a touchpad arrives, it zooms. */
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !viewer.isZoomed()) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    viewer.zoomBy(Math.exp(-between(-200, event.deltaY * lines, 200) * (event.ctrlKey ? 0.008 : 0.002)), event.clientX, event.clientY);
  }, { passive: false });

  const fingers = new Map();
  let moved = false;

  /* A script that draws takes a pointer by `viewer.grab`, which is asked first. */
  viewer.grab = () => false;

  stage.addEventListener("pointerdown", (event) => {
    moved = false;
    if (event.button > 1 || (fingers.size === 0 && viewer.grab(event))) return;
    if (event.button === 1) event.preventDefault();
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, from: [event.clientX, event.clientY] });
  });
  window.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    const before = [...fingers.values()].map(({ x, y }) => ({ x, y }));
    const [x, y] = [finger.x, finger.y];
    Object.assign(finger, { x: event.clientX, y: event.clientY });
    if (Math.hypot(finger.x - finger.from[0], finger.y - finger.from[1]) > 4) moved = true;
    if (!moved) return;
    if (fingers.size === 1) {
      if (viewer.isZoomed()) {
        if (!stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
        viewer.moveBy(finger.x - x, finger.y - y);
      }
      return;
    }
    const now = [...fingers.values()];
    const middle = (of) => [(of[0].x + of[1].x) / 2, (of[0].y + of[1].y) / 2];
    const apart = (of) => Math.hypot(of[0].x - of[1].x, of[0].y - of[1].y) || 1;
    const [was, is] = [middle(before), middle(now)];
    viewer.moveBy(is[0] - was[0], is[1] - was[1]);
    viewer.zoomBy(apart(now) / apart(before), is[0], is[1]);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }
  /* What ends a movement is no click. */
  stage.addEventListener("click", (event) => {
    if (moved) event.stopImmediatePropagation();
    moved = false;
  }, true);
  stage.addEventListener("dblclick", (event) => {
    if (!viewer.grab(event)) viewer.zoomBy(event.shiftKey ? 1 / 2 : 2, event.clientX, event.clientY);
  });

  viewer.page.querySelector(".oi-zoom-in").addEventListener("click", () => viewer.zoomBy(STEP));
  viewer.page.querySelector(".oi-zoom-out").addEventListener("click", () => viewer.zoomBy(1 / STEP));
  viewer.page.querySelector(".oi-zoom-fit").addEventListener("click", viewer.fit);
  new ResizeObserver(viewer.soon(() => viewer.emit("view"))).observe(svg);

  /* The thumbnail gives way to the full picture as soon as one of its pixels is larger than one of the screen's. */
  const full = stage.dataset.full;
  let asked = !full || frame.tagName !== "image";
  const sharpen = async () => {
    const size = frame.getBoundingClientRect();
    if (asked || Math.max(size.width, size.height) * window.devicePixelRatio <= Number(stage.dataset.size)) return;
    asked = true;
    stage.setAttribute("aria-busy", "true");
    try {
      const picture = new Image();
      picture.src = full;
      await picture.decode();
      frame.setAttribute("href", full);
      stage.classList.add("oi-full");
    } catch { /* A browser that does not know the kind of file keeps the thumbnail. */ }
    stage.removeAttribute("aria-busy");
  };
  viewer.on("view", sharpen);
  show();
})();
