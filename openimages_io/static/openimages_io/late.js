"use strict";
/* Numbers that take a while to count come after the page. An element with data-late names the address of an object:
   its "text" is the element's own, "numbers" are those of the elements whose data-number is their name, and "others" are
   what those show that have none, by what their names begin with. Two are asked for at a time. */
(() => {
  const waiting = [...document.querySelectorAll("[data-late]")];
  const next = () => {
    const element = waiting.shift();
    if (!element) return;
    fetch(element.dataset.late, { headers: { Accept: "application/json" } })
      .then((response) => (response.ok ? response.json() : {}))
      .then(({ text, numbers, others }) => {
        if (text) element.textContent = text;
        for (const one of document.querySelectorAll("[data-number]")) {
          const number = (numbers || {})[one.dataset.number];
          if (number !== undefined) one.textContent = number;
          else if (others && !one.textContent) one.textContent = others[one.dataset.number.split(":")[0]] ?? "";
        }
      })
      .catch(() => {})
      .finally(next);
  };
  next();
  next();
})();
