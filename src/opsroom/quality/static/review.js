// Keys of the review, and zooming into an image: everything is a form and an image without it.
"use strict";

const KEYS = { c: "confirm", r: "reject", e: "escalate", u: "undo" };
const NEED_A_REASON = new Set(["reject", "escalate"]);

function zoom(figure) {
  const mark = figure.querySelector(".mark.shown, .mark");
  if (mark && mark.x) {
    const middle = (start, size) => `${100 * (start.baseVal.value + size.baseVal.value / 2)}%`;
    figure.style.setProperty("--zoom-x", middle(mark.x, mark.width));
    figure.style.setProperty("--zoom-y", middle(mark.y, mark.height));
  }
  figure.classList.toggle("zoomed");
}

for (const figure of document.querySelectorAll("[data-zoom]")) {
  figure.querySelector(".picture-frame").addEventListener("click", () => zoom(figure));
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "z") {
    const figure = document.querySelector("[data-zoom]");
    if (figure) zoom(figure);
    return;
  }
  const form = document.querySelector("[data-review]");
  const decision = KEYS[event.key];
  if (!form || !decision) return;
  event.preventDefault();
  const reason = form.elements.reason;
  if (NEED_A_REASON.has(decision) && !reason.value.trim()) {
    reason.focus();
    return;
  }
  form.requestSubmit(form.querySelector(`[name="decision"][value="${decision}"]`));
});
