// What makes the pages smoother; every page works without it.
(() => {
  "use strict";

  // A choice that is a whole form by itself is sent when it is made.
  document.addEventListener("change", (event) => {
    const chosen = event.target;
    if (chosen instanceof HTMLSelectElement && chosen.hasAttribute("data-submit")) chosen.form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-more], [data-print], [data-close]") : null;
    if (!button) return;
    event.preventDefault();
    if (button.hasAttribute("data-print")) window.print();
    if (button.hasAttribute("data-close")) document.getElementById(button.dataset.close).replaceChildren();
    if (button.hasAttribute("data-more")) {
      // One more row for a unit: a copy of the last one, empty.
      const rows = button.parentElement.querySelectorAll("input");
      const copy = rows[rows.length - 1].cloneNode(false);
      copy.value = "";
      copy.removeAttribute("id");
      rows[rows.length - 1].after(copy);
      copy.focus();
    }
  });

  // A form that was fetched takes the focus, so that the keyboard goes on there.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "act") return;
    const first = event.detail.target.querySelector(".wrong input, .wrong textarea, .wrong select, textarea, select, input:not([type=hidden])");
    (first || event.detail.target).focus();
    event.detail.target.scrollIntoView({ block: "nearest" });
  });

  // A decision is sent once, however often the button is pressed.
  document.addEventListener("submit", (event) => {
    if (!event.target.hasAttribute("data-once")) return;
    if (event.target.dataset.sent === "yes") event.preventDefault();
    event.target.dataset.sent = "yes";
    window.setTimeout(() => { event.target.dataset.sent = ""; }, 6000);
  });
})();
