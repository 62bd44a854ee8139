// Making and finding elements.

/** Find the element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Make an element: `attributes` become attributes, but `text` its text and `on…` listeners; what is
 * `null`, `undefined` or `false` is left out. `children` are elements and texts.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Show an element, or hide it. */
export function show(shown, isShown = true) {
  shown.hidden = !isShown;
}

let speakSoon = null;

/** Say a sentence to who listens to the page; what comes at the same moment is said together. */
export function say(text) {
  clearTimeout(speakSoon);
  const spoken = byId("spoken");
  spoken.textContent = "";
  speakSoon = setTimeout(() => (spoken.textContent = text), 50);
}

const notices = { timer: null };
const NOTICE_MS = 12_000;

/** Tell of something that went wrong; without a text, of nothing any more. */
export function notice(text) {
  clearTimeout(notices.timer);
  const shown = byId("notice");
  shown.textContent = text ?? "";
  show(shown, Boolean(text));
  if (text) notices.timer = setTimeout(() => notice(null), NOTICE_MS);
}
