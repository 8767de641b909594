// The site's REST API, asked from another origin: with a token, since a cookie of the site might not be sent.

let site = "";
let token = sessionStorage.getItem("token"); // of this tab alone, until it is closed

// What the site refuses, in its own words (RFC 9457): `detail`, and every fault with its path.
export class Problem extends Error {
  constructor(status, { detail, errors }) {
    super([detail, ...errors.map(({ path, message }) => (path ? `${path}: ${message}` : message))].join(" "));
    this.status = status;
  }
}

// Reads where the site is; the server of this page knows it.
export async function findSite() {
  site = (await (await fetch("site.json")).json()).site;
  return site;
}

// Asks the API. `path` is below api/v1/, or a whole URL from an answer. Returns the data, and its ETag.
export async function call(method, path, body, headers = {}) {
  const url = new URL(path, `${site}/api/v1/`);
  if (url.origin !== site) throw new Error(`${url.origin} is not the site.`); // the token is for nobody else
  if (token) headers = { ...headers, Authorization: `Bearer ${token}` };
  if (body) headers = { ...headers, "Content-Type": "application/json" };
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const data = await response.json();
  if (!response.ok) throw new Problem(response.status, data);
  return { data, etag: response.headers.get("ETag") };
}

// Every row of a list, page by page.
export async function all(path) {
  const rows = [];
  for (let next = path, data; next; next = data.next) {
    ({ data } = await call("GET", next));
    rows.push(...data.results);
  }
  return rows;
}

export async function logIn(username, password) {
  logOut();
  token = (await call("POST", "/api/token/", { username, password })).data.token;
  sessionStorage.setItem("token", token);
}

export function logOut() {
  token = null;
  sessionStorage.removeItem("token");
}

export const hasToken = () => token !== null;
