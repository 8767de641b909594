// The form of one box: its label, its sides, and an input for each attribute that the specs of its label have.

const OWN = new Set(["score", "occluded"]); // specs of these names are about fields of the shape itself
const SIDES = { x_min: "Left", x_max: "Right", y_min: "Top", y_max: "Bottom" };

// An element with properties and children. Text stays text, whatever stands in the site's data.
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// By the spec's input_type: what a person enters, `changed` is called with; null is nothing.
const INPUTS = {
  checkbox({ name }, value, changed) {
    const input = element("input", { type: "checkbox", checked: value === true, indeterminate: value == null });
    input.onchange = () => {
      changed((value = value == null ? true : value ? false : null)); // one more click, and it is unknown again
      Object.assign(input, { checked: value === true, indeterminate: value === null });
    };
    return element("label", { className: "check" }, input, name);
  },
  number({ name, values: [min, max, step] }, value, changed) {
    const input = element("input", { type: "number", min: min ?? "", max: max ?? "", step: step ?? "any", value: value ?? "" });
    input.onchange = () => input.reportValidity() && changed(input.value === "" ? null : Number(input.value));
    return element("label", {}, name, input);
  },
  text({ name }, value, changed) {
    const input = element("input", { value: value ?? "" });
    input.onchange = () => changed(input.value || null);
    return element("label", {}, name, input);
  },
  radio({ name, values }, value, changed) {
    const choices = values.map((one) => {
      const input = element("input", { type: "radio", name: `attribute ${name}`, checked: one === value });
      input.onchange = () => changed(one);
      return element("label", { className: "check" }, input, one);
    });
    return element("fieldset", {}, element("legend", {}, name), ...choices);
  },
  select({ name, values }, value, changed) {
    const select = element("select", {}, new Option("–", ""), ...values.map((one, index) => new Option(one, index)));
    select.value = values.includes(value) ? values.indexOf(value) : "";
    select.onchange = () => changed(select.value === "" ? null : values[select.value]);
    return element("label", {}, name, select);
  },
};

// Fills the form with a box. `changed` is called after a change of it, with true if it has another label now.
export function fill(form, box, labels, changed, removed) {
  const names = labels.map((label) => new Option(label.display_name || label.name, label.id));
  const select = element("select", { id: "label" }, ...names);
  select.value = box.label;
  select.onchange = () => { relabel(box, labels[select.selectedIndex]); changed(true); };
  const sides = Object.entries(SIDES).map(([name, text]) => {
    const value = Math.round(box[name] * 1e4) / 100;
    const input = element("input", { type: "number", min: 0, max: 100, step: "any", value, required: true });
    input.onchange = () => {
      if (!input.reportValidity()) return;
      box[name] = Number(input.value) / 100;
      changed();
    };
    return element("label", {}, `${text}, %`, input);
  });
  const specs = labels.find((label) => label.id === box.label)?.attribute_specs ?? [];
  const attributes = specs.map((spec) => {
    const values = OWN.has(spec.name) ? box : box.attributes;
    return INPUTS[spec.input_type](spec, values[spec.name], (value) => {
      values[spec.name] = value;
      if (value === null && !OWN.has(spec.name)) delete values[spec.name];
      changed();
    });
  });
  const remove = element("button", { type: "button", onclick: removed }, "Delete the box");
  form.replaceChildren(element("label", {}, "Label", select), element("div", { className: "sides" }, ...sides), ...attributes, remove);
}

// Gives the box a label, with the default values of the label's attributes where it has none yet.
export function relabel(box, label) {
  const known = { ...box.attributes, score: box.score, occluded: box.occluded };
  box.label = label.id;
  box.attributes = {};
  for (const { name, default_value } of label.attribute_specs) {
    const value = known[name] ?? default_value;
    if (value !== null) (OWN.has(name) ? box : box.attributes)[name] = value;
  }
}
