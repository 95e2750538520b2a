"use strict";
// Search and filters of the list of steps. Without it all of them are shown.
(() => {
  const form = document.getElementById("filter");
  const rows = [...document.querySelectorAll("#events tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const search = document.getElementById("search");
  const notes = document.getElementById("notes");
  const threads = [...form.querySelectorAll("input[data-thread]")];
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const on = new Set(threads.filter((box) => box.checked)
      .map((box) => box.dataset.thread));
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !(on.has(row.dataset.thread) &&
        (!notes.checked || !row.classList.contains("point")) &&
        words.every((word) => texts[i].includes(word)));
      shown += row.hidden ? 0 : 1;
    });
    document.getElementById("shown").textContent =
      `${shown} of ${rows.length}`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => {
    const row = document.getElementById(location.hash.slice(1));
    if (row !== null && row.hidden) {
      search.value = "";
      notes.checked = false;
      threads.forEach((box) => { box.checked = true; });
      apply();
      row.scrollIntoView();
    }
  });
  apply();
})();
