"use strict";
/* Reading and saving by the REST API. Only what has changed is sent, with the ETag of what it is based on: if another user has saved
   meanwhile nothing is overwritten, both versions are shown, and who edits decides. */
(() => {
  const viewer = window.openimages;
  const editor = viewer && viewer.editor;
  if (!editor) return;
  const { bar, words } = editor;
  const { page } = viewer;
  const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
  const status = bar.querySelector(".oi-status");
  const conflict = page.querySelector(".oi-conflict");
  const button = (name) => bar.querySelector(`[data-do=${name}]`);
  let busy = false;

  const tell = (text, isFault = false) => {
    status.textContent = text;
    status.classList.toggle("oi-fault", isFault);
  };
  editor.tell = tell;

  editor.ask = async (address, options = {}) => {
    const headers = { Accept: "application/json", [bar.dataset.header]: token, ...options.headers };
    const response = await fetch(address, { credentials: "same-origin", ...options, headers });
    const body = response.status === 204 ? null : await response.json().catch(() => null);
    return { response, body };
  };
  /* What the API says of a refusal: each fault, or the sentence for all. */
  const reason = ({ response, body }) => {
    const faults = (body?.errors || []).map(({ path, message }) => `${path}: ${message}`).slice(0, 5);
    return faults.join(" ") || body?.detail || editor.say("failed", { status: response.status });
  };

  const read = async () => {
    const found = await editor.ask(bar.dataset.shapes);
    if (!found.response.ok) throw new Error(reason(found));
    return { shapes: found.body.shapes, etag: found.response.headers.get("ETag") };
  };

  const tried = (work) => async () => {
    if (busy) return;
    busy = true;
    show();
    try { await work(); } catch (fault) { tell(fault instanceof TypeError ? words.offline : fault.message, true); }
    busy = false;
    show();
  };

  const begin = tried(async () => {
    const { shapes, etag } = await read();
    editor.etag = etag;
    editor.take();
    editor.isOn = true;
    editor.load(shapes);
    editor.setTool("select");
    tell("");
  });
  const stop = () => {
    if (editor.count() && !window.confirm(words.leave)) return;
    editor.isOn = false;
    editor.load([...editor.base.values()]);
    editor.setTool("select");
    tell("");
    show();
  };

  const save = tried(async () => {
    const body = editor.changes();
    const count = editor.count();
    if (!count) return;
    tell(words.saving);
    const sent = { method: "PATCH", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "If-Match": editor.etag } };
    const found = await editor.ask(bar.dataset.shapes, sent);
    if (found.response.status === 412) { await meet(); return; }
    if (!found.response.ok) throw new Error(reason(found));
    editor.etag = found.response.headers.get("ETag");
    take(found.body.shapes);
    tell(editor.say(count === 1 ? "saved" : "savedMany", { n: count }));
  });
  /* The answer has what was made and changed, as it is stored. */
  const take = (shapes) => {
    const now = new Map(editor.now);
    for (const { key, ...shape } of shapes) {
      if (key) {
        now.delete(key);
        const was = viewer.selected === key;
        if (was) viewer.select(null);
        editor.rename(key, String(shape.id));
        if (was) viewer.select(String(shape.id));
      }
      now.set(String(shape.id), shape);
    }
    editor.load([...now.values()]);
  };

  /* A shape in words, with whatever of it differs from the other one. */
  const inWords = (shape, other) => {
    if (!shape) return words.deleted;
    const sides = ["x_min", "y_min", "x_max", "y_max"].map((side, index) => Math.round(shape[side] * editor.size[index % 2]));
    const said = [editor.label(shape.label).text, shape.kind === "tag" ? words.kinds.tag : `${words.kinds[shape.kind]} ${sides.join(" ")}`];
    const rest = (of) => ({ score: of.score, occluded: of.occluded, ...of.attributes });
    const [own, others] = [rest(shape), other ? rest(other) : {}];
    for (const [name, value] of Object.entries(own)) if (other && JSON.stringify(value) !== JSON.stringify(others[name])) said.push(`${name}: ${value}`);
    return said.join(", ");
  };
  const meet = async () => {
    const { shapes, etag } = await read();
    const both = editor.conflicts(shapes);
    const list = conflict.querySelector("ul");
    list.replaceChildren(...both.map(({ mine, theirs }) => {
      const item = document.createElement("li");
      item.textContent = editor.say("both", { mine: inWords(mine, theirs), theirs: inWords(theirs, mine) });
      return item;
    }));
    for (const part of conflict.querySelectorAll("[data-both]")) part.hidden = (part.dataset.both === "yes") !== both.length > 0;
    tell(words.changed, true);
    conflict.querySelector("form").onsubmit = (event) => {
      const choice = event.submitter.value;
      if (!choice) return;
      editor.etag = etag;
      editor.rebase(shapes, choice === "mine");
      tell(words.again);
    };
    conflict.showModal();
  };

  const show = () => {
    const count = editor.isOn ? editor.count() : 0;
    page.classList.toggle("oi-editing", editor.isOn);
    for (const one of bar.querySelectorAll(".oi-while")) one.hidden = !editor.isOn;
    button("begin").hidden = editor.isOn;
    button("begin").disabled = busy;
    button("save").disabled = busy || !count;
    button("undo").disabled = !editor.past.length;
    button("redo").disabled = !editor.future.length;
    const shape = viewer.selected === null ? null : editor.now.get(viewer.selected);
    button("delete").disabled = !shape || !editor.may(shape.id === undefined ? "add" : "delete");
    for (const tool of bar.querySelectorAll("[data-tool]")) tool.disabled = tool.dataset.tool !== "select" && !editor.may("add");
    bar.querySelector(".oi-unsaved").textContent = count ? editor.say(count === 1 ? "unsaved" : "unsavedMany", { n: count }) : "";
  };
  viewer.on("edit", show);
  viewer.on("select", show);

  const deletes = () => {
    if (!button("delete").disabled) editor.remove(viewer.selected);
  };
  const work = { begin, stop, save, undo: editor.undo, redo: editor.redo, delete: deletes };
  bar.addEventListener("click", (event) => {
    const pressed = event.target.closest("button");
    if (pressed?.dataset.do) work[pressed.dataset.do]();
    if (!pressed?.dataset.tool) return;
    if (event.detail === 0 && pressed.dataset.tool === "rectangle") editor.drawInTheMiddle();
    else editor.setTool(pressed.dataset.tool);
  });
  window.addEventListener("beforeunload", (event) => {
    if (editor.isOn && editor.count()) event.preventDefault();
  });

  /* Before the keys of the page: while something is selected, arrows move it. */
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.altKey || viewer.isTyping(event.target)) return;
    if (event.key.startsWith("Arrow") && event.target.closest("input")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    let done = true;
    if (!editor.isOn) {
      if (key !== "e" || event.ctrlKey || event.metaKey) return;
      begin();
    } else if (event.ctrlKey || event.metaKey) {
      if (key === "s") save();
      else if (key === "z" && !event.shiftKey) editor.undo();
      else if (key === "y" || (key === "z" && event.shiftKey)) editor.redo();
      else done = false;
    } else if (key === "Delete" || key === "Backspace") deletes();
    else if (key === "Escape") done = editor.letGo() || editor.tool !== "select" && (editor.setTool("select"), true);
    else if (key === "r" && editor.may("add")) editor.setTool("rectangle");
    else if (key === "p" && editor.may("add") && bar.querySelector("[data-tool=polygon]")) editor.setTool("polygon");
    else if (key === "v") editor.setTool("select");
    else done = editor.arrow(event);
    if (done) { event.preventDefault(); event.stopPropagation(); }
  }, true);
  show();
})();
