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
/* Cards are selected one by one, with Shift from the last one to this one, or all of the page. The form does without.
   While all that match are selected, so is each card; afterwards those are that were before. */
(() => {
  const form = document.querySelector(".oi-choosing");
  if (!form) return;
  const cards = [...form.querySelectorAll("[name=image]")], whole = form.elements.all;
  const page = form.querySelector("#oi_page"), said = form.querySelector(".oi-chosen");
  let last = null, before = null;
  page.parentElement.hidden = false;
  const show = () => {
    if (whole.checked) before ??= cards.filter((card) => card.checked);
    for (const card of cards) {
      if (before) card.checked = whole.checked || before.includes(card);
      card.disabled = whole.checked;
    }
    if (!whole.checked) before = null;
    const count = cards.filter((card) => card.checked).length;
    page.disabled = whole.checked;
    page.checked = count === cards.length;
    page.indeterminate = count > 0 && count < cards.length;
    if (whole.checked) said.textContent = said.dataset.all;
    else said.textContent = count === 1 ? said.dataset.one : said.dataset.many.replace("#", count.toLocaleString());
  };
  form.addEventListener("click", (event) => {
    const place = cards.indexOf(event.target);
    if (place < 0) return;
    if (event.shiftKey && last !== null)
      for (const card of cards.slice(Math.min(place, last), Math.max(place, last) + 1)) card.checked = event.target.checked;
    last = place;
  });
  page.addEventListener("change", () => {
    for (const card of cards) card.checked = page.checked;
  });
  form.addEventListener("change", show);
  addEventListener("pageshow", (event) => { /* a browser that goes back keeps what was selected */
    if (whole.checked && !event.persisted) before = [];
    show();
  });
})();
