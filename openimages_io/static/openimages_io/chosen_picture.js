"use strict";
/* The picture file that was chosen is shown before it is saved, as it will be shown afterwards: small, and its pixels as
   they are stored, whatever turn its EXIF tag asks for. It is decoded apart from the page, and no address is made of it,
   which a content security policy might refuse. */
document.addEventListener("DOMContentLoaded", () => {
  const SIDE = 256;
  const HEAD = 262144; // within which the tag stands
  const NAMES = ["Exif\0\0", "eXIf", "EXIF"] /* of JPEG, PNG and WebP */.map((name) => [...name].map((letter) => letter.charCodeAt(0)));

  const find = (bytes, name) => {
    for (let at = bytes.indexOf(name[0]); at >= 0; at = bytes.indexOf(name[0], at + 1)) {
      if (name.every((byte, index) => bytes[at + index] === byte)) return at;
    }
    return -1;
  };
  const withoutTurn = async (file) => {
    const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
    for (const name of NAMES) {
      const at = find(head, name);
      if (at >= 0) head[at + 3] = 0;
    }
    return new Blob([head, file.slice(HEAD)], { type: file.type });
  };

  for (const input of document.querySelectorAll("input[type=file][data-unreadable]")) {
    const canvas = document.createElement("canvas");
    const text = document.createElement("p");
    canvas.className = "oi-shown";
    canvas.setAttribute("role", "img");
    text.className = "help";
    text.setAttribute("role", "status");
    canvas.hidden = true;
    let turn = 0;
    const show = async () => {
      const mine = ++turn;
      const file = input.files[0];
      const bitmap = file && await withoutTurn(file)
        .then((blob) => createImageBitmap(blob, { resizeWidth: SIDE, resizeQuality: "medium" }))
        .catch(() => null);
      if (mine !== turn) { bitmap?.close(); return; }
      canvas.hidden = !bitmap;
      text.textContent = file && !bitmap ? input.dataset.unreadable : "";
      if (!bitmap) return;
      const shrunk = Math.min(1, SIDE / bitmap.height);
      canvas.width = Math.max(1, Math.round(bitmap.width * shrunk));
      canvas.height = Math.max(1, Math.round(bitmap.height * shrunk));
      canvas.setAttribute("aria-label", file.name);
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      bitmap.close();
    };
    const frame = document.createElement("div");
    input.replaceWith(frame);
    frame.append(input, text, canvas);
    input.addEventListener("change", show);
    show();
  }
});
