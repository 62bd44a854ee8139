// The contests that the visitor may see, and one of them: its problems and its board.

import { drawMaths } from "../core/maths.js";
import { showBoard } from "./board.js";
import { byId, element, notice, say } from "./elements.js";
import { showMessages } from "./messages.js";
import { ask, user } from "./session.js";
import { ofPhase, ofVerdict } from "./words.js";

const API = "/api/code-execution";
const IN_PROGRESS = new Set(["running", "frozen"]);
const LISTED = 100;

/** Show the list of contests, or ask to sign in. */
export async function showContests({ signal, signIn }) {
  const view = byId("view");
  if (user() === null) {
    view.replaceChildren(gate("Contests", "Sign in to read problems, submit programs and see how you do.", signIn));
    return;
  }
  view.replaceChildren(element("p", { class: "loading", text: "Loading contests" }));
  const { json } = await ask("GET", `${API}/contests/?page_size=${LISTED}`);
  if (signal.aborted) return;
  const cards = json.results.map((contest) =>
    element(
      "li",
      {},
      element(
        "a",
        { class: "card contest-card", href: `#/contests/${contest.id}` },
        element("strong", { text: contest.title }),
        phase(contest),
        element("span", { class: "quiet-text", text: count(contest.participant_count, "participant") }),
      ),
    ),
  );
  view.replaceChildren(
    element("h1", { text: "Contests" }),
    cards.length
      ? element("ul", { class: "cards" }, ...cards)
      : element("p", { class: "nothing", text: "There is no contest yet. Managers make them in the admin." }),
    ...(json.next === null ? [] : [element("p", { class: "nothing", text: "There are older ones too." })]),
  );
}

/** Show a contest. */
export async function showContest(id, { signal, signIn }) {
  const view = byId("view");
  if (user() === null) {
    view.replaceChildren(gate("Contest", "Sign in to read its problems and to submit.", signIn));
    return;
  }
  view.replaceChildren(element("p", { class: "loading", text: "Loading the contest" }));
  const contest = (await ask("GET", `${API}/contests/${id}/`)).json;
  if (signal.aborted) return;
  const problems = element("section", { class: "card", "aria-label": "Problems" });
  const board = element("section", { class: "card", "aria-label": "Scoreboard" });
  const messages = element("section", { class: "card", "aria-label": "Messages" });
  const head = element("header", { class: "contest-head" });
  head.append(element("h1", { text: contest.title }), phase(contest));
  const description = element("div", { class: "statement" });
  // Rendered and sanitized by the server.
  description.innerHTML = contest.description_html;
  const left = element("div", { class: "contest-column" }, problems, messages);
  view.replaceChildren(head, description, element("div", { class: "contest-parts" }, left, board));
  drawMaths(description);
  showProblems(problems, contest, signal);
  showMessages(messages, { contest, signal });
  if (contest.viewer.may_see_board) {
    showBoard(board, { contestId: id, username: user().username, signal });
  } else board.remove();
  const joined = await ask("GET", `${API}/contests/${id}/participation/`);
  if (!signal.aborted && joined.json.length === 0 && canJoin(contest)) {
    head.append(joinForm(contest, () => showContest(id, { signal, signIn })));
  }
}

function canJoin(contest) {
  const isOpen = contest.phase === "before" || IN_PROGRESS.has(contest.phase);
  return isOpen && contest.viewer.standpoint === "stranger" && contest.access !== "private";
}

function joinForm(contest, onJoined) {
  const needsCode = contest.access === "code";
  const code = element("input", { id: "access-code", autocomplete: "off", maxlength: "64" });
  const button = element("button", { type: "submit", class: "primary", text: "Join" });
  const form = element("form", { class: "join" });
  if (needsCode) form.append(element("label", { for: "access-code", text: "Access code" }), code);
  form.append(button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await ask("POST", `${API}/contests/${contest.id}/join/`, { body: { access_code: code.value } });
      notice(null);
      say("You take part.");
      onJoined();
    } catch (error) {
      notice(error.message);
      button.disabled = false;
    }
  });
  return form;
}

async function showProblems(place, contest, signal) {
  const list = element("ol", { class: "problems" });
  const states = new Map();
  for (const { problem, label, title, points } of contest.problems) {
    const state = element("span", { class: "state" });
    states.set(problem, state);
    const link = element(
      "a",
      { href: `#/contests/${contest.id}/problems/${problem}` },
      element("span", { class: "label", text: label }),
      element("span", { class: "title", text: title }),
      state,
      element("span", { class: "quiet-text", text: count(points, "point") }),
    );
    list.append(element("li", {}, link));
  }
  const none = contest.viewer.may_see_problems
    ? "This contest has no problems yet."
    : "Its problems are shown when it starts.";
  place.replaceChildren(
    element("h2", { text: "Problems" }),
    contest.problems.length ? list : element("p", { class: "nothing", text: none }),
  );
  const query = new URLSearchParams({ contest: contest.id, user: user().id, page_size: LISTED });
  const { json } = await ask("GET", `${API}/submissions/?${query}`).catch(() => ({ json: null }));
  if (json === null || signal.aborted) return;
  for (const [problem, state] of states) showOwn(state, json.results, problem);
}

// The best that one has reached: solved, else what the newest attempt got.
function showOwn(state, submissions, problem) {
  const own = submissions.filter((each) => each.problem === problem);
  const best = own.find((each) => each.verdict === "AC") ?? own[0];
  if (!best?.verdict) return;
  const word = ofVerdict(best.verdict, best.status);
  state.className = `state ${word.tone}`;
  state.textContent = `${word.symbol} ${word.name}`;
}

function gate(title, text, signIn) {
  return element(
    "section",
    { class: "card gate" },
    element("h1", { text: title }),
    element("p", { text }),
    element("button", { type: "button", class: "primary", text: "Sign in", onclick: signIn }),
  );
}

function phase(contest) {
  const isOn = IN_PROGRESS.has(contest.phase);
  return element("span", { class: `phase ${isOn ? "on" : ""}`, text: ofPhase(contest.phase) });
}

function count(number, name) {
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}
