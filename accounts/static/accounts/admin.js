/* What WCAG 2.2 asks of Django's own admin pages and no style sheet can give. */
(() => {
  "use strict";
  const all = (selector) => document.querySelectorAll(selector);
  const mend = () => {
    // A picture alone names the search field.
    for (const picture of all("label[for=searchbar] img")) {
      const text = document.createElement("span");
      text.className = "visually-hidden";
      text.textContent = picture.alt;
      picture.alt = "";
      picture.after(text);
    }
    // Signs with a name need a role for it.
    for (const sign of all("span.help-tooltip[aria-label]")) sign.setAttribute("role", "img");
    // Cells above nothing head nothing.
    for (const cell of all("th:empty")) cell.setAttribute("role", "none");
    // What scrolls can be reached by keyboard.
    for (const group of all(".inline-group")) group.tabIndex = 0;
  };
  // After Django's scripts, which make some of these when the page has loaded.
  window.addEventListener("load", () => setTimeout(mend));
})();
