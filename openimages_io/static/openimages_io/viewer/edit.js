"use strict";
/* What is being edited: the shapes as they were read, as they are now, and every state between, for undo and redo. A shape is an object
   that is never changed, only replaced; one that is new has a key such as "new-1" until it is saved. */
(() => {
  const viewer = window.openimages;
  const bar = viewer && viewer.page.querySelector(".oi-edit");
  if (!bar) return;
  const SIDES = ["x_min", "x_max", "y_min", "y_max"];
  const FIELDS = ["label", ...SIDES, "points", "clicks", "rotation", "source", "group", "score", "occluded", "attributes"];
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  const editor = {
    bar,
    isOn: false,
    base: new Map(),
    now: new Map(),
    past: [],
    future: [],
    made: 0,
    may: (verb) => bar.dataset.may.split(" ").includes(verb),
    words: JSON.parse(document.getElementById("oi-words").textContent),
    size: bar.dataset.frame.split(" ").map(Number),
  };
  viewer.editor = editor;

  /* A sentence with its numbers: "{n} shapes". */
  editor.say = (name, values = {}) => editor.words[name].replace(/{(\w+)}/g, (_, key) => values[key]);

  const moved = (now) => {
    editor.now = now;
    viewer.emit("edit");
  };
  editor.load = (shapes) => {
    editor.base = new Map(shapes.map((shape) => [String(shape.id), shape]));
    [editor.past, editor.future] = [[], []];
    moved(new Map(editor.base));
  };
  /* Changes by key, null for one that goes. Steps with the same `step` are one, such as those of a key that is held. */
  editor.commit = (changes, step = null) => {
    const now = new Map(editor.now);
    for (const [key, shape] of changes) if (shape) now.set(key, shape); else now.delete(key);
    if (step === null || editor.step !== step) editor.past.push(editor.now);
    editor.step = step;
    editor.future = [];
    moved(now);
  };
  const turn = (from, to) => () => {
    if (!editor[from].length) return;
    editor[to].push(editor.now);
    editor.step = null;
    moved(editor[from].pop());
  };
  editor.undo = turn("past", "future");
  editor.redo = turn("future", "past");

  editor.add = (shape) => {
    const key = `new-${++editor.made}`;
    editor.commit([[key, shape]]);
    return key;
  };
  editor.change = (key, values, step) => editor.commit([[key, { ...editor.now.get(key), ...values }]], step);
  editor.remove = (key) => editor.commit([[key, null]]);

  /* Another user's version below what was changed here; `mine` says whose a shape is that both have changed. */
  editor.rebase = (shapes, mine) => {
    const theirs = new Map(shapes.map((shape) => [String(shape.id), shape]));
    const [base, own] = [editor.base, editor.now];
    const now = new Map(theirs);
    for (const key of new Set([...base.keys(), ...own.keys()])) {
      const [was, is, other] = [base.get(key), own.get(key), theirs.get(key)];
      if (same(was, is)) continue;
      if (was && !same(was, other) && !mine) continue;
      if (!is) now.delete(key);
      else if (other || !was) now.set(key, is);
      else if (is.kind !== "mask") now.set(`new-${++editor.made}`, { ...is, id: undefined });
    }
    editor.base = theirs;
    [editor.past, editor.future] = [[], []];
    moved(now);
  };
  /* The shapes that both have changed, and differently. */
  editor.conflicts = (shapes) => {
    const theirs = new Map(shapes.map((shape) => [String(shape.id), shape]));
    return [...editor.base].map(([key, was]) => ({ key, was, mine: editor.now.get(key), theirs: theirs.get(key) }))
      .filter(({ was, mine, theirs: other }) => !same(was, mine) && !same(was, other) && !same(mine, other));
  };

  /* What a PATCH has to say. Only fields that differ go back: whatever is not known here stays as it is. */
  editor.changes = () => {
    const body = { create: [], update: [], delete: [] };
    for (const [key, shape] of editor.now) {
      const was = editor.base.get(key);
      if (was === shape) continue;
      const fields = FIELDS.filter((name) => shape[name] !== undefined && (!was || !same(was[name], shape[name])));
      const values = Object.fromEntries(fields.map((name) => [name, shape[name]]));
      if (!was) body.create.push({ key, kind: shape.kind, ...values });
      else if (fields.length) body.update.push({ id: was.id, ...values });
    }
    for (const [key, was] of editor.base) if (!editor.now.has(key)) body.delete.push(was.id);
    return body;
  };
  editor.count = () => Object.values(editor.changes()).reduce((sum, list) => sum + list.length, 0);

  /* The sides of rings of points, which the server sets too. */
  editor.around = (points) => {
    const rings = points.flat();
    const [xs, ys] = [0, 1].map((odd) => rings.filter((_, index) => index % 2 === odd));
    return { x_min: Math.min(...xs), x_max: Math.max(...xs), y_min: Math.min(...ys), y_max: Math.max(...ys) };
  };
})();
