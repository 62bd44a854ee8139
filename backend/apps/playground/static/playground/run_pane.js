// Running a program on one's own input: what it prints as it prints it, and what became of it.

import { byId, element, notice, say, show } from "./elements.js";
import { cancel, execute } from "./execution.js";
import { duration, ofExecution, size } from "./words.js";

const CLOCK_MS = 100;
// What a page can show without becoming slow.
const SHOWN_CHARS_MAX = 200_000;
const CONNECTIONS = {
  live: "Live",
  polling: "Asking every second",
  lost: "No connection; trying again",
};

export class RunPane {
  #getProgram;
  #running = null;
  #onBegin;
  #clock = null;
  #output = new Output(byId("output"));
  #verdict = byId("verdict");
  #connection = byId("connection");

  /** `getProgram` gives the code and the language; `onBegin` is called before a run. */
  constructor({ getProgram, onBegin }) {
    this.#getProgram = getProgram;
    this.#onBegin = onBegin;
    byId("run").addEventListener("click", () => this.run());
    byId("stop").addEventListener("click", () => this.#cancel());
    this.clear();
  }

  set input(text) {
    byId("input").value = text;
  }

  /** Forget the last run; one that goes on is no longer watched. */
  clear() {
    this.#running?.abort.abort();
    this.#running = null;
    clearInterval(this.#clock);
    this.#output.clear();
    this.#connection.textContent = "";
    this.#tell({ symbol: "", name: "Ready", hint: "Press Run to see what it prints.", tone: "idle" });
    this.#showButtons();
  }

  async run() {
    if (this.#running !== null) return;
    const running = { id: null, abort: new AbortController(), isStopping: false, since: null };
    this.#running = running;
    this.#onBegin();
    notice(null);
    this.#output.clear();
    this.#connection.textContent = "";
    this.#progress("Sending");
    this.#showButtons();
    try {
      const last = await execute(
        { ...this.#getProgram(), input: byId("input").value },
        {
          signal: running.abort.signal,
          onStart: (id) => (running.id = id),
          onState: (state) => this.#see(state, running),
          onOutput: (stream, text) => this.#output.append(stream, text),
          onConnection: (kind) => (this.#connection.textContent = CONNECTIONS[kind]),
        },
      );
      this.#finish(last);
    } catch (error) {
      if (running !== this.#running) return;
      this.#tell({ symbol: "!", name: "Not run", hint: error.message, tone: "bad" });
      say(error.message);
    }
    clearInterval(this.#clock);
    this.#running = null;
    this.#showButtons();
  }

  #see(state, running) {
    if (state.status === "pending") this.#progress("Waiting for a free place");
    else if (state.status === "waiting") this.#progress("With a provider");
    else if (state.status === "running" && running.since === null) {
      running.since = performance.now();
      this.#progress("Running");
      clearInterval(this.#clock);
      this.#clock = setInterval(() => this.#tick(running), CLOCK_MS);
    }
    if (running.isStopping && running.id !== null) this.#cancel();
  }

  #tick(running) {
    const seconds = (performance.now() - running.since) / 1000;
    this.#verdict.querySelector(".hint").textContent = `${seconds.toFixed(1)} s`;
  }

  #finish(state) {
    clearInterval(this.#clock);
    this.#output.finish(state.output ?? "", state.error_output ?? "");
    const word = ofExecution(state);
    const facts = [
      duration(state.execution_time_ms) ?? state.execution_time,
      size(state.memory_usage_bytes) ?? state.memory_usage,
      state.exit_code ? `exit code ${state.exit_code}` : null,
    ].filter(Boolean);
    this.#tell({ ...word, facts });
    this.#connection.textContent = "";
    say(`${word.name}. ${facts.join(", ")}`);
  }

  async #cancel() {
    const running = this.#running;
    if (running === null) return;
    byId("stop").disabled = true;
    // It is cancelled as soon as it is known by a name.
    running.isStopping = running.id === null;
    if (running.id === null) return;
    try {
      await cancel(running.id);
    } catch (error) {
      notice(error.message);
      byId("stop").disabled = false;
    }
  }

  #showButtons() {
    const isRunning = this.#running !== null;
    const hadFocus = [byId("run"), byId("stop")].includes(document.activeElement);
    show(byId("run"), !isRunning);
    show(byId("stop"), isRunning);
    byId("stop").disabled = false;
    if (hadFocus) byId(isRunning ? "stop" : "run").focus();
  }

  #progress(name) {
    this.#tell({ symbol: "", name, hint: "", tone: "busy" });
  }

  #tell({ symbol, name, hint, tone, facts = [] }) {
    this.#verdict.className = `verdict ${tone}`;
    this.#verdict.replaceChildren(
      element("span", { class: "symbol", "aria-hidden": "true", text: symbol }),
      element("strong", { text: name }),
      element("span", { class: "facts", text: facts.join(" · ") }),
      element("span", { class: "hint", text: hint }),
    );
  }
}

/** What a program printed, as it comes; errors look different. */
class Output {
  #place;
  #told = { stdout: "", stderr: "" };
  #waiting = [];
  #shown = 0;
  #frame = null;

  constructor(place) {
    this.#place = place;
  }

  clear() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#waiting = [];
    this.#told = { stdout: "", stderr: "" };
    this.#shown = 0;
    this.#place.replaceChildren();
  }

  append(stream, text) {
    this.#told[stream] += text;
    this.#waiting.push([stream, text]);
    this.#frame ??= requestAnimationFrame(() => this.#draw());
  }

  /** Compare with all that it printed: what came before stays, in its order, and the rest follows. */
  finish(output, errors) {
    this.#draw();
    const { stdout, stderr } = this.#told;
    if (output.startsWith(stdout) && errors.includes(stderr)) {
      this.#follow("stdout", output.slice(stdout.length));
      // Before what it said itself stands what became of it.
      this.#follow("stderr", errors.replace(stderr, () => ""));
    } else {
      this.clear();
      this.#follow("stdout", output);
      this.#follow("stderr", errors);
    }
    if (this.#place.textContent === "") {
      this.#place.append(element("span", { class: "nothing", text: "It printed nothing." }));
    }
  }

  #follow(stream, text) {
    const printed = this.#place.textContent;
    const isCut = stream === "stderr" && text && printed !== "" && !printed.endsWith("\n");
    if (isCut) this.append(stream, "\n");
    this.append(stream, text);
    this.#draw();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    const isAtEnd =
      this.#place.scrollTop + this.#place.clientHeight >= this.#place.scrollHeight - 30;
    for (const [stream, text] of this.#waiting) this.#write(stream, text);
    this.#waiting = [];
    if (isAtEnd) this.#place.scrollTop = this.#place.scrollHeight;
  }

  #write(stream, text) {
    if (this.#shown >= SHOWN_CHARS_MAX || text === "") return;
    const part = text.slice(0, SHOWN_CHARS_MAX - this.#shown);
    this.#shown += part.length;
    const last = this.#place.lastElementChild;
    if (last?.className === stream) last.append(part);
    else this.#place.append(element("span", { class: stream, text: part }));
    if (this.#shown === SHOWN_CHARS_MAX) {
      this.#place.append(element("span", { class: "nothing", text: "\n… it printed more than is shown." }));
    }
  }
}
