"use strict";
/* Beginning, saving and ending, by buttons and keys. Only what has changed is sent, with the ETag of what it is based on: if another user
   has saved meanwhile nothing is overwritten, and who edits decides. */
window.openimages?.editing?.(({ viewer, editor, bar, words, page }) => {
  const status = bar.querySelector(".oi-status");
  const button = (name) => bar.querySelector(`[data-do=${name}]`);
  let busy = false;

  const tell = (text, isFault = false) => {
    status.textContent = text;
    status.classList.toggle("oi-fault", isFault);
  };
  editor.tell = tell;

  const tried = (work) => async () => {
    if (busy) return;
    busy = true;
    show();
    try { await work(); } catch (fault) { tell(fault instanceof TypeError ? words.offline : fault.message, true); }
    busy = false;
    show();
  };

  const begin = tried(async () => {
    const { shapes, etag } = await editor.read();
    editor.etag = etag;
    editor.take();
    editor.isOn = true;
    editor.load(shapes);
    editor.setTool("select");
    tell("");
  });
  const stop = () => {
    if (editor.count() && !window.confirm(words.leave)) return;
    editor.decideLater();
    editor.isOn = false;
    editor.load([...editor.base.values()]);
    editor.setTool("select");
    tell("");
    show();
  };

  const save = tried(async () => {
    await editor.choosing;
    if (!editor.isOn || editor.isAsking || !editor.count()) return;
    const [body, count, sent] = [editor.changes(), editor.count(), editor.now];
    tell(words.saving);
    const headers = { "Content-Type": "application/json", "If-Match": editor.etag };
    const found = await editor.ask(bar.dataset.shapes, { method: "PATCH", body: JSON.stringify(body), headers });
    if (found.response.status === 412) {
      const theirs = await editor.read();
      tell(words.changed, true);
      editor.meet(theirs);
      return;
    }
    if (!found.response.ok) throw new Error(editor.reason(found));
    if (!found.body?.shapes) throw new TypeError();
    editor.etag = found.response.headers.get("ETag");
    take(found.body.shapes, sent);
    tell(editor.say(count === 1 ? "saved" : "savedMany", { n: count }));
  });
  /* The answer has what was made and changed, as it is stored. What was edited while it was awaited is not saved yet. */
  const take = (shapes, sent) => {
    const renamed = new Map(shapes.filter(({ key }) => key).map(({ key, id }) => [key, String(id)]));
    const base = new Map([...sent].filter(([key]) => !renamed.has(key)));
    for (const { key: _, ...shape } of shapes) base.set(String(shape.id), shape);
    const now = new Map(base);
    for (const key of new Set([...sent.keys(), ...editor.now.keys()])) {
      const [was, is, known] = [sent.get(key), editor.now.get(key), renamed.get(key) || key];
      if (was === is) continue;
      if (!is) now.delete(known);
      else now.set(known, base.has(known) ? { ...is, id: base.get(known).id } : is);
    }
    const chosen = viewer.selected;
    for (const [from, to] of renamed) editor.rename(from, to);
    editor.load([...base.values()], now);
    if (renamed.has(chosen)) viewer.select(renamed.get(chosen));
  };

  const show = () => {
    const count = editor.isOn ? editor.count() : 0;
    page.classList.toggle("oi-editing", editor.isOn);
    for (const one of bar.querySelectorAll(".oi-while")) one.hidden = !editor.isOn;
    button("begin").hidden = editor.isOn;
    button("begin").disabled = busy;
    button("stop").disabled = busy;
    button("save").disabled = busy || !count || editor.isAsking;
    button("undo").disabled = !editor.past.length || editor.isAsking;
    button("redo").disabled = !editor.future.length || editor.isAsking;
    const shape = viewer.selected === null ? null : editor.now.get(viewer.selected);
    button("delete").disabled = !shape || editor.isAsking || !editor.may(shape.id === undefined ? "add" : "delete");
    for (const tool of bar.querySelectorAll("[data-tool]")) tool.disabled = tool.dataset.tool !== "select" && (!editor.may("add") || editor.isAsking);
    bar.querySelector(".oi-unsaved").textContent = count ? editor.say(count === 1 ? "unsaved" : "unsavedMany", { n: count }) : "";
  };
  viewer.on("edit", show);
  viewer.on("select", show);

  editor.save = save;
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
    if (document.querySelector("dialog[open]") || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const saves = key === "s" && (event.ctrlKey || event.metaKey);
    if (viewer.isTyping(event.target)) {
      if (!saves || !page.contains(event.target)) return;
      event.target.blur();
    }
    if (event.key.startsWith("Arrow") && event.target.closest("input")) return;
    let done = true;
    if (!editor.isOn) {
      if (key !== "e" || event.ctrlKey || event.metaKey) return;
      begin();
    } else if (editor.isAsking) {
      if (key !== "Escape") return;
      editor.decideLater();
    } else if (event.ctrlKey || event.metaKey) {
      if (saves) save();
      else if (key === "z" && !event.shiftKey) editor.undo();
      else if (key === "y" || (key === "z" && event.shiftKey)) editor.redo();
      else done = false;
    } else if (key === "Delete" || key === "Backspace") deletes();
    else if (key === "Escape") done = editor.letGo() || editor.tool !== "select" && (editor.setTool("select"), true);
    else if (key === "r" && editor.may("add")) editor.setTool("rectangle");
    else if (key === "p" && editor.may("add") && bar.querySelector("[data-tool=polygon]")) editor.setTool("polygon");
    else if (key === "v") editor.setTool("select");
    else done = editor.byKey(event);
    if (done) { event.preventDefault(); event.stopPropagation(); }
  }, true);
  show();
});
