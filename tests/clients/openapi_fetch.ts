// A frontend on openapi-fetch, with types by openapi-typescript: it compiles strictly, and is run against a live site.
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];
const [url = "", picture = "", archive = "", target = "", name = ""] = process.argv.slice(2);

const client = createClient<paths>({ baseUrl: url });

// Forms are sent as such; their files have the type `string` in the types that openapi-typescript makes.
function form(body: object): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(body)) {
    for (const one of Array.isArray(value) ? value : [value]) made.append(name, one instanceof Blob ? one : String(one));
  }
  return made;
}

async function file(path: string): Promise<string> {
  return new File([new Uint8Array(await readFile(path))], basename(path)) as unknown as string;
}

// What was asked for, or every fault with its place.
function found<T>(answer: { data?: T; error?: Schemas["Problem"] }): T {
  if (answer.data !== undefined) return answer.data;
  const faults = answer.error?.errors.map((fault) => `${fault.path}: ${fault.message} (${fault.code})`);
  throw new Error([answer.error?.detail, ...(faults ?? [])].join("\n"));
}

async function ended(job: Schemas["Job"]): Promise<Schemas["Job"]> {
  for (;;) {
    const now = found(await client.GET("/api/v1/jobs/{id}/", { params: { path: { id: job.id } } }));
    if (now.finished !== null) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const { token } = found(await client.POST("/api/token/", { body: { username: "admin", password: "admin" } }));
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${token}`);
  },
});

const task = found(await client.POST("/api/v1/tasks/", { body: { name } }));
const inTask = { params: { path: { id: task.id } } };
const label = found(
  await client.POST("/api/v1/tasks/{id}/labels/", {
    ...inTask,
    body: { name: "/m/cat", attribute_specs: [{ name: "pose", input_type: "radio", values: ["sits", "runs"] }] },
  }),
);
const uploaded = found(
  await client.POST("/api/v1/tasks/{id}/images/upload/", {
    ...inTask,
    body: { files: [await file(picture)] },
    bodySerializer: form,
  }),
);
const image = uploaded.results[0]!;
const ofImage = { path: { id: image.id }, query: { units: "pixels" as const } };

const drawn: Schemas["NewShape"][] = [
  { kind: "rectangle", label: label.id, key: "box", x_min: 1, x_max: 11, y_min: 2, y_max: 12, attributes: { pose: "sits" } },
  { kind: "mask", label: label.id, mask: { rle: { size: [2, 2], counts: [1, 2, 1] } } },
];
const made = found(await client.POST("/api/v1/images/{id}/shapes/", { params: ofImage, body: drawn }));
if (made.shapes[0]?.key !== "box") throw new Error("The key of the client did not come back.");

// Two clients save: the second one is told, reads again, and saves what it wanted.
async function read() {
  const answer = await client.GET("/api/v1/images/{id}/shapes/", { params: ofImage });
  return { shapes: found(answer).shapes, etag: answer.response.headers.get("ETag")! };
}

function widened(shape: Schemas["Shape"]): Schemas["ShapeUpdate"] {
  return shape.kind === "rectangle" ? { id: shape.id, x_max: shape.x_max + 4 } : { ...shape, score: 0.5 };
}

async function save(seen: { shapes: Schemas["Shape"][]; etag: string }) {
  const header = { "If-Match": seen.etag };
  return client.PUT("/api/v1/images/{id}/shapes/", {
    params: { ...ofImage, header },
    body: { shapes: seen.shapes.map(widened) },
  });
}

const seen = await read();
found(
  await client.PATCH("/api/v1/images/{id}/shapes/", {
    params: ofImage,
    body: { create: [{ kind: "tag", label: label.id }], update: [], delete: [] },
  }),
);
const refused = await save(seen);
if (refused.response.status !== 412 || refused.error?.code !== "changed_meanwhile") throw new Error("It was saved over.");
const saved = found(await save(await read()));
const box = saved.shapes.find((shape) => shape.kind === "rectangle");
if (box?.x_max !== 15) throw new Error(`The box ends at ${box?.x_max}.`);

const imported = await ended(
  found(
    await client.POST("/api/v1/tasks/{id}/imports/", {
      ...inTask,
      body: { archive: await file(archive), missing_images: "create", missing_labels: "create", missing_attributes: "create" },
      bodySerializer: form,
    }),
  ),
);
if (imported.state !== "succeeded" || !imported.committed) throw new Error(imported.message);
const exported = await ended(found(await client.POST("/api/v1/tasks/{id}/exports/", { ...inTask, body: { layout: "documented" } })));
const zip = await client.GET("/api/v1/jobs/{id}/file/", { params: { path: { id: exported.id } }, parseAs: "arrayBuffer" });
if (zip.data === undefined) throw new Error("There is no archive.");
await writeFile(target, new Uint8Array(zip.data));
console.log(JSON.stringify({ task: task.id, image: image.id, kinds: saved.shapes.map((shape) => shape.kind) }));

// What the document doesn't allow must not compile either, or the types would be worth nothing.
// @ts-expect-error  a rectangle without coordinates
export const noCoordinates: Schemas["NewShape"] = { kind: "rectangle", label: 1 };
// @ts-expect-error  a mask without pixels
export const noPixels: Schemas["NewShape"] = { kind: "mask", label: 1 };
// @ts-expect-error  a tag with points
export const pointsOfTag: Schemas["NewShape"] = { kind: "tag", label: 1, points: [[0, 0, 1, 0, 1, 1]] };
// @ts-expect-error  a rectangle that is changed to have no left side
export const noSide: Schemas["ShapeOfKindUpdate"] = { id: 1, kind: "rectangle", x_min: null };
// @ts-expect-error  a rectangle that is changed to have points
export const pointsOfBox: Schemas["ShapeOfKindChange"] = { kind: "rectangle", points: [[0, 0, 1, 0, 1, 1]] };
// @ts-expect-error  a shape that is there, without its id
export const noId: Schemas["ShapeUpdate"] = { kind: "tag", score: 0.5 };
// Of a change with its kind, the fields are those of that kind.
export const ringsOf = (shape: Schemas["ShapeOfKindUpdate"]): number[][] | undefined =>
  shape.kind === "polygon" ? shape.points : undefined;
// @ts-expect-error  a tag has no sides
export const sideOfTag = (shape: Schemas["TagShape"]): number => shape.x_max;
// @ts-expect-error  an unknown state
export const wrongState: Schemas["Job"]["state"] = "done";
// @ts-expect-error  an unknown mode
export const wrongMode: Schemas["ImportFormRequest"]["mode"] = "mix";
// @ts-expect-error  an unknown code
export const wrongCode: Schemas["Fault"]["code"] = "something";
// @ts-expect-error  an unknown path
export const wrongPath: keyof paths = "/api/v1/nothing/";
