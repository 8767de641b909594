"use strict";
/* The REST API, asked with the session that the page has. */
window.openimages?.editing?.(({ viewer, editor, bar, words, page }) => {
  const field = page.querySelector("[name=csrfmiddlewaretoken]");

  const send = async (address, options) => {
    const headers = { Accept: "application/json", [bar.dataset.header]: field.value, ...options.headers };
    const response = await fetch(address, { credentials: "same-origin", ...options, headers });
    const body = response.status === 204 ? null : await response.json().catch(() => null);
    return { response, body };
  };
  /* Who has logged in again, in another tab, has another token: it is on this page, as the server sends it now. What one user has begun
     is not saved as another's unless that one says so. */
  const renewed = async () => {
    const response = await fetch(window.location.href, { credentials: "same-origin" });
    const now = new DOMParser().parseFromString(await response.text(), "text/html").querySelector(".oi-edit");
    if (!now) return null;
    const names = { before: bar.dataset.userName, now: now.dataset.userName };
    if (now.dataset.user !== bar.dataset.user && !window.confirm(editor.say("asOther", names))) return editor.say("other", names);
    Object.assign(bar.dataset, { user: now.dataset.user, userName: now.dataset.userName });
    field.value = now.querySelector("[name=csrfmiddlewaretoken]").value;
    return "";
  };
  editor.ask = async (address, options = {}) => {
    const found = await send(address, options);
    if (![401, 403].includes(found.response.status)) return found;
    const refusal = await renewed();
    if (refusal) found.body = { detail: refusal };
    return refusal === "" ? send(address, options) : found;
  };
  /* Where a fault is: the shape that was sent, and its field. */
  const placeOf = (path, sent) => {
    const [, list, index, name] = path?.match(/^(create|update)\[(\d+)\]\.?(.*)$/) || [];
    const one = list && sent?.[list][index];
    const key = one && String(one.key ?? one.id);
    return { key, shape: editor.now.get(key), name };
  };
  const inWords = ({ path, message }, sent) => {
    const { shape, name } = placeOf(path, sent);
    if (!shape) return `${path}: ${message}`;
    return [editor.label(shape.label).text, words.kinds[shape.kind], editor.named(name)].filter(Boolean).join(", ") + `: ${message}`;
  };
  editor.toTryAgain = (said) => (editor.isOn && editor.count() ? `${said} ${words.again}` : said);
  /* What the API says of a refusal: each fault, or the sentence for all. */
  editor.reason = ({ response, body }, sent) => {
    if ([401, 403].includes(response.status)) return editor.say("refused", { detail: body?.detail || response.status });
    const faults = (body?.errors || []).map((fault) => inWords(fault, sent)).slice(0, 5);
    if (faults.length) return faults.join(" ");
    if (response.status === 404) return words.gone;
    if (response.status < 500 && body?.detail) return body.detail;
    const failed = editor.say("failed", { status: response.status });
    return response.status >= 500 ? editor.toTryAgain(failed) : failed;
  };
  /* Selects the first shape that has a fault. */
  editor.show = ({ body }, sent) => {
    const found = (body?.errors || []).map(({ path }) => placeOf(path, sent)).find(({ shape }) => shape);
    if (found && viewer.shape(found.key)) viewer.select(found.key);
  };
  editor.read = async () => {
    const found = await editor.ask(bar.dataset.shapes);
    if (!found.response.ok) throw new Error(editor.reason(found));
    if (!found.body?.shapes) throw new Error(words.offline);
    return { shapes: found.body.shapes.map(editor.stored), etag: found.response.headers.get("ETag") };
  };
});
