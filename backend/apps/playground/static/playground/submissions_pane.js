// Trying a program on the samples, handing it in, and what became of what was handed in.

import { idempotencyKey } from "./api.js";
import { byId, element, notice, say } from "./elements.js";
import { watch } from "./live.js";
import { ask } from "./session.js";
import { openTab } from "./tabs.js";
import { duration, isFinal, moment, ofProgress, ofVerdict, size } from "./words.js";

const API = "/api/code-execution";
const POLL_MS = 1_000;
const SHOWN_CHARS_MAX = 5_000;
const LISTED = 10;

export class SubmissionsPane {
  #getProgram;
  #place = null;
  #ending = null;
  #samples = byId("panel-samples");
  #list = byId("panel-submissions");

  /** `getProgram` gives the code and the language; `onVerdict` is called after each. */
  constructor({ getProgram, onVerdict }) {
    this.#getProgram = getProgram;
    this.onVerdict = onVerdict;
    byId("try").addEventListener("click", () => this.tryOut());
    byId("submit").addEventListener("click", () => this.submit());
  }

  /** Belong to this problem of this contest, handed in by this user. */
  open({ contest, problem, userId }) {
    this.close();
    this.#ending = new AbortController();
    this.#place = { contest, problem, userId };
    this.#samples.replaceChildren(samplesTable(problem.samples));
    this.#list.replaceChildren();
    this.#showEarlier();
  }

  /** Stop watching whatever is being judged. */
  close() {
    this.#ending?.abort();
  }

  async tryOut() {
    openTab("samples", { inSight: true });
    const shown = element("article", { class: "submission" });
    this.#samples.replaceChildren(shown, samplesTable(this.#place.problem.samples));
    await this.#send("trials/", { problem: this.#place.problem.id }, shown, byId("try"));
  }

  async submit() {
    openTab("submissions", { inSight: true });
    const shown = element("article", { class: "submission" });
    this.#list.querySelector(".nothing")?.remove();
    this.#list.prepend(shown);
    const { contest, problem } = this.#place;
    await this.#send("submissions/", { contest: contest.id, problem: problem.id }, shown, byId("submit"));
  }

  async #send(path, of, shown, button) {
    const { signal } = this.#ending;
    notice(null);
    button.disabled = true;
    shown.replaceChildren(progressLine("Sending"));
    try {
      const body = { ...this.#getProgram(), ...of };
      const { json } = await ask("POST", `${API}/${path}`, { body, headers: idempotencyKey() });
      if (!signal.aborted) this.#follow(json, shown);
    } catch (error) {
      shown.replaceChildren(refusal(error.message));
      say(error.message);
    }
    button.disabled = false;
  }

  #follow(submission, shown) {
    const { signal } = this.#ending;
    const done = new AbortController();
    signal.addEventListener("abort", () => done.abort());
    const { samples } = this.#place.problem;
    let isAsking = false;

    const see = (state) => {
      if (done.signal.aborted) return;
      shown.replaceChildren(...submissionParts(state, samples));
      if (!isFinal(state.status)) return;
      done.abort();
      const { name } = ofVerdict(state.verdict, state.status);
      say(`${name}.`);
      this.onVerdict(state);
    };

    const look = async (told) => {
      if (told !== null && "status" in told) return see(told);
      if (isAsking) return;
      isAsking = true;
      try {
        see((await ask("GET", `${API}/submissions/${submission.id}/`)).json);
      } catch (error) {
        if (!error.isPassing) {
          shown.replaceChildren(refusal(error.message));
          done.abort();
        }
      } finally {
        isAsking = false;
      }
    };

    see(submission);
    watch(`${API}/submissions/${submission.id}/`, {
      onChange: look,
      pollMs: POLL_MS,
      signal: done.signal,
    });
  }

  async #showEarlier() {
    const { contest, problem, userId } = this.#place;
    const { signal } = this.#ending;
    const query = new URLSearchParams({
      contest: contest.id,
      problem: problem.id,
      user: userId,
      page_size: LISTED,
    });
    try {
      const { json } = await ask("GET", `${API}/submissions/?${query}`);
      if (signal.aborted) return;
      for (const each of json.results) {
        const shown = element("article", { class: "submission" });
        this.#list.append(shown);
        if (isFinal(each.status)) shown.append(...submissionParts(each, problem.samples));
        else this.#follow(each, shown);
      }
      if (!this.#list.childElementCount) {
        this.#list.append(element("p", { class: "nothing", text: "You have not submitted yet." }));
      }
    } catch (error) {
      if (!signal.aborted) this.#list.append(refusal(error.message));
    }
  }
}

function submissionParts(state, samples) {
  if (!isFinal(state.status)) return [progressLine(ofProgress(state), state.progress)];
  const word = ofVerdict(state.verdict, state.status);
  const facts = [
    duration(state.execution_time_ms),
    size(state.memory_usage_bytes),
    state.language,
    moment(state.created_at),
  ];
  const parts = [
    element(
      "div",
      { class: `verdict ${word.tone}` },
      element("span", { class: "symbol", "aria-hidden": "true", text: word.symbol }),
      element("strong", { text: word.name }),
      element("span", { class: "facts", text: facts.filter(Boolean).join(" · ") }),
      word.hint ? element("span", { class: "hint", text: word.hint }) : null,
    ),
  ];
  const tests = state.test_results ?? [];
  if (tests.length > 0) {
    const list = element("ol", { class: "tests", "aria-label": "Tests" });
    list.append(...tests.map((test) => testItem(test, samples)));
    parts.push(list);
  }
  const hasOwnErrors = tests.some((test) => test.error);
  if (state.error_output && !hasOwnErrors) {
    parts.push(element("pre", { class: "output", tabindex: "0", text: shortened(state.error_output) }));
  }
  return parts;
}

function progressLine(text, progress) {
  const line = element("div", { class: "verdict busy" });
  line.append(element("span", { class: "symbol" }), element("strong", { text }));
  if (progress?.tests_total) {
    const bar = element("progress", {
      max: progress.tests_total,
      value: progress.tests_done,
      "aria-label": "Tests done",
    });
    line.append(bar);
  }
  return line;
}

function refusal(text) {
  return element(
    "div",
    { class: "verdict bad" },
    element("span", { class: "symbol", "aria-hidden": "true", text: "!" }),
    element("strong", { text: "Not taken" }),
    element("span", { class: "hint", text }),
  );
}

function testItem(test, samples) {
  const word = test.is_skipped
    ? { symbol: "–", name: "Skipped", tone: "idle" }
    : ofVerdict(test.verdict);
  const facts = [duration(test.execution_time_ms), size(test.memory_usage_bytes)];
  const head = [
    element("span", { class: `symbol ${word.tone}`, "aria-hidden": "true", text: word.symbol }),
    element("span", {
      class: "name",
      text: `${test.is_sample ? "Sample" : "Test"} ${test.test_case_number}`,
    }),
    element("span", { class: word.tone, text: word.name }),
    element("span", { class: "facts", text: facts.filter(Boolean).join(" · ") }),
  ];
  const sample = samples.find((each) => String(each.id) === String(test.test_case_id));
  if (!sample || test.output === null) return element("li", {}, element("div", {}, ...head));
  const details = element("details", { open: test.verdict !== "AC" });
  details.append(element("summary", {}, ...head), comparison(sample, test));
  return element("li", {}, details);
}

function comparison(sample, test) {
  const parts = [
    ["Input", sample.input],
    ["Expected", sample.expected_output],
    ["Printed", test.output],
    ["Errors", test.error],
  ];
  const list = element("dl", { class: "comparison" });
  for (const [name, text] of parts) {
    if (!text && name === "Errors") continue;
    list.append(
      element("dt", { text: name }),
      element("dd", {}, element("pre", { text: shortened(text) || " " })),
    );
  }
  return list;
}

function shortened(text) {
  if (!text || text.length <= SHOWN_CHARS_MAX) return text ?? "";
  return `${text.slice(0, SHOWN_CHARS_MAX)}\n… ${text.length - SHOWN_CHARS_MAX} more characters`;
}

function samplesTable(samples) {
  const text = samples.length
    ? "“Test on samples” runs the program on the samples of the problem and compares what it prints."
    : "This problem has no samples.";
  return element("p", { class: "quiet-text about", text });
}
