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
      const rows = button.parentElement.querySelectorAll("input:not([type=submit])");
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
    const first = event.detail.target.querySelector(".wrong input:not([type=submit]), .wrong textarea, .wrong select, textarea, select, input:not([type=hidden]):not([type=submit])");
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

  // Keys for those who decide all day; they can be turned off, and are while somebody writes.
  const keysOff = () => { try { return localStorage.getItem("sanhuan_keys") === "off"; } catch { return false; } };
  const sayKeys = (button) => { button.textContent = keysOff() ? button.dataset.on : button.dataset.off; };

  document.querySelectorAll(".keys-line").forEach((line) => {
    line.hidden = false;
    sayKeys(line.querySelector("[data-keys]"));
  });

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-keys]") : null;
    if (!button) return;
    try { localStorage.setItem("sanhuan_keys", keysOff() ? "on" : "off"); } catch { return; }
    sayKeys(button);
  });

  const inRow = (row) => row && (row.querySelector("[data-first]") || row.querySelector("a"));
  const move = (step) => {
    const rows = [...document.querySelectorAll("tr[data-row]")];
    const now = rows.indexOf(document.activeElement.closest("tr[data-row]"));
    return inRow(rows[now < 0 ? 0 : Math.min(Math.max(now + step, 0), rows.length - 1)]);
  };
  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => document.getElementById("f-number"),
  };

  document.addEventListener("keydown", (event) => {
    const at = event.target instanceof Element ? event.target : document.body;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && at.closest("form[data-once]")) {
      event.preventDefault();
      at.closest("form").requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && event.key !== "j" && event.key !== "k") return;
    if (at.closest("input:not([type=radio]):not([type=checkbox]):not([type=submit]), textarea, select") || keysOff()) return;
    if (Object.hasOwn(KEYS, event.key)) {
      const wanted = KEYS[event.key]();
      if (!wanted) return;
      event.preventDefault();
      wanted.focus();
      wanted.scrollIntoView({ block: "nearest" });
      return;
    }
    const row = event.key === "o" && document.activeElement.closest("tr[data-row]");
    const link = row ? row.querySelector("[data-open]") : /^[a-z]$/.test(event.key) && document.querySelector(`[data-key="${event.key}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
  });

  // A form opened from the inbox takes the focus where something is still to be filled in.
  const FIELD = "textarea, select, input:not([type=hidden]):not([type=submit])";
  const opened = document.querySelector("#act[data-focus]");
  if (opened) {
    const fields = [...opened.querySelectorAll(FIELD)];
    const first = fields.find((f) => f.required && !f.value) || fields[0] || opened.querySelector("button[type=submit]");
    if (first) first.focus();
  }

  // Nobody looks at a hidden page: it fetches nothing.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.id === "todos") event.preventDefault();
  });

  // What is folded is printed too; older browsers need it open.
  const folded = [];
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open]):not(.no-print)").forEach((d) => { d.open = true; folded.push(d); });
  });
  window.addEventListener("afterprint", () => { folded.splice(0).forEach((d) => { d.open = false; }); });
})();
