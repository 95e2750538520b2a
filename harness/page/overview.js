"use strict";
// Search and filters of the groups. Without it all of them are shown.
(() => {
  const form = document.getElementById("filter");
  if (form === null) {
    return;
  }
  const rows = [...document.querySelectorAll("#groups tbody tr")];
  const sections = new Map(
    [...document.querySelectorAll("section.group")].map(
      (section) => [section.dataset.group, section]));
  const texts = rows.map((row) => {
    const section = sections.get(row.dataset.group);
    return (row.textContent + (section ? section.textContent : ""))
      .toLowerCase();
  });
  const search = document.getElementById("search");
  const states = [...form.querySelectorAll("input[data-state]")];
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const on = new Set(states.filter((box) => box.checked)
      .map((box) => box.dataset.state));
    let shown = 0;
    rows.forEach((row, i) => {
      const section = sections.get(row.dataset.group);
      row.hidden = !(on.has(row.dataset.state) &&
        words.every((word) => texts[i].includes(word)));
      if (section) {
        section.hidden = row.hidden;
      }
      shown += row.hidden ? 0 : 1;
    });
    document.getElementById("shown").textContent =
      `${shown} of ${rows.length}`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
