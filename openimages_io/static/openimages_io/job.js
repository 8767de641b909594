/* Asks how far a job is, once a second, and shows the page anew when it has ended. Without it, the page reloads itself. */
(function () {
  "use strict";
  const box = document.getElementById("oi-progress");
  if (!box) return;
  const bar = document.getElementById("oi-bar");
  const text = document.getElementById("oi-text");
  const initial = box.querySelector(".oi-state").className;
  let pause = 700;

  function show(answer) {
    if (answer.over || !initial.endsWith("oi-" + answer.state)) {
      window.location.reload();
      return false;
    }
    if (answer.percent === null) bar.removeAttribute("value");
    else bar.value = answer.percent;
    if (text.textContent !== answer.text) text.textContent = answer.text;
    return true;
  }

  async function poll() {
    let go = true;
    try {
      const response = await fetch(box.dataset.url, {credentials: "same-origin", headers: {Accept: "application/json"}});
      if (response.redirected || response.status === 403 || response.status === 404) {
        window.location.reload(); // logged out, or the job is gone
        return;
      }
      if (!response.ok) throw new Error(String(response.status));
      pause = 700;
      go = show(await response.json());
    } catch (error) {
      pause = Math.min(pause * 2, 10000);
      text.textContent = box.dataset.lost;
    }
    if (go) window.setTimeout(poll, pause);
  }

  window.setTimeout(poll, pause);
})();
