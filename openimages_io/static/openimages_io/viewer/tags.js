"use strict";
/* Labels of the whole image, present or verified to be absent: added, turned into the other, removed. */
window.openimages?.editing?.(({ viewer, editor, page, words }) => {
  const place = page.querySelector(".oi-tag-edit");
  const list = place.querySelector("ul");
  const field = place.querySelector("input");
  editor.suggest(field);

  const button = (text, name, work) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "oi-small";
    made.textContent = text;
    made.setAttribute("aria-label", `${name}: ${text}`);
    made.addEventListener("click", work);
    return made;
  };
  const show = () => {
    const tags = [...editor.now].filter(([, shape]) => shape.kind === "tag");
    const isFree = editor.isOn && !editor.isAsking;
    if (editor.isOn) page.classList.add("oi-edited");
    place.hidden = !page.classList.contains("oi-edited");
    for (const one of place.querySelectorAll("label, .oi-small-add")) one.hidden = !isFree || !editor.may("add");
    list.replaceChildren(...tags.map(([key, shape]) => {
      const item = document.createElement("li");
      const isAbsent = shape.score === 0;
      const name = editor.label(shape.label).text;
      const score = isAbsent ? words.absent : typeof shape.score === "number" ? editor.say("confidence", { score: shape.score }) : "";
      item.classList.toggle("oi-absent-tag", isAbsent);
      item.append([name, score, shape.source].filter(Boolean).join(" · "));
      const isNew = shape.id === undefined;
      if (isFree && editor.may(isNew ? "add" : "change")) {
        item.append(button(isAbsent ? words.makePresent : words.makeAbsent, name, () => editor.change(key, { score: isAbsent ? 1 : 0 })));
      }
      if (isFree && editor.may(isNew ? "add" : "delete")) item.append(button(words.remove, name, () => editor.remove(key)));
      return item;
    }));
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
  for (const made of place.querySelectorAll(".oi-small-add")) made.addEventListener("click", add(Number(made.value)));
  viewer.on("edit", show);
});
