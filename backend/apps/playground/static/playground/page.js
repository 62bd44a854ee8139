// The page as a whole: which part is shown, and what the parts tell each other.

import { listenToAccount, openSignIn, showWho } from "./account.js";
import { request } from "./api.js";
import { showContest, showContests } from "./contest_view.js";
import { EditorPane } from "./editor_pane.js";
import { byId, element, notice, show } from "./elements.js";
import { showProblem } from "./problem_view.js";
import { GREETING_INPUT, GREETINGS, STARTS } from "./programs.js";
import { RunPane } from "./run_pane.js";
import { ask, onSessionChange, restoreSession, user } from "./session.js";
import { SubmissionsPane } from "./submissions_pane.js";
import { listenToTabs, offerTabs, openTab } from "./tabs.js";

const API = "/api/code-execution";
const MISSING = "There is nothing at this address, or it is not for you to see.";
const RETRY_LANGUAGES_MS = 3_000;

let panes = null;
let shown = new AbortController();

async function start() {
  restoreSession();
  listenToAccount();
  listenToTabs();
  onSessionChange(({ before, isExpired }) => {
    showWho();
    if (isExpired) notice("Your session has ended. Sign in again.");
    else if (before !== null) panes?.editor.forget(before.id);
    route();
  });
  addEventListener("hashchange", () => {
    notice(null);
    route();
    byId("main").focus({ preventScroll: true });
    scrollTo(0, 0);
  });
  // The part of the address behind # is taken: it says what is shown.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  const languages = await readLanguages();
  const getProgram = () => panes.editor.program;
  const run = new RunPane({ getProgram, onBegin: () => openTab("run", { inSight: true }) });
  panes = {
    editor: new EditorPane({ languages, onExample: useInput, onRun: () => run.run() }),
    run,
    submissions: new SubmissionsPane({ getProgram, onVerdict: () => {} }),
  };
  route();
}

// Without the list nothing can be run, so the page waits for the server.
async function readLanguages() {
  for (;;) {
    try {
      const { json } = await request("GET", "/api/v1/languages");
      notice(null);
      return json;
    } catch (error) {
      notice(`${error.message} This page goes on by itself.`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_LANGUAGES_MS));
    }
  }
}

const ROUTES = [
  [/^#\/contests\/(\d+)\/problems\/(\d+)$/, "contests", openProblem],
  [/^#\/contests\/(\d+)$/, "contests", (id) => list(showContest, Number(id))],
  [/^#\/contests$/, "contests", () => list(showContests)],
  [/^/, "playground", openPlayground],
];

async function route() {
  if (panes === null) return;
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  for (const [pattern, page, open] of ROUTES) {
    const match = pattern.exec(location.hash);
    if (match === null) continue;
    for (const link of document.querySelectorAll("[data-page]")) {
      if (link.dataset.page === page) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    try {
      await open(...match.slice(1));
    } catch (error) {
      if (!signal.aborted) showFailure(error);
    }
    if (!signal.aborted) nameDocument();
    return;
  }
}

function nameDocument() {
  const heading = [...document.querySelectorAll("main h1")].find((each) => each.offsetParent);
  const { title } = document.body.dataset;
  document.title = heading ? `${heading.textContent} · ${title}` : title;
}

function showFailure(error) {
  const isMissing = error.status === 404;
  show(byId("intro"), false);
  show(byId("workspace"), false);
  show(byId("view"));
  byId("view").replaceChildren(
    element(
      "section",
      { class: "card gate" },
      element("h1", { text: isMissing ? "Not found" : "That did not work" }),
      element("p", { text: isMissing ? MISSING : error.message }),
      element("button", { type: "button", class: "primary", text: "Try again", onclick: route }),
    ),
  );
}

function list(view, ...parameters) {
  panes.submissions.close();
  show(byId("intro"), false);
  show(byId("workspace"), false);
  show(byId("view"));
  const options = { signal: shown.signal, signIn: openSignIn };
  return view(...parameters, options);
}

function openPlayground() {
  showWorkspace("free", ["run"]);
  show(byId("problem"), false);
  panes.editor.open({
    scope: `${owner()}/play`,
    // Who signs in goes on with what they wrote before.
    earlierScope: "guest/play",
    starts: GREETINGS,
    allowed: [],
    hasExamples: true,
  });
  useInput(GREETING_INPUT);
  panes.run.clear();
}

async function openProblem(contestId, problemId) {
  if (user() === null) return list(showContest, Number(contestId));
  const { signal } = shown;
  const [contest, problem] = await Promise.all([
    ask("GET", `${API}/contests/${contestId}/`),
    ask("GET", `${API}/problems/${problemId}/`),
  ]);
  if (signal.aborted) return;
  showWorkspace("solving", ["run", "samples", "submissions"]);
  const shownProblem = withSamples(problem.json);
  showProblem({ contest: contest.json, problem: shownProblem, onSample: useInput });
  panes.editor.open({
    scope: `${owner()}/problem-${problemId}`,
    starts: STARTS,
    allowed: contest.json.allowed_languages,
    hasExamples: false,
  });
  useInput(shownProblem.samples[0]?.input ?? "");
  panes.run.clear();
  panes.submissions.open({ contest: contest.json, problem: shownProblem, userId: user().id });
}

// The jury gets every test case; what participants see is the samples.
function withSamples(problem) {
  if (problem.samples) return problem;
  return { ...problem, samples: problem.test_cases.filter((each) => each.is_sample) };
}

function showWorkspace(kind, tabs) {
  panes.submissions.close();
  byId("view").replaceChildren();
  show(byId("view"), false);
  show(byId("intro"), kind === "free");
  byId("workspace").className = `workspace ${kind}`;
  show(byId("workspace"));
  show(byId("try"), kind === "solving");
  show(byId("submit"), kind === "solving");
  byId("run").classList.toggle("primary", kind === "free");
  offerTabs(tabs);
  openTab("run");
}

function useInput(text) {
  byId("input").value = text;
}

function owner() {
  return user()?.id ?? "guest";
}

start();
