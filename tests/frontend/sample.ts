// A frontend that uses the generated types: it need not run, but it must compile.
import type { components, operations, paths } from "./api";

type Job = components["schemas"]["Job"];
type Page<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;

const base = "http://127.0.0.1:8000";

async function ask<Body>(token: string, path: keyof paths | string, init: RequestInit = {}): Promise<Body> {
  const headers = { ...init.headers, Authorization: `Token ${token}` };
  const response = await fetch(`${base}${path}`, { ...init, headers });
  if (!response.ok) {
    const error: components["schemas"]["Problem"] = await response.json();
    throw new Error(error.errors.map((fault) => `${fault.path}: ${fault.message}`).join("; ") || error.detail);
  }
  return response.json();
}

export function isOutside(fault: components["schemas"]["Fault"]): boolean {
  return fault.code === "out_of_range" || fault.code === "wrong_order";
}

export async function upload(token: string, task: number, archive: File, dryRun: boolean): Promise<Job> {
  const options: Omit<components["schemas"]["ImportFormRequest"], "archive"> = { mode: "merge", dry_run: dryRun };
  const form = new FormData();
  form.set("archive", archive);
  for (const [name, value] of Object.entries(options)) form.set(name, String(value));
  return ask<Job>(token, `/api/v1/tasks/${task}/imports/`, { method: "POST", body: form });
}

export function progress(job: Job): string {
  const state: "queued" | "running" | "succeeded" | "failed" | "cancelled" = job.state;
  const task: number | null = job.task;
  const added: number | undefined = job.totals["boxes"]?.added;
  return `${state} ${job.done}/${job.total} ${job.message} ${task ?? job.task_name} ${added ?? 0} ${job.file ?? ""}`;
}

export async function jobs(token: string): Promise<Job[]> {
  const query: NonNullable<operations["jobs_list"]["parameters"]["query"]> = { state: "running", page_size: 10 };
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const page = await ask<Page<"/api/v1/jobs/">>(token, `/api/v1/jobs/?${search}`);
  const next: string | null = page.next;
  return next === null ? page.results : page.results.slice();
}

export async function save(token: string, image: number, etag: string): Promise<number> {
  const read = await ask<components["schemas"]["ShapeList"]>(token, `/api/v1/images/${image}/shapes/?units=pixels`);
  const shapes: components["schemas"]["ShapeListInputRequest"]["shapes"] = read.shapes.map((shape) => ({ id: shape.id }));
  shapes.push({ kind: "rectangle", label: 1, x_min: 1, x_max: 2, y_min: 1, y_max: 2 });
  const headers = { "If-Match": etag, "Content-Type": "application/json" };
  const body = JSON.stringify({ shapes });
  const saved = await ask<components["schemas"]["ShapeList"]>(token, `/api/v1/images/${image}/shapes/?units=pixels`, {
    method: "PUT",
    headers,
    body,
  });
  return saved.revision;
}

// What the document doesn't allow must not compile either, or the types would be worth nothing.
// @ts-expect-error  a state that there is none
export const wrongState: Job["state"] = "done";
// @ts-expect-error  a mode that there is none
export const wrongMode: components["schemas"]["ImportFormRequest"]["mode"] = "mix";
// @ts-expect-error  a code that there is none
export const wrongCode: components["schemas"]["Problem"]["code"] = "nothing";
// @ts-expect-error  a path that there is none
export const wrongPath: keyof paths = "/api/nothing/";

export async function uploadPictures(token: string, task: number, files: File[], subset: string): Promise<string[]> {
  type Body = paths["/api/v1/tasks/{id}/images/upload/"]["post"]["requestBody"]["content"];
  const only: keyof Body = "multipart/form-data";
  const form = new FormData();
  for (const file of files) form.append("files", file);
  form.set("subset", subset satisfies Body[typeof only]["subset"]);
  const made = await ask<components["schemas"]["Images"]>(token, `/api/v1/tasks/${task}/images/upload/`, { method: "POST", body: form });
  return made.results.map((image) => image.name);
}
