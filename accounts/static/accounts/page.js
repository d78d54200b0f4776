/* Small comforts for people with JavaScript; every page works without it.
   "Show" for passwords, focus on errors, an address typed once, no double sends. */
(() => {
  "use strict";
  const EMAIL = "email";
  const fields = (selector) => document.querySelectorAll(selector);

  const summary = document.getElementById("error-summary");
  if (summary) summary.focus();

  /* GOV.UK's password input: hidden again before it is sent, and announced. */
  for (const button of fields("[data-show]")) {
    const input = document.getElementById(button.dataset.show);
    const status = button.nextElementSibling;
    const words = { show: button.textContent, hide: button.dataset.hideWord };
    const labels = { show: button.getAttribute("aria-label"), hide: button.dataset.hideLabel };
    const set = (shown) => {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? words.hide : words.show;
      button.setAttribute("aria-label", shown ? labels.hide : labels.show);
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = input.type === "password";
      set(shown);
      status.textContent = shown ? button.dataset.shown : button.dataset.hidden;
    });
    input.form.addEventListener("submit", () => set(false));
  }

  /* An address typed on one of these forms is there on the next (WCAG 2.2, 3.3.7).
     Kept for this tab alone. */
  for (const form of fields("form[data-remember-email]")) {
    const input = form.querySelector("input[type=email]");
    try {
      if (!input.value) input.value = sessionStorage.getItem(EMAIL) || "";
      input.addEventListener("input", () => sessionStorage.setItem(EMAIL, input.value));
    } catch {
      /* Storage is switched off: then it is typed twice. */
    }
  }

  /* What is shown once, for a password manager. */
  for (const button of fields("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText);
      button.textContent = button.dataset.done;
    });
  }

  /* A second press while the first is under way sends nothing. After a while it does:
     the first may have been stopped, or have brought a file and no page. */
  const UNDER_WAY = 3000;
  for (const form of fields("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      setTimeout(() => delete form.dataset.sent, UNDER_WAY);
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of fields("form[data-sent]")) delete form.dataset.sent;
  });
})();
