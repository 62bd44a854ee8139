// What the jury says in a contest, and what one asks it.

import { idempotencyKey } from "./api.js";
import { element, notice, say } from "./elements.js";
import { watch } from "./live.js";
import { ask } from "./session.js";
import { moment } from "./words.js";

const API = "/api/code-execution";
const POLL_MS = 20_000;
const TEXT_CHARS_MAX = 8_192;
const KINDS = {
  announcement: "Announcement",
  answer: "Answer",
  question: "Your question",
};

/** Show the messages of a contest in `place`, new ones as they are said, until `signal` ends that. */
export function showMessages(place, { contest, signal }) {
  const path = `${API}/contests/${contest.id}/clarifications/`;
  const list = element("ul", { class: "messages" });
  let newest = null;
  place.replaceChildren(element("h2", { text: "Messages" }), list);
  if (contest.viewer.may_ask && !contest.viewer.may_judge) place.append(askForm(path, contest, read));
  else place.hidden = true;

  async function read() {
    const { json } = await ask("GET", path).catch(() => ({ json: null }));
    if (json === null || signal.aborted) return;
    const [first] = json.results;
    if (newest !== null && first && first.id > newest && first.kind !== "question") {
      say(`${KINDS[first.kind]}: ${first.text}`);
    }
    newest = first?.id ?? 0;
    if (first) place.hidden = false;
    list.replaceChildren(...json.results.map((each) => item(each, contest)));
  }

  read();
  watch(path, { onChange: read, pollMs: POLL_MS, signal });
}

function item(message, contest) {
  const { kind, problem, question, text, created_at: at } = message;
  const about = contest.problems.find((each) => each.problem === problem);
  const head = element("div", { class: "row" }, element("strong", { text: nameOf(message, contest) }));
  if (about) head.append(element("span", { text: `${about.label}. ${about.title}` }));
  head.append(element("span", { class: "quiet-text", text: moment(at) }));
  const parts = [head];
  if (question) parts.push(element("p", { class: "quiet-text", text: question }));
  return element("li", { class: kind }, ...parts, element("p", { text }));
}

function nameOf({ kind, from_name: from }, contest) {
  return kind === "question" && contest.viewer.may_judge ? `Question of ${from}` : KINDS[kind];
}

function askForm(path, contest, onSent) {
  const about = element(
    "select",
    { "aria-label": "What it is about" },
    element("option", { value: "", text: "About the contest" }),
    ...contest.problems.map(({ problem, label, title }) =>
      element("option", { value: problem, text: `${label}. ${title}` }),
    ),
  );
  const text = element("textarea", { "aria-label": "Question", rows: "2", maxlength: TEXT_CHARS_MAX });
  const button = element("button", { type: "submit", text: "Ask the jury" });
  const form = element("form", { class: "question" }, about, text, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (text.value.trim() === "") return text.focus();
    button.disabled = true;
    try {
      const body = { text: text.value, problem: about.value === "" ? null : Number(about.value) };
      await ask("POST", path, { body, headers: idempotencyKey() });
      text.value = "";
      notice(null);
      say("Your question is with the jury.");
      onSent();
    } catch (error) {
      notice(error.message);
    }
    button.disabled = false;
  });
  return form;
}
