"use strict";
/* Another user has saved meanwhile. Both versions are drawn, mine with whole lines and theirs with dashes, each with its number and a word,
   and for each shape that both have changed somebody says whose it is to be. Until then nothing is saved. */
window.openimages?.editing?.(({ viewer, editor, words, page, group, svg, width, height }) => {
  const part = page.querySelector(".oi-conflict");
  const list = part.querySelector("ol");
  const button = (name) => part.querySelector(`[data-do=${name}]`);
  const layer = document.createElementNS(svg.namespaceURI, "g");
  layer.setAttribute("class", "oi-both");
  layer.setAttribute("aria-hidden", "true");
  let found = null;
  let chosen = new Map();

  const LISTED = 5;
  const hasPlace = (shape) => shape && shape.kind !== "tag" && typeof shape.x_min === "number";
  /* A mask whose pixels have gone with its row cannot be made again from here. */
  const isLost = ({ mine, theirs }) => mine?.kind === "mask" && !theirs;

  /* A shape in words, with whatever of it differs from the other one. */
  const inWords = (shape, other) => {
    if (!shape) return words.deleted;
    if (shape.kind === "tag") return [editor.label(shape.label).text, editor.certainty(shape), shape.source].filter(Boolean).join(", ");
    const sides = ["x_min", "y_min", "x_max", "y_max"].map((side, index) => (editor.isSized ? Math.round(shape[side] * editor.size[index % 2]) : editor.inUnits(shape[side], 1)));
    const said = [editor.label(shape.label).text, hasPlace(shape) ? `${words.kinds[shape.kind]} ${sides.join(" ")}` : words.kinds[shape.kind]];
    const rest = ({ score, occluded, rotation, source, group: number, attributes }) => ({ score, occluded, rotation, source, group: number, ...attributes });
    const [own, others] = [rest(shape), other ? rest(other) : {}];
    for (const [name, value] of Object.entries(own)) {
      if (other && JSON.stringify(value) !== JSON.stringify(others[name])) said.push(`${editor.named(name)}: ${value === null || value === "" ? words.unset : editor.shown(value)}`);
    }
    return said.join(", ");
  };

  const text = (content, [x, y], side) => {
    const made = document.createElementNS(svg.namespaceURI, "text");
    made.textContent = content;
    const size = 13 / viewer.scale();
    const high = Math.max(y + (side === "mine" ? -0.4 : 1.2) * size, size * 1.1);
    for (const [name, value] of Object.entries({ x, y: Math.min(high, height - size * 0.3), "font-size": size, "stroke-width": size / 4 })) made.setAttribute(name, value);
    return made;
  };
  const draw = (shape, key, side, name) => {
    if (!hasPlace(shape)) return;
    const own = shape.kind === "mask" ? viewer.shape(key) : null;
    const isOther = chosen.has(key) && chosen.get(key) !== side;
    for (const kind of ["oi-under", "oi-line"]) {
      const element = own && own.tagName === "path" ? own.cloneNode(false) : editor.elementOf(shape);
      for (const attribute of [...element.getAttributeNames()]) if (/^(data-|tabindex|role|aria|style|fill|stroke)/.test(attribute)) element.removeAttribute(attribute);
      element.setAttribute("class", `${kind} oi-${side}${isOther ? " oi-given-up" : ""}`);
      if (kind === "oi-line") element.setAttribute("stroke", editor.label(shape.label).color);
      layer.append(element);
    }
    const place = side === "mine" ? [shape.x_min * width, shape.y_min * height] : [shape.x_min * width, shape.y_max * height];
    layer.append(text(`${name} ${words[side]}`, place, side));
  };
  const redraw = () => {
    if (!found) return;
    layer.replaceChildren();
    found.theirs.forEach(({ key, theirs }) => draw(theirs, key, "theirs", "+"));
    found.both.forEach(({ key, mine, theirs }, index) => {
      draw(theirs, key, "theirs", index + 1);
      draw(mine, key, "mine", index + 1);
    });
  };

  /* What only they have changed: what has a place is drawn, and the rest is said. */
  const theirsToo = () => {
    const count = found.theirs.filter(({ theirs }) => hasPlace(theirs)).length;
    const rest = found.theirs.filter(({ theirs }) => !hasPlace(theirs)).map(({ was, theirs }) => (theirs ? inWords(theirs) : `${editor.label(was.label).text}, ${words.deleted}`));
    const list = [...rest.slice(0, LISTED), ...(rest.length > LISTED ? ["…"] : [])].join("; ");
    return [count && editor.say(count === 1 ? "theirsToo" : "theirsTooMany", { n: count }), list && editor.say("theirsRest", { list })].filter(Boolean).join(" ");
  };

  const choose = (key, side) => {
    chosen.set(key, side);
    for (const field of list.querySelectorAll("input")) if (field.name === `oi-both-${key}`) field.checked = field.value === side;
    button("decided").disabled = found.both.some((one) => !chosen.has(one.key));
    redraw();
  };
  const choice = (one, side) => {
    const label = document.createElement("label");
    const field = document.createElement("input");
    Object.assign(field, { type: "radio", name: `oi-both-${one.key}`, value: side, disabled: side === "mine" && isLost(one) });
    field.addEventListener("change", () => choose(one.key, side));
    const [own, other] = side === "mine" ? [one.mine, one.theirs] : [one.theirs, one.mine];
    label.append(field, ` ${editor.say(side === "mine" ? "keepMine" : "takeTheirs", { shape: inWords(own, other) })}`);
    if (field.disabled) label.append(` ${words.noPixels}`);
    return label;
  };
  const item = (one, index) => {
    const made = document.createElement("li");
    const frame = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = `${index + 1}. ${editor.label((one.was || one.mine).label).text}`;
    frame.append(legend, choice(one, "mine"), choice(one, "theirs"));
    made.append(frame);
    return made;
  };

  /* What was read with its ETag: both are shown, and somebody is asked. */
  editor.meet = ({ shapes, etag }) => {
    found = { shapes, etag, ...editor.conflicts(shapes) };
    chosen = new Map(found.both.filter(isLost).map(({ key }) => [key, "theirs"]));
    editor.isAsking = true;
    page.classList.add("oi-asking");
    editor.setTool("select");
    viewer.select(null);
    for (const { key } of [...found.both, ...found.theirs]) viewer.mark(key, "oi-asked", true);
    list.replaceChildren(...found.both.map(item));
    for (const [key, side] of chosen) choose(key, side);
    for (const one of part.querySelectorAll("[data-both]")) one.hidden = (one.dataset.both === "yes") !== found.both.length > 0;
    part.querySelector(".oi-theirs-too").textContent = theirsToo();
    button("decided").disabled = found.both.some(({ key }) => !chosen.has(key));
    part.hidden = false;
    group.after(layer);
    viewer.emit("edit");
    redraw();
    part.focus();
    part.scrollIntoView({ block: "nearest" });
  };
  const end = () => {
    for (const { key } of [...found.both, ...found.theirs]) viewer.mark(key, "oi-asked", false);
    found = null;
    editor.isAsking = false;
    page.classList.remove("oi-asking");
    part.hidden = true;
    list.replaceChildren();
    layer.remove();
  };
  /* Mine stays as it is, and saving asks again. */
  editor.decideLater = () => {
    if (!found) return;
    end();
    viewer.emit("edit");
    editor.bar.querySelector("[data-do=save]").focus();
  };
  const decide = async () => {
    const { shapes, etag } = found;
    end();
    editor.etag = etag;
    editor.rebase(shapes, (key) => chosen.get(key) === "mine");
    if (editor.count()) await editor.save();
    else editor.tell(words.theirsTaken);
  };
  button("decided").addEventListener("click", decide);
  button("later").addEventListener("click", editor.decideLater);
  for (const all of part.querySelectorAll("[data-all]")) {
    all.addEventListener("click", () => { for (const one of found.both) choose(one.key, isLost(one) ? "theirs" : all.dataset.all); });
  }
  viewer.on("view", redraw);
});
