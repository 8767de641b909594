"use strict";
/* Fields for what the specs of a shape's label say that there may be: what is unknown stays empty, and is not sent. */
window.openimages?.editing?.(({ viewer, editor, words, page }) => {
  const place = page.querySelector(".oi-attributes");
  const COLUMNS = ["score", "occluded"];
  let shown = "";

  const valueOf = (shape, { name }) => (COLUMNS.includes(name) ? shape[name] : shape.attributes?.[name]) ?? null;

  const select = (choices, value) => {
    const field = document.createElement("select");
    const known = choices.some(([choice]) => choice === value);
    for (const [choice, text] of [[null, words.unset], ...choices, ...(known || value === null ? [] : [[value, String(value)]])]) {
      const option = new Option(text, JSON.stringify(choice));
      option.selected = choice === value;
      field.append(option);
    }
    return field;
  };
  const input = (type, value, [low, high, step] = []) => {
    const field = document.createElement("input");
    field.type = type;
    field.value = value ?? "";
    if (type !== "number") return field;
    if (low !== null && low !== undefined) field.min = low;
    if (high !== null && high !== undefined) field.max = high;
    field.step = step ?? "any";
    return field;
  };
  const fieldOf = (spec, value) => {
    if (spec.type === "checkbox") return select([[true, words.yes], [false, words.no]], value);
    if (spec.type === "text") return input("text", value);
    if (spec.type === "number") return input("number", value, spec.values);
    return select(spec.values.map((choice) => [choice, choice]), value);
  };
  const read = (field, spec) => {
    if (field.tagName === "SELECT") return JSON.parse(field.value);
    if (field.value === "") return null;
    return spec.type === "number" ? field.valueAsNumber : field.value;
  };

  const set = (spec, value) => {
    const shape = editor.now.get(viewer.selected);
    if (COLUMNS.includes(spec.name)) {
      const number = spec.name === "score" && value !== null ? Number(value) : value;
      editor.change(viewer.selected, { [spec.name]: number });
      return;
    }
    const attributes = { ...shape.attributes };
    if (value === null) delete attributes[spec.name]; else attributes[spec.name] = value;
    editor.change(viewer.selected, { attributes });
  };

  editor.fields = (shape, may) => {
    const specs = editor.label(shape.label).specs || [];
    const state = JSON.stringify([viewer.selected, may, specs, specs.map((spec) => valueOf(shape, spec))]);
    if (state === shown) return;
    shown = state;
    const focused = place.contains(document.activeElement) ? document.activeElement.name : null;
    place.replaceChildren(...specs.map((spec) => {
      const label = document.createElement("label");
      const field = fieldOf(spec, valueOf(shape, spec));
      field.name = spec.name;
      field.disabled = !may;
      field.addEventListener("change", () => {
        field.setCustomValidity("");
        if (field.checkValidity()) set(spec, read(field, spec));
        else field.reportValidity();
      });
      label.append(`${spec.name} `, field);
      return label;
    }));
    if (focused !== null) place.querySelector(`[name="${CSS.escape(focused)}"]`)?.focus();
  };
});
