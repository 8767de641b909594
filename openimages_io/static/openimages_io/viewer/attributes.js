"use strict";
/* Fields for what the specs of a shape's label say that there may be: what is unknown stays empty, and is not sent. */
window.openimages?.editing?.(({ viewer, editor, words, page }) => {
  const place = page.querySelector(".oi-attributes");
  const COLUMNS = ["score", "occluded"];
  let shown = "";
  let fields = [];

  const valueOf = (shape, { name }) => (COLUMNS.includes(name) ? shape[name] : shape.attributes?.[name]) ?? null;

  const optionsOf = (choices, value) => {
    const known = choices.some(([choice]) => choice === value);
    return [[null, words.unset], ...choices, ...(known || value === null ? [] : [[value, String(value)]])].map(([choice, text]) =>
      new Option(text, JSON.stringify(choice), false, choice === value));
  };
  const choicesOf = ({ type, values }) => (type === "checkbox" ? [[true, words.yes], [false, words.no]] : values.map((choice) => [choice, choice]));
  const fieldOf = ({ type, values }) => {
    const isTyped = type === "text" || type === "number";
    const field = document.createElement(isTyped ? "input" : "select");
    if (isTyped) field.type = type;
    if (type !== "number") return field;
    const [low, high, step] = values;
    if (low !== null && low !== undefined) field.min = low;
    if (high !== null && high !== undefined) field.max = high;
    field.step = step ?? "any";
    return field;
  };
  /* What somebody types stays until it is taken. */
  const fill = (field, spec, value) => {
    if (field.tagName === "SELECT") {
      const [options, text] = [optionsOf(choicesOf(spec), value), (option) => `${option.value} ${option.selected}`];
      if (options.map(text).join() !== [...field.options].map(text).join()) field.replaceChildren(...options);
    } else if (field !== document.activeElement) { field.value = value ?? ""; field.setCustomValidity(""); }
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

  /* The same fields stay for as long as there are the same specs: who goes through them by Tab is on one of them. */
  editor.fields = (shape, may) => {
    const specs = editor.label(shape.label).specs || [];
    const state = JSON.stringify(specs);
    if (state !== shown) {
      shown = state;
      fields = specs.map((spec) => [fieldOf(spec), spec]);
      place.replaceChildren(...fields.map(([field, spec]) => {
        const label = document.createElement("label");
        field.name = spec.name;
        field.addEventListener("change", () => {
          if (field.checkValidity()) set(spec, read(field, spec));
          else field.reportValidity();
        });
        label.append(`${editor.named(spec.name)} `, field);
        return label;
      }));
    }
    for (const [field, spec] of fields) {
      field.disabled = !may;
      fill(field, spec, valueOf(shape, spec));
    }
  };
});
