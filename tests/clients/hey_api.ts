// A frontend on the functions and types of @hey-api/openapi-ts: it compiles strictly, and is run against a live site.
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import * as api from "./hey/index.js";
import { client } from "./hey/client.gen.js";

const [url = "", picture = "", archive = "", target = "", name = ""] = process.argv.slice(2);

async function file(path: string): Promise<File> {
  return new File([new Uint8Array(await readFile(path))], basename(path));
}

async function ended(job: api.Job): Promise<api.Job> {
  for (;;) {
    const { data } = await api.jobsRead({ path: { id: job.id }, throwOnError: true });
    if (data.finished !== null) return data;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

client.setConfig({ baseUrl: url, throwOnError: true });
const login = await api.obtainToken({ body: { username: "admin", password: "admin" }, throwOnError: true });
client.setConfig({ auth: login.data.token });

const { data: task } = await api.tasksCreate({ body: { name }, throwOnError: true });
const path = { id: task.id };
const { data: label } = await api.labelsCreate({
  path,
  body: { name: "/m/cat", attribute_specs: [{ name: "pose", input_type: "radio", values: ["sits", "runs"] }] },
  throwOnError: true,
});
const { data: uploaded } = await api.imagesUpload({ path, body: { files: [await file(picture)] }, throwOnError: true });
const image = uploaded.results[0]!;
const ofImage = { path: { id: image.id }, query: { units: "pixels" as const } };

const drawn: api.NewShape[] = [
  { kind: "rectangle", label: label.id, key: "box", x_min: 1, x_max: 11, y_min: 2, y_max: 12, attributes: { pose: "sits" } },
  { kind: "mask", label: label.id, mask: { rle: { size: [2, 2], counts: [1, 2, 1] } } },
];
const { data: made } = await api.shapesAdd({ ...ofImage, body: drawn, throwOnError: true });
if (made.shapes[0]?.key !== "box") throw new Error("The key of the client did not come back.");

// Two clients save: the second one is told, reads again, and saves what it wanted.
async function read() {
  const { data, response } = await api.shapesList({ ...ofImage, throwOnError: true });
  return { shapes: data.shapes, etag: response.headers.get("ETag")! };
}

function widened(shape: api.Shape): api.ShapeUpdate {
  return shape.kind === "rectangle" ? { id: shape.id, x_max: shape.x_max + 4 } : { ...shape, score: 0.5 };
}

async function save(seen: { shapes: api.Shape[]; etag: string }) {
  return api.shapesSave({
    ...ofImage,
    headers: { "If-Match": seen.etag },
    body: { shapes: seen.shapes.map(widened) },
    throwOnError: false,
  });
}

const seen = await read();
await api.shapesPatch({ ...ofImage, body: { create: [{ kind: "tag", label: label.id }] }, throwOnError: true });
const refused = await save(seen);
if (refused.response?.status !== 412 || refused.error?.code !== "changed_meanwhile") throw new Error("It was saved over.");
const saved = (await save(await read())).data;
const box = saved?.shapes.find((shape) => shape.kind === "rectangle");
if (box?.x_max !== 15) throw new Error(`The box ends at ${box?.x_max}.`);

const started = await api.tasksImport({
  path,
  body: { archive: await file(archive), missing_images: "create", missing_labels: "create", missing_attributes: "create" },
  throwOnError: true,
});
const imported = await ended(started.data);
if (imported.state !== "succeeded" || !imported.committed) throw new Error(imported.message);
const exported = await ended((await api.tasksExport({ path, body: { layout: "documented" }, throwOnError: true })).data);
const zip = await api.jobsFile({ path: { id: exported.id }, throwOnError: true });
await writeFile(target, new Uint8Array(await zip.data.arrayBuffer()));
console.log(JSON.stringify({ task: task.id, image: image.id, kinds: saved?.shapes.map((shape) => shape.kind) }));

// What the document doesn't allow must not compile either, or the types would be worth nothing.
// @ts-expect-error  a rectangle without coordinates
export const noCoordinates: api.NewShape = { kind: "rectangle", label: 1 };
// @ts-expect-error  a mask without pixels
export const noPixels: api.NewShape = { kind: "mask", label: 1 };
// @ts-expect-error  a rectangle that is changed to have no left side
export const noSide: api.ShapeOfKindUpdate = { id: 1, kind: "rectangle", x_min: null };
// @ts-expect-error  a shape that is there, without its id
export const noId: api.ShapeUpdate = { kind: "tag", score: 0.5 };
// Of a change with its kind, the fields are those of that kind.
export const ringsOf = (shape: api.ShapeOfKindUpdate): number[][] | undefined =>
  shape.kind === "polygon" ? shape.points : undefined;
// @ts-expect-error  a tag has no sides
export const sideOfTag = (shape: api.TagShape): number => shape.x_max;
// @ts-expect-error  an unknown state
export const wrongState: api.Job["state"] = "done";
// @ts-expect-error  an unknown code
export const wrongCode: api.Fault["code"] = "something";
