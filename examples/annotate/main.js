// Log in, take an image, draw boxes, save, go on to the next. docs/frontend.md walks through it.

import { Problem, all, call, findSite, hasToken, logIn, logOut } from "./api.js";
import { draw, show } from "./drawing.js";
import { element, fill, relabel } from "./form.js";

const FIELDS = ["label", "x_min", "x_max", "y_min", "y_max", "score", "occluded", "attributes"]; // that change here
const $ = (id) => document.getElementById(id);
let image, chosen, lastLabel; // what is shown, the box whose form is open, and the label of the next box
let labels = [];
let stored = { boxes: [], etag: "" }; // as the site has sent them
let boxes = []; // as they are here; a new one has no id

function say(text, isWrong = false) {
  Object.assign($("message"), { textContent: text, className: isWrong ? "wrong" : "" });
}

// Does what a person has asked for, one thing at a time, and says that it takes a while, and what went wrong.
async function run(work, meanwhile = "Loading…") {
  const focused = document.activeElement;
  $("work").inert = true;
  say(meanwhile);
  try {
    await work();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) showLogin();
    say(error.message, true);
  }
  $("work").inert = false;
  if ($("message").textContent === meanwhile) say("");
  if (document.activeElement === document.body) focused.focus();
}

function showLogin() {
  logOut();
  $("work").hidden = $("who").hidden = true;
  $("login").hidden = false;
  $("login").elements.username.focus();
}

async function start() {
  $("user").textContent = (await call("GET", "me/")).data.username;
  const tasks = await all("tasks/");
  $("task").replaceChildren(...tasks.map((task) => new Option(task.name, task.id)));
  $("login").hidden = true;
  $("work").hidden = $("who").hidden = false;
  await (tasks.length ? openTask(tasks[0].id) : say("There is no task yet."));
}

async function openTask(id) {
  const { permissions } = (await call("GET", `me/?task=${id}`)).data.task;
  $("save").hidden = !["add_shape", "change_shape", "delete_shape"].every((word) => permissions.includes(word));
  labels = await all(`tasks/${id}/labels/`);
  lastLabel = labels[0];
  const [first] = (await call("GET", `tasks/${id}/images/?has_file=true&page_size=1`)).data.results;
  await (first ? openImage(first) : say("The task has no picture."));
}

// Shows an image, with its own boxes at once.
async function openImage(wanted) {
  const neighbours = call("GET", `images/${wanted.id}/neighbours/?has_file=true`);
  const [beside, found] = await Promise.all([neighbours, read(wanted)]);
  image = wanted;
  $("name").textContent = image.name;
  // A signed address, since an <img> can't send the token; with the pixels as the boxes mean them, whatever EXIF says.
  Object.assign($("picture"), { src: `${image.file}?as_stored=1`, alt: image.title || image.name });
  for (const name of ["previous", "next"]) {
    $(name).value = beside.data[name] ?? "";
    $(name).disabled = !beside.data[name];
  }
  take(found);
  say("");
}

async function read({ id }) {
  const { data, etag } = await call("GET", `images/${id}/shapes/`);
  return { boxes: data.shapes.filter((shape) => shape.kind === "rectangle"), etag };
}

function take(found) {
  stored = found;
  boxes = structuredClone(found.boxes);
  choose(null);
}

// Shows what `boxes` says; after every change of it.
function redraw() {
  const labelOf = (box) => labels.find((label) => label.id === box.label);
  show($("boxes"), boxes, chosen, (box) => labelOf(box)?.color ?? "#fff");
  const buttons = boxes.map((box, index) => {
    const swatch = element("i", { className: "swatch" });
    swatch.style.background = labelOf(box)?.color;
    const name = `${index + 1}. ${labelOf(box)?.display_name || labelOf(box)?.name}`;
    return element("button", { type: "button", ariaPressed: box === chosen, onclick: () => choose(box, true) }, swatch, name);
  });
  $("list").replaceChildren(...buttons.map((button) => element("li", {}, button)));
  $("save").classList.toggle("unsaved", hasChanged());
}

// Opens the form of a box, or with null closes it.
function choose(box, takesFocus = false) {
  chosen = box;
  $("box").hidden = !box;
  if (box) fill($("box"), box, labels, changed, remove);
  if (takesFocus) $("label").focus();
  redraw();
}

function changed(hasNewLabel = false) {
  lastLabel = labels.find((label) => label.id === chosen.label);
  if (hasNewLabel) choose(chosen, true);
  else redraw();
}

function add(sides) {
  if (!lastLabel) return say("The task has no labels.", true);
  const box = { ...sides, score: null, occluded: null };
  relabel(box, lastLabel);
  boxes.push(box);
  choose(box, true);
}

function remove() {
  boxes = boxes.filter((box) => box !== chosen);
  choose(null);
  $("add").focus();
}

// What PATCH has to change. A PUT would delete what it doesn't send, and this page knows nothing of masks.
function difference() {
  const fields = (box) => Object.fromEntries(FIELDS.map((name) => [name, box[name]]));
  const before = new Map(stored.boxes.map((box) => [box.id, JSON.stringify(fields(box))]));
  const isNew = (box) => box.id === undefined;
  const hasMoved = (box) => !isNew(box) && before.get(box.id) !== JSON.stringify(fields(box));
  return {
    create: boxes.filter(isNew).map((box) => ({ kind: "rectangle", ...fields(box) })),
    update: boxes.filter(hasMoved).map((box) => ({ id: box.id, ...fields(box) })),
    delete: [...before.keys()].filter((id) => boxes.every((box) => box.id !== id)),
  };
}

const hasChanged = () => Object.values(difference()).some((some) => some.length);

// Saves, if the site still has the version that this is based on; else it is 412, and a person says whose counts.
async function save(changes, etag) {
  try {
    await call("PATCH", `images/${image.id}/shapes/`, changes, { "If-Match": etag });
  } catch (error) {
    if (!(error instanceof Problem && error.status === 412)) throw error;
    return settle(changes, await read(image));
  }
  take(await read(image));
  say("Saved.");
}

async function settle(mine, theirs) {
  $("difference").textContent = `Boxes there: ${theirs.boxes.length}. Boxes here: ${boxes.length}.`;
  $("conflict").returnValue = "";
  $("conflict").showModal();
  await new Promise((done) => $("conflict").addEventListener("close", done, { once: true }));
  if ($("conflict").returnValue === "mine") return save(upon(mine, theirs.boxes), theirs.etag);
  if ($("conflict").returnValue === "theirs") take(theirs);
  say($("conflict").returnValue ? "Your changes were dropped." : "Not saved.");
}

// My changes, made in what the other user has left: a box of mine that was deleted there is created again.
function upon(mine, theirs) {
  const isThere = (id) => theirs.some((box) => box.id === id);
  const lost = mine.update.filter((box) => !isThere(box.id)).map(({ id, ...box }) => ({ kind: "rectangle", ...box }));
  return {
    create: [...mine.create, ...lost],
    update: mine.update.filter((box) => isThere(box.id)),
    delete: mine.delete.filter(isThere),
  };
}

async function go(id) {
  if (hasChanged() && !confirm("Leave this image without saving?")) return;
  await openImage((await call("GET", `images/${id}/`)).data);
}

$("login").onsubmit = (event) => {
  event.preventDefault();
  const { username, password } = event.target.elements;
  run(async () => {
    await logIn(username.value, password.value);
    event.target.reset();
    await start();
  });
};
$("box").onsubmit = (event) => event.preventDefault();
$("logout").onclick = () => { showLogin(); say(""); };
$("task").onchange = (event) => run(() => openTask(event.target.value));
for (const name of ["previous", "next"]) $(name).onclick = () => run(() => go($(name).value));
$("save").onclick = () => run(() => (hasChanged() ? save(difference(), stored.etag) : say("Nothing has changed.")), "Saving…");
$("add").onclick = () => add({ x_min: 0.25, x_max: 0.75, y_min: 0.25, y_max: 0.75 });
$("picture").onerror = () => say("The picture can't be shown. Reload the page: its address may have ended.", true);
draw($("boxes"), add, (index) => choose(boxes[index], true));
addEventListener("beforeunload", (event) => hasChanged() && event.preventDefault());
addEventListener("keydown", (event) => {
  const label = /^[1-9]$/.test(event.key) && labels[event.key - 1];
  if (!label || !chosen || event.target.matches("input")) return;
  relabel(chosen, label);
  changed(true);
});

run(async () => {
  $("site").textContent = await findSite();
  await (hasToken() ? start() : showLogin());
});
