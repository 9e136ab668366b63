// Dropped files find their field by name: the rest of the form works without a script.
"use strict";

const WORDS = { status: /status|poll|observ/i, hours: /hour|menu|shift/i, zones: /zone|tz/i };

function kindOf(name) {
  return Object.keys(WORDS).find((kind) => WORDS[kind].test(name));
}

function place(form, files) {
  const unplaced = [];
  for (const file of files) {
    const kind = kindOf(file.name);
    const field = kind && form.elements[kind];
    if (!field) { unplaced.push(file.name); continue; }
    const one = new DataTransfer();
    one.items.add(file);
    field.files = one.files;
  }
  form.querySelector("[data-unplaced]").textContent = unplaced.length
    ? `Choose a field by hand for: ${unplaced.join(", ")}` : "";
}

for (const form of document.querySelectorAll("[data-drop]")) {
  const over = (on) => form.toggleAttribute("data-over", on);
  form.addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
  form.addEventListener("dragleave", () => over(false));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    place(form, event.dataTransfer.files);
  });
}
