// What a page in a language of tests.pseudo keeps to: nothing lies outside or over other
// things, and no text is left as it stood in the code. Returns what is wrong.
([language, direction, notOurs]) => {
  const wrong = [];
  const root = document.documentElement;
  const all = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
  const told = (e) => e.outerHTML.slice(0, 120);
  const box = (e) => e.getBoundingClientRect();
  if (root.lang !== language || root.dir !== direction) wrong.push(`in ${root.lang}, ${root.dir}`);
  if (root.scrollWidth > root.clientWidth) wrong.push("scrolls sideways");
  for (const e of all("body *")) {
    const { left, right, width } = box(e);
    const outside = left < -1 || right > root.clientWidth + 1;
    if (width && outside && !e.closest(".vh, svg, .skip")) wrong.push(`outside: ${told(e)}`);
  }
  for (const button of all(".input-group button")) {
    const input = button.parentElement.querySelector("input");
    const [field, over, style] = [box(input), box(button), getComputedStyle(input)];
    const atEnd = over.left > field.left + parseFloat(style.paddingLeft);
    const covers = atEnd
      ? over.left < field.right - parseFloat(style.paddingRight)
      : over.right > field.left + parseFloat(style.paddingLeft);
    if (covers) wrong.push(`over the text: ${told(input)}`);
  }
  for (const e of all("input[type=email], input[type=password], input[name=code], code")) {
    if (getComputedStyle(e).direction !== "ltr") wrong.push(`right to left: ${told(e)}`);
  }

  // What was translated stands in brackets, which may span elements.
  let depth = 0;
  const bare = (text) => {
    let outside = "";
    for (const letter of text) {
      if (letter === "⟦") depth += 1;
      else if (letter === "⟧") depth -= 1;
      else if (depth === 0) outside += letter;
    }
    outside = outside.replace(/\S+@\S+|Authsite|Google|GitHub|UTC/g, "").trim();
    return /\p{L}/u.test(outside) && `not translated: ${outside}`;
  };
  const say = (text) => text && wrong.push(text);
  say(bare(document.title));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (e.closest("script, style, template")) continue;
    const found = bare(node.data);
    if (e.checkVisibility() && !e.closest(notOurs)) say(found);
  }
  // Those that hold no words but what a script looks for.
  const machine = ["show", "copy", "sent", "asking", "withoutPasskeys"];
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest(notOurs)) continue;
    for (const name of ["alt", "aria-label", "title", "placeholder"]) say(bare(e.getAttribute(name) ?? ""));
    for (const [name, value] of Object.entries(e.dataset ?? {})) {
      if (!machine.includes(name)) say(bare(value));
    }
  }
  return wrong;
}
