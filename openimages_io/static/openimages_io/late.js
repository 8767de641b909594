"use strict";
/* Numbers that take a while to count come after the page. An element with data-late names the address of an object:
   its "text" is the element's own, and "numbers" are those of the elements whose data-number is their name. */
(() => {
  for (const element of document.querySelectorAll("[data-late]")) {
    fetch(element.dataset.late, { headers: { Accept: "application/json" } })
      .then((response) => (response.ok ? response.json() : {}))
      .then(({ text, numbers }) => {
        if (text) element.textContent = text;
        for (const [name, number] of Object.entries(numbers || {})) {
          for (const one of document.querySelectorAll("[data-number]")) if (one.dataset.number === name) one.textContent = number;
        }
      })
      .catch(() => {});
  }
})();
