// What can still be seen when the system has taken all colours but its own (forced
// colours): edges, icons, and where the focus is. Returns what cannot.
() => {
  const wrong = [];
  const all = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
  const told = (e) => e.outerHTML.slice(0, 90);
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((n) => (n <= 10.31 ? n / 3294.6 : ((n / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const stands = (colour, ground) => {
    const [a, b] = [light(colour), light(ground)];
    const seen = numbers(colour)[3] !== 0;
    return seen && (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) >= 3;
  };
  const ground = (e) => {
    for (let one = e; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  for (const e of all(".btn, .input, .badge, .avatar, .panel, .notice, .error-summary, .who")) {
    const { borderTopWidth: width, borderTopStyle: style, borderTopColor: colour } = getComputedStyle(e);
    const there = parseFloat(width) >= 1 && style !== "none";
    if (!there || !stands(colour, ground(e.parentElement))) wrong.push(`no edge: ${told(e)}`);
  }
  for (const e of all(".icon")) {
    if (!stands(getComputedStyle(e).stroke, ground(e))) wrong.push(`no icon: ${told(e.parentElement)}`);
  }
  const focus = document.activeElement;
  if (focus !== document.body) {
    const { outlineWidth: width, outlineStyle: style, outlineColor: colour } = getComputedStyle(focus);
    const there = parseFloat(width) >= 2 && style !== "none";
    if (!there || !stands(colour, ground(focus.parentElement))) wrong.push(`no focus: ${told(focus)}`);
  }
  return wrong;
}
