// Pointing at a route in the list or on the map shows it in both.
"use strict";

for (const each of document.querySelectorAll("[data-route]")) {
  const same = document.querySelectorAll(`[data-route="${CSS.escape(each.dataset.route)}"]`);
  each.addEventListener("pointerenter", () => same.forEach((one) => one.toggleAttribute("data-lit", true)));
  each.addEventListener("pointerleave", () => same.forEach((one) => one.toggleAttribute("data-lit", false)));
}
