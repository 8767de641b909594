"use strict";
/* Beginning, saving and ending, by buttons and keys. Only what has changed is sent, with the ETag of what it is based on: if another user
   has saved meanwhile nothing is overwritten, and who edits decides. */
window.openimages?.editing?.(({ viewer, editor, bar, words, page }) => {
  const status = bar.querySelector(".oi-status");
  const ON = "#edit";  /* Who edits one image edits the next: the ways to it say so. */
  const ways = page.querySelectorAll("a[rel=prev], a[rel=next]");
  const button = (name) => bar.querySelector(`[data-do=${name}]`);
  let busy = false;
  let isSaid = false;  /* what was saved, until something else is edited */

  const tell = (text, isFault = false) => {
    isSaid = false;
    status.textContent = text;
    status.classList.toggle("oi-fault", isFault);
  };
  editor.tell = tell;

  const tried = (work) => async () => {
    if (busy) return;
    busy = true;
    show();
    try { await work(); } catch (fault) { tell(fault instanceof TypeError ? editor.toTryAgain(words.offline) : fault.message, true); }
    busy = false;
    show();
  };

  const begin = tried(async () => {
    tell(words.reading);
    const { shapes, etag } = await editor.read();
    editor.etag = etag;
    lost = [];
    editor.take();
    editor.isOn = true;
    editor.load(shapes);
    editor.setTool("select");
    tell("");
    requestAnimationFrame(() => { if (getComputedStyle(bar).position === "sticky") bar.scrollIntoView({ block: "start" }); });
  });
  const hasWork = () => editor.count() > 0 || editor.isUnfinished();
  const stop = () => {
    if (hasWork() && !window.confirm(words.leave)) return;
    editor.decideLater();
    editor.letGo();
    lost = [];
    editor.isOn = false;
    editor.load([...editor.base.values()]);
    editor.setTool("select");
    tell("");
    if (window.location.hash === ON) window.history.replaceState(null, "", window.location.pathname + window.location.search);
    show();
  };

  /* What was sent with saves whose answers have not come: one of them may have been done all the same. */
  let lost = [];
  const store = async () => {
    await editor.choosing;
    if (!editor.isOn || editor.isAsking || !editor.finishDrawing() || !editor.count()) return;
    const [body, count, sent] = [editor.changes(), editor.count(), editor.now];
    tell(words.saving);
    const headers = { "Content-Type": "application/json", "If-Match": editor.etag };
    let found = null;
    try {
      found = await editor.ask(bar.dataset.shapes, { method: "PATCH", body: JSON.stringify(body), headers });
    } finally {
      if (!found || found.response.status >= 500 || (found.response.ok && !found.body?.shapes)) lost.push({ sent, count });
    }
    if (found.response.status === 412) { await meet(); return; }
    if (!found.response.ok) {
      editor.show(found, body);
      throw new Error(editor.reason(found, body));
    }
    if (!found.body?.shapes) throw new TypeError();
    editor.etag = found.response.headers.get("ETag");
    took(found.body.shapes, { sent, count });
  };
  const took = (shapes, { sent, count }) => {
    lost = [];
    take(shapes, sent);
    tell(editor.say(count === 1 ? "saved" : "savedMany", { n: count }));
    isSaid = true;
    placeAgain();
  };
  /* A save may have brought the image out of the gallery's filter. */
  const placeAgain = async () => {
    const place = page.querySelector(".oi-place:has(.oi-conditions) [data-place]");
    if (!place?.dataset.place) return;
    const answer = await fetch(place.dataset.place, { headers: { Accept: "application/json" } }).catch(() => null);
    const text = answer?.ok && (await answer.json().catch(() => null))?.text;
    if (text) place.textContent = text;
  };
  /* Somebody has saved meanwhile, which may have been this page. */
  const meet = async () => {
    const theirs = await editor.read();
    const answers = lost.map((one) => ({ one, shapes: editor.answerTo(one.sent, theirs.shapes) }));
    const done = answers.find(({ shapes }) => shapes);
    if (done) took(done.shapes, done.one);
    lost = [];
    const { both, theirs: others } = editor.conflicts(theirs.shapes);
    if (!done || both.length || others.length) {
      tell(words.changed, true);
      editor.meet(theirs);
      return;
    }
    editor.etag = theirs.etag;
    await store();
  };
  const save = tried(store);
  /* The answer has what was made and changed, as it is stored. What was edited while it was awaited is not saved yet. */
  const take = (shapes, sent) => {
    const renamed = new Map(shapes.filter(({ key }) => key).map(({ key, id }) => [key, String(id)]));
    const base = new Map([...sent].filter(([key]) => !renamed.has(key)));
    for (const shape of shapes) base.set(String(shape.id), editor.stored(shape));
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
    for (const way of ways) way.hash = editor.isOn ? ON : "";
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
  viewer.on("edit", () => {
    if (isSaid) tell("");
    show();
  });
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
    if (!editor.isOn || !hasWork()) return;
    event.preventDefault();
    event.returnValue = true;  /* for browsers before 2024 */
  });

  /* Before the keys of the page: while something is selected, arrows move it. */
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const isMeta = event.ctrlKey || event.metaKey;
    const saves = key === "s" && isMeta;
    if (viewer.isTyping(event.target) && !(isMeta && event.target.tagName === "SELECT" && !saves)) {
      if (!saves || !page.contains(event.target)) return;
      event.target.blur();
    }
    if (event.key.startsWith("Arrow") && event.target.closest("input")) return;
    let done = true;
    if (!editor.isOn) {
      if (key !== "e" || isMeta) return;
      begin();
    } else if (editor.isAsking) {
      if (key !== "Escape") return;
      editor.decideLater();
    } else if (isMeta) {
      if (saves) save();
      else if (key === "z" && !event.shiftKey) editor.undo();
      else if (key === "y" || (key === "z" && event.shiftKey)) editor.redo();
      else done = false;
    } else if (key === "Delete" || key === "Backspace") deletes();
    else if (key === "Escape") done = editor.letGo() || editor.tool !== "select" && (editor.setTool("select"), true);
    else if (key === "r" && editor.may("add")) editor.setTool("rectangle");
    else if (key === "p" && editor.may("add") && bar.querySelector("[data-tool=polygon]")) editor.setTool("polygon");
    else if (key === "v") editor.setTool("select");
    else if (key === "l") editor.typeLabel();
    else done = editor.byKey(event);
    if (done) { event.preventDefault(); event.stopPropagation(); }
  }, true);
  show();
  if (window.location.hash === ON) begin();
});
