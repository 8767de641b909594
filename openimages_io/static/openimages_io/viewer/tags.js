"use strict";
/* Labels of the whole image, present or verified to be absent: added, turned into the other, removed. */
window.openimages?.editing?.(({ viewer, editor, page, words }) => {
  const place = page.querySelector(".oi-tag-edit");
  const list = place.querySelector("ul");
  const field = place.querySelector("input");
  editor.suggest(field);
  editor.certainty = ({ score }) => (score === 0 ? words.absent : typeof score === "number" ? editor.say("confidence", { score }) : "");

  const button = (action, text, name, work) => {
    const made = document.createElement("button");
    made.type = "button";
    made.dataset.action = action;
    made.className = "oi-small";
    made.textContent = text;
    made.setAttribute("aria-label", `${name}: ${text}`);
    made.addEventListener("click", work);
    return made;
  };
  const swatch = (color, isAbsent) => {
    const made = place.querySelector("template").content.firstElementChild.cloneNode(true);
    made.classList.toggle("oi-empty", isAbsent);
    made.style.color = color;
    return made;
  };
  /* Who has pressed a button with a key goes on from there. */
  const placeOfFocus = () => {
    const action = document.activeElement.dataset.action;
    const index = [...list.children].findIndex((item) => item.contains(document.activeElement));
    return index < 0 ? () => {} : () => {
      const item = list.children[Math.min(index, list.children.length - 1)];
      (item?.querySelector(`[data-action=${action}]`) || field).focus();
    };
  };
  const show = () => {
    const tags = [...editor.now].filter(([, shape]) => shape.kind === "tag");
    const isFree = editor.isOn && !editor.isAsking;
    if (editor.isOn) page.classList.add("oi-edited");
    place.hidden = !page.classList.contains("oi-edited");
    for (const one of place.querySelectorAll("label, .oi-small-add")) one.hidden = !isFree || !editor.may("add");
    const focusAgain = placeOfFocus();
    list.replaceChildren(...tags.map(([key, shape]) => {
      const item = document.createElement("li");
      const isAbsent = shape.score === 0;
      const { text: name, color } = editor.label(shape.label);
      const score = editor.certainty(shape);
      item.classList.toggle("oi-absent-tag", isAbsent);
      item.append(swatch(color, isAbsent), " ", [name, score, shape.source].filter(Boolean).join(" · "));
      const isNew = shape.id === undefined;
      if (isFree && editor.may(isNew ? "add" : "change")) {
        item.append(button("turn", isAbsent ? words.makePresent : words.makeAbsent, name, () => editor.change(key, { score: isAbsent ? 1 : 0 })));
      }
      if (isFree && editor.may(isNew ? "add" : "delete")) item.append(button("remove", words.remove, name, () => editor.remove(key)));
      return item;
    }));
    focusAgain();
  };
  const add = (score) => async () => {
    const label = await editor.find(field.value);
    if (!label) { editor.tell(words.choose, true); field.focus(); return; }
    const isThere = [...editor.now.values()].some((shape) => shape.kind === "tag" && shape.label === label.id);
    if (isThere) { editor.tell(editor.say("tagged", { label: label.text }), true); return; }
    editor.add({ kind: "tag", label: label.id, score, source: "", attributes: {} });
    field.value = "";
    field.focus();
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add(1)();
  });
  for (const made of place.querySelectorAll(".oi-small-add")) made.addEventListener("click", add(Number(made.value)));
  viewer.on("edit", show);
});
