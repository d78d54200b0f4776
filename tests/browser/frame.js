// What every page of ours keeps to, whatever its width and scheme. Returns what is wrong.
() => {
  const wrong = [];
  const root = document.documentElement;
  const all = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
  const told = (e) => e.outerHTML.slice(0, 90);
  if (root.scrollWidth > root.clientWidth) {
    const wide = all("body *").filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
    wrong.push(`scrolls sideways by ${root.scrollWidth - root.clientWidth}: ${wide.slice(-3).map(told)}`);
  }
  if (!root.lang) wrong.push("no lang");
  if (!["ltr", "rtl"].includes(root.dir)) wrong.push("no dir");
  for (const name of ["main", "h1"]) {
    const count = all(name).length;
    if (count !== 1) wrong.push(`${count} of ${name}`);
  }
  // What can be hit is the thing itself, or the words that belong to it.
  const labels = (e) => [...(e.labels ?? [])].filter((one) => one.checkVisibility());
  const holds = (e, width, height) => [e, ...labels(e)].some((one) => {
    const box = one.getBoundingClientRect();
    return box.width > width - 0.5 && box.height > height - 0.5;
  });
  const high = all("button, .btn, .input, summary, select, .tap, .crumb, .brand, .nav a");
  for (const e of high) if (!holds(e, 24, 44)) wrong.push(`under 44 px: ${told(e)}`);
  for (const e of all("input, textarea, [tabindex='0']")) {
    if (!holds(e, 24, 24)) wrong.push(`under 24 px: ${told(e)}`);
  }
  for (const e of all("input:not([type=checkbox]):not([type=radio]), textarea, select")) {
    if (parseFloat(getComputedStyle(e).fontSize) < 16) wrong.push(`under 16 px: ${told(e)}`);
  }
  // A link in a sentence is as high as its line; every other one can be hit.
  const alone = (e) => e.parentElement.textContent.trim() === e.textContent.trim();
  for (const e of all("a:not(.btn)")) {
    if (alone(e) && !holds(e, 24, 24)) wrong.push(`under 24 px: ${told(e)}`);
  }
  for (const e of all("main input:not([type=hidden]), main select, main textarea")) {
    // One that is read aloud alone is a pixel wide.
    if (!labels(e).some((one) => one.offsetWidth > 1 && one.offsetHeight > 1)) wrong.push(`no visible label: ${told(e)}`);
    if (e.placeholder) wrong.push(`placeholder: ${told(e)}`);
  }
  for (const summary of all(".error-summary")) {
    if (document.querySelector("main").firstElementChild !== summary) wrong.push("the summary is not first");
    if (!summary.contains(document.activeElement)) wrong.push("the summary has not the focus");
    // One that a script shows comes when the title was read long ago.
    const early = summary.id === "error-summary" && root.lang.startsWith("en");
    if (early && !document.title.startsWith("Error: ")) wrong.push("no error in the title");
    const inline = all(".error").map((e) => e.textContent).join();
    for (const e of summary.querySelectorAll("a[href^='#']")) {
      if (!document.querySelector(e.hash)) wrong.push(`leads nowhere: ${told(e)}`);
      if (!inline.includes(e.textContent)) wrong.push(`not at its field: ${told(e)}`);
    }
    for (const e of all("input[type=password]")) if (e.value) wrong.push("a password is kept");
  }
  for (const e of document.querySelectorAll("[tabindex]")) {
    if (e.tabIndex > 0) wrong.push(`tabindex over 0: ${told(e)}`);
  }
  return wrong;
}
