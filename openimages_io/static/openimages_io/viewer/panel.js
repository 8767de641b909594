"use strict";
/* What is said of the shape that is selected, in fields: its label, its place, its confidence and attributes. */
window.openimages?.editing?.(({ viewer, editor, bar, words, page }) => {
  const panel = page.querySelector(".oi-panel");
  const label = bar.querySelector(".oi-label");
  const list = page.querySelector("#oi-labels");
  const rotation = panel.querySelector("[name=rotation]");
  const unsized = panel.querySelector(".oi-unsized");
  const [across, down] = editor.units;
  const SIDES = { x_min: across, y_min: down, x_max: across, y_max: down };
  let last = editor.labels.values().next().value || null;

  const fill = (labels) => list.replaceChildren(...labels.map(({ text }) => {
    const option = document.createElement("option");
    option.value = text;
    return option;
  }));
  const known = (text) => [...editor.labels.values()].find((one) => one.text === text) || null;
  const isCalled = (one, text) => one.name === text || one.text.toLowerCase() === text.toLowerCase();

  /* Labels of the task whose names have what was typed. */
  const search = async (text) => {
    const { response, body } = await editor.ask(`${bar.dataset.labels}?q=${encodeURIComponent(text)}`);
    if (!response.ok) return [];
    for (const one of body.labels) editor.labels.set(one.id, { ...one, color: editor.labels.get(one.id)?.color || one.color });
    return body.labels;
  };
  /* A field that offers labels as somebody types. */
  editor.suggest = (field) => {
    let typed = 0;
    field.addEventListener("input", () => {
      const turn = ++typed;
      setTimeout(async () => {
        if (turn !== typed) return;
        const found = await search(field.value);
        if (turn === typed) fill(found);
      }, 150);
    });
    field.addEventListener("keydown", (event) => { if (event.key === "Escape") field.blur(); });
  };
  /* The label of a name; null if the task has none. */
  editor.find = async (name) => {
    const text = name.trim();
    if (!text) return null;
    return known(text) || (await search(text)).find((one) => isCalled(one, text)) || null;
  };
  editor.suggest(label);

  /* Reporting takes the focus, so it is done only if that is still where it was when this was asked. */
  const choose = async (from = label) => {
    const found = await editor.find(label.value);
    const fault = found || !label.value.trim() ? "" : words.unknown;
    label.setCustomValidity(fault);
    if (!found) {
      if (document.activeElement === from) label.reportValidity();
      else if (fault) editor.tell(fault, true);
      return false;
    }
    last = found;
    label.value = found.text;
    if (editor.isOn && editor.drawWith(found)) return true;
    const shape = editor.now.get(viewer.selected);
    if (!editor.isOn || !shape || shape.label === found.id) return true;
    if (editor.canChange(shape)) { relabel(shape, found); return true; }
    editor.tell(words.mayNot);
    show();
    return true;
  };
  /* Attributes that the new label does not have cannot stay, which is said. */
  const relabel = (shape, next) => {
    const names = new Set([...editor.words.kept, ...next.specs.map(({ name }) => name)]);
    const attributes = Object.entries(shape.attributes || {});
    const dropped = attributes.filter(([name]) => !names.has(name)).map(([name]) => name);
    const rest = Object.fromEntries(attributes.filter(([name]) => names.has(name)));
    editor.change(viewer.selected, { label: next.id, ...(dropped.length ? { attributes: rest } : {}) });
    editor.tell(dropped.length ? editor.say("dropped", { label: next.text, names: dropped.join(", ") }) : "");
  };
  label.addEventListener("change", () => { editor.choosing = choose(); });
  /* Enter takes the label, and leads back to the shape and its keys. */
  label.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    editor.choosing = choose();
    if (!await editor.choosing) return;
    label.blur();
    viewer.shape(viewer.selected)?.focus({ preventScroll: true });
  });

  editor.newLabel = () => known(label.value.trim()) || (label.value.trim() ? null : last);
  editor.typeLabel = () => {
    label.focus();
    label.select();
  };
  /* For what was drawn without a known label: the one that was typed, or one is asked for. */
  editor.askLabel = () => {
    editor.tell(words.needsLabel, true);
    if (label.value.trim()) editor.choosing = choose(document.activeElement);
    else label.focus();
  };
  const show = () => {
    const shape = editor.isOn && viewer.selected !== null ? editor.now.get(viewer.selected) : null;
    panel.hidden = !shape;
    if (!shape) { if (last && document.activeElement !== label) label.value = last.text; return; }
    if (document.activeElement !== label) label.value = editor.label(shape.label).text;
    label.setCustomValidity("");
    const isBox = shape.kind === "rectangle";
    for (const [side, size] of Object.entries(SIDES)) {
      const field = panel.querySelector(`[name=${side}]`);
      field.disabled = !isBox || !editor.canChange(shape);
      if (document.activeElement === field) continue;
      field.setCustomValidity("");
      field.value = shape[side] === null || shape[side] === undefined ? "" : editor.inUnits(shape[side], size);
    }
    const isTurned = shape.kind === "rectangle" || shape.kind === "ellipse";
    rotation.closest("label").hidden = !isTurned;
    rotation.disabled = !isTurned || !editor.canTurn(shape);
    if (document.activeElement !== rotation) rotation.value = shape.rotation ?? "";
    unsized.hidden = !isTurned || editor.isSized;
    editor.fields(shape, editor.canChange(shape));
  };
  const turn = (shape) => {
    const degrees = rotation.value === "" ? 0 : rotation.valueAsNumber;
    const fits = degrees > -360 && degrees < 360;
    rotation.setCustomValidity(fits ? "" : words.angle);
    if (fits) editor.commit([[viewer.selected, editor.frames.spun(shape, degrees)]]);
    else rotation.reportValidity();
  };
  panel.addEventListener("change", (event) => {
    const side = event.target.name;
    const shape = editor.now.get(viewer.selected);
    if (event.target === rotation && shape) turn(shape);
    if (!SIDES[side] || !shape) return;
    const value = event.target.valueAsNumber / SIDES[side];
    const next = { ...shape, [side]: value };
    const fits = value >= 0 && value <= 1 && next.x_min <= next.x_max && next.y_min <= next.y_max;
    event.target.setCustomValidity(fits ? "" : words.outside);
    if (fits) editor.change(viewer.selected, { [side]: value, ...(shape.clicks ? { clicks: null } : {}) });
    else event.target.reportValidity();
  });
  /* A value that was refused gives way to the one that holds. */
  panel.addEventListener("focusout", () => queueMicrotask(show));
  viewer.on("select", show);
  viewer.on("edit", show);
  label.disabled = !editor.may("add") && !editor.may("change");
  fill([...editor.labels.values()]);
  if (last) label.value = last.text;
});
