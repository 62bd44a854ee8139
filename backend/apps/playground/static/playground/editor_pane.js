// The program: its language, its text, and what was written before, which the browser keeps.

import { byId, element, show } from "./elements.js";
import { EXAMPLES } from "./programs.js";
import { createEditor } from "./vendor/editor.js";

const LANGUAGE_KEY = "language";
const DEFAULT_LANGUAGE = "python";
const KEEP_AFTER_MS = 400;

export class EditorPane {
  #languages;
  #editor;
  #select = byId("language");
  #examples = byId("example");
  #place = null;
  #timer = null;
  #onExample;

  /** `languages` are those of the server; `onExample` is given the input of a chosen example. */
  constructor({ languages, onExample, onRun }) {
    this.#languages = languages;
    this.#onExample = onExample;
    this.#editor = createEditor({
      parent: byId("code"),
      nonce: document.body.dataset.nonce,
      label: "Program",
      onChange: () => this.#keepSoon(),
      keys: [{ key: "Mod-Enter", run: () => (onRun(), true) }],
    });
    this.#examples.append(
      element("option", { value: "", text: "Examples" }),
      ...EXAMPLES.map(({ name }, index) => element("option", { value: index, text: name })),
    );
    this.#select.addEventListener("change", () => this.#choose(this.#select.value));
    this.#examples.addEventListener("change", () => this.#showExample());
    byId("restore").addEventListener("click", () => this.#startOver());
    addEventListener("pagehide", () => this.#keep());
  }

  /**
   * Show the program of a place: `scope` names it among what is kept, `starts` has what to begin
   * with, `allowed` the languages (none: all).
   */
  open({ scope, starts, allowed, hasExamples }) {
    this.#keep();
    const offered = this.#languages.filter(({ id }) => !allowed.length || allowed.includes(id));
    this.#select.replaceChildren(
      ...offered.map(({ id, name, available }) =>
        element("option", {
          value: id,
          text: available ? name : `${name} (not here)`,
          disabled: !available,
        }),
      ),
    );
    show(this.#examples, hasExamples);
    const usable = offered.filter(({ available }) => available).map(({ id }) => id);
    const last = stored(LANGUAGE_KEY) ?? DEFAULT_LANGUAGE;
    const language = usable.includes(last) ? last : (usable[0] ?? offered[0]?.id);
    this.#place = { scope, starts, language };
    this.#open(language);
  }

  /** The program as it is now. */
  get program() {
    return { code: this.#editor.text(), language: this.#place.language };
  }

  /** Show this program in place of what is there. */
  load({ code, language }) {
    this.#keep();
    this.#place.language = language;
    this.#select.value = language;
    store(LANGUAGE_KEY, language);
    this.#editor.open(code, language);
    this.#keepSoon();
  }

  focus() {
    this.#editor.focus();
  }

  #choose(language) {
    this.#keep();
    store(LANGUAGE_KEY, language);
    this.#open(language);
  }

  #open(language) {
    this.#place.language = language;
    this.#select.value = language;
    const { starts } = this.#place;
    this.#editor.open(stored(this.#key) ?? starts[language] ?? "", language);
  }

  #showExample() {
    const example = EXAMPLES[Number(this.#examples.value)];
    this.#examples.selectedIndex = 0;
    this.load({ code: example.code, language: "python" });
    this.#onExample(example.input);
    this.focus();
  }

  #startOver() {
    const { starts, language } = this.#place;
    clearTimeout(this.#timer);
    store(this.#key, null);
    this.#editor.open(starts[language] ?? "", language);
    this.focus();
  }

  get #key() {
    return `program:${this.#place.scope}:${this.#place.language}`;
  }

  #keepSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#keep(), KEEP_AFTER_MS);
  }

  #keep() {
    clearTimeout(this.#timer);
    if (this.#place === null) return;
    const { starts, language } = this.#place;
    const text = this.#editor.text();
    store(this.#key, text === (starts[language] ?? "") ? null : text);
  }
}

/** Forget the programs of an account that signs out, for who uses this browser next. */
export function forgetPrograms(owner) {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(`program:${owner}/`)) localStorage.removeItem(key);
  }
}

// A browser may refuse to keep anything; then programs last as long as the page.
function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    return;
  }
}
