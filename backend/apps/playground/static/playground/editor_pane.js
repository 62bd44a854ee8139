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
   * with, `allowed` the languages (none: all). Where nothing is kept, `earlierScope` is looked at.
   */
  open({ scope, earlierScope = scope, starts, allowed, hasExamples }) {
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
    this.#place = { scope, earlierScope, starts, language };
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
    const { scope, earlierScope, starts } = this.#place;
    const kept = stored(key(scope, language)) ?? stored(key(earlierScope, language));
    this.#editor.open(kept ?? starts[language] ?? "", language);
  }

  #showExample() {
    const example = EXAMPLES[Number(this.#examples.value)];
    this.#examples.selectedIndex = 0;
    this.load({ code: example.code, language: "python" });
    this.#onExample(example.input);
    this.focus();
  }

  #startOver() {
    const { scope, starts, language } = this.#place;
    const text = starts[language] ?? "";
    this.#editor.open(text, language);
    store(key(scope, language), text);
    this.focus();
  }

  /** Forget the programs of an account, for who uses this browser next. */
  forget(owner) {
    clearTimeout(this.#timer);
    this.#place = null;
    for (const each of storedKeys()) {
      if (each.startsWith(`program:${owner}/`)) store(each, null);
    }
  }

  #keepSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#keep(), KEEP_AFTER_MS);
  }

  #keep() {
    clearTimeout(this.#timer);
    if (this.#place === null) return;
    const { scope, starts, language } = this.#place;
    const text = this.#editor.text();
    const isUntouched = text === (starts[language] ?? "");
    if (!isUntouched || stored(key(scope, language)) !== null) {
      store(key(scope, language), text);
    }
  }
}

function key(scope, language) {
  return `program:${scope}:${language}`;
}

// A browser may refuse to keep anything; then programs last as long as the page.
function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function storedKeys() {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

function store(name, text) {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
  } catch {
    return;
  }
}
