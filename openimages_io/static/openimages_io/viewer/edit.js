"use strict";
/* What is being edited: the shapes as they were read, as they are now, and every state between, for undo and redo. A shape is an object
   that is never changed, only replaced; one that is new has a key such as "new-1" until it is saved. */
(() => {
  const viewer = window.openimages;
  const bar = viewer && viewer.page.querySelector(".oi-edit");
  if (!bar) return;
  const PLACE = ["x_min", "x_max", "y_min", "y_max", "points", "clicks", "rotation"];
  const SAID = ["source", "group", "score", "occluded"];
  const FIELDS = ["label", ...PLACE, ...SAID, "attributes"];
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  const editor = {
    bar,
    isOn: false,
    base: new Map(),
    now: new Map(),
    past: [],
    future: [],
    made: 0,
    isAsking: false,
    isSized: bar.dataset.sized === "yes",
    may: (verb) => bar.dataset.may.split(" ").includes(verb),
    words: JSON.parse(document.getElementById("oi-words").textContent),
    size: bar.dataset.frame.split(" ").map(Number),
  };
  viewer.editor = editor;
  /* A shape of an answer. The address of a mask's pixels ends after some hours, so it says nothing of whether somebody has changed it. */
  editor.stored = ({ key: _key, mask: _mask, ...shape }) => shape;
  /* Places are said in pixels, or in fractions where nobody knows how many pixels there are. */
  editor.units = editor.isSized ? editor.size : [1, 1];
  editor.inUnits = (fraction, unit) => Math.round(fraction * unit * (unit === 1 ? 1e6 : 100)) / (unit === 1 ? 1e6 : 100);
  const { page, stage, svg, group } = viewer;
  const [width, height] = editor.size;
  /* How each script of the editor begins: with what they share, and not at all where nobody may edit. */
  viewer.editing = (work) => work({ viewer, editor, bar, words: editor.words, page, stage, svg, group, width, height });

  /* A sentence with its numbers: "{n} shapes". */
  editor.say = (name, values = {}) => editor.words[name].replace(/{(\w+)}/g, (_, key) => values[key]);

  const moved = (now) => {
    editor.now = now;
    viewer.emit("edit");
  };
  const byKey = (shapes) => new Map(shapes.map((shape) => [String(shape.id), shape]));
  /* Shapes as they are stored, with what is edited of them already. */
  editor.load = (shapes, now = null) => {
    editor.base = byKey(shapes);
    [editor.past, editor.future] = [[], []];
    moved(now || new Map(editor.base));
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

  /* A label of the whole image that both have added: theirs. */
  const twinOf = (shape, theirs) =>
    (shape?.kind === "tag" && shape.id === undefined
      ? [...theirs.values()].find((other) => other.kind === "tag" && other.label === shape.label && !editor.base.has(String(other.id)))
      : undefined);
  const versions = (shapes) => {
    const theirs = byKey(shapes);
    return [...new Set([...editor.base.keys(), ...editor.now.keys(), ...theirs.keys()])].map((key) => {
      const mine = editor.now.get(key);
      return { key, was: editor.base.get(key), mine, theirs: theirs.get(key) || twinOf(mine, theirs) };
    });
  };
  const isTwin = (mine, theirs) => mine?.kind === "tag" && mine.id === undefined && mine.score === theirs?.score;
  const isSame = (mine, theirs) => same(mine, theirs) || isTwin(mine, theirs);
  /* Mine where I have changed it, and theirs everywhere else. A place is one thing, and so are a label that has changed and its attributes. */
  const merged = ({ was, mine, theirs }) => {
    if (!was || !mine || !theirs) return mine;
    const differs = (one, names) => names.some((name) => !same(was[name], one[name]));
    const next = { ...theirs };
    const isRelabelled = differs(mine, ["label"]) || differs(theirs, ["label"]);
    for (const names of [PLACE, ...SAID.map((name) => [name]), ...(isRelabelled ? [["label", "attributes"]] : [])]) {
      if (differs(mine, names)) for (const name of names) next[name] = mine[name];
    }
    if (isRelabelled) return next;
    const [before, now] = [was.attributes || {}, mine.attributes || {}];
    next.attributes = { ...theirs.attributes };
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
      if (same(before[name], now[name])) continue;
      if (name in now) next.attributes[name] = now[name]; else delete next.attributes[name];
    }
    return next;
  };
  /* The shapes that both have changed, and differently, mine as it would be kept; and those that only others have changed. */
  editor.conflicts = (shapes) => {
    const all = versions(shapes).filter(({ was, theirs }) => !same(was, theirs));
    const isBoth = ({ was, mine, theirs }) => !same(was, mine) && !isSame(mine, theirs);
    return { both: all.filter(isBoth).map((one) => ({ ...one, mine: merged(one) })), theirs: all.filter((one) => !isBoth(one) && same(one.was, one.mine)) };
  };
  /* Another user's version below what was changed here; `isMine` says whose a shape is that both have changed. */
  editor.rebase = (shapes, isMine) => {
    const now = byKey(shapes);
    for (const one of versions(shapes)) {
      const { key, was, mine, theirs } = one;
      if (same(was, mine) || isSame(mine, theirs) || (!same(was, theirs) && !isMine(key))) continue;
      if (!mine) now.delete(key);
      else if (theirs) now.set(String(theirs.id), { ...merged(one), id: theirs.id });
      else if (!was) now.set(key, mine);
      else if (mine.kind !== "mask") now.set(`new-${++editor.made}`, { ...mine, id: undefined });
    }
    editor.load(shapes, now);
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
  /* Of a save whose answer was lost: the answer, if what is stored now shows that it was done, else null. What was made has no key to be
     known by, so it is known by all that was said of it. */
  editor.answerTo = (sent, shapes) => {
    const theirs = byKey(shapes);
    const isDone = (shape, other) => other !== undefined && FIELDS.every((name) => shape[name] === undefined || same(shape[name], other[name]));
    const changed = [...sent].filter(([key, shape]) => editor.base.get(key) !== shape);
    const made = changed.filter(([key]) => !editor.base.has(key)).map(([key, shape]) => {
      const found = [...theirs].find(([id, other]) => !editor.base.has(id) && other.kind === shape.kind && isDone(shape, other));
      if (found) theirs.delete(found[0]);
      return found && { ...found[1], key };
    });
    const isThere = made.length
      ? made.some(Boolean)
      : changed.every(([key, shape]) => isDone(shape, theirs.get(key))) && [...editor.base.keys()].every((key) => sent.has(key) || !theirs.has(key));
    return isThere ? made.filter(Boolean) : null;
  };
  editor.count = () => Object.values(editor.changes()).reduce((sum, list) => sum + list.length, 0);

  /* The sides of rings of points, which the server sets too. */
  editor.around = (points) => {
    const rings = points.flat();
    const [xs, ys] = [0, 1].map((odd) => rings.filter((_, index) => index % 2 === odd));
    return { x_min: Math.min(...xs), x_max: Math.max(...xs), y_min: Math.min(...ys), y_max: Math.max(...ys) };
  };
})();
