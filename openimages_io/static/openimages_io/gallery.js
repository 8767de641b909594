"use strict";
/* One facet is open at a time: Escape closes it, and so does a click elsewhere. Without this script they stay open. */
(() => {
  const open = () => document.querySelector(".oi-facet[open]");
  document.addEventListener("keydown", (event) => {
    const facet = event.key === "Escape" && open();
    if (!facet) return;
    facet.open = false;
    facet.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const facet of document.querySelectorAll(".oi-facet[open]")) if (!facet.contains(event.target)) facet.open = false;
  });
})();
