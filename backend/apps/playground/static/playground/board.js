// A contest's board, which moves while one looks.

import { element } from "./elements.js";
import { watch } from "./live.js";
import { ask } from "./session.js";

const API = "/api/code-execution";
const POLL_MS = 10_000;
const PAUSE_MS = 1_000;
const SHOWN_ROWS = 50;
const MINUTE_MS = 60_000;
const KINDS = {
  first: { symbol: "★", spoken: "first to solve it" },
  solved: { symbol: "✓", spoken: "solved" },
  partial: { symbol: "◐", spoken: "some points" },
  pending: { symbol: "?", spoken: "pending" },
  wrong: { symbol: "✗", spoken: "not solved" },
};

/** Show the board of a contest in `place`, and keep it up to date until `signal` ends that. */
export function showBoard(place, { contestId, username, signal }) {
  let etag = null;
  let before = new Map();
  let isAsking = false;
  let isAskedAgain = false;
  const connection = element("span", { class: "quiet-text" });
  const body = element("div", { class: "scroll" });
  const address = `/contests/${contestId}/scoreboard/`;
  place.replaceChildren(
    element(
      "div",
      { class: "row" },
      element("h2", { text: "Scoreboard" }),
      connection,
      element("span", { class: "grow" }),
      element("a", { href: address, text: "Whole board" }),
    ),
    body,
  );

  async function read() {
    if (isAsking) {
      isAskedAgain = true;
      return;
    }
    isAsking = true;
    try {
      const headers = etag === null ? {} : { "If-None-Match": etag };
      const answer = await ask("GET", `${API}/contests/${contestId}/scoreboard/`, { headers });
      if (answer.status !== 304 && !signal.aborted) {
        etag = answer.headers.get("ETag");
        draw(answer.json);
      }
    } catch (error) {
      if (etag === null) body.replaceChildren(element("p", { class: "nothing", text: error.message }));
    }
    setTimeout(() => {
      isAsking = false;
      if (isAskedAgain && !signal.aborted) {
        isAskedAgain = false;
        read();
      }
    }, PAUSE_MS);
  }

  function draw(board) {
    const now = new Map(board.rows.map((row) => [row.participant, JSON.stringify(row)]));
    const changed = new Set(
      [...now].filter(([id, text]) => before.size && before.get(id) !== text).map(([id]) => id),
    );
    before = now;
    body.replaceChildren(board.rows.length ? table(board, username, changed) : empty());
  }

  read();
  watch(`${API}/contests/${contestId}/scoreboard/`, {
    onChange: read,
    onConnection: (isTold) => (connection.textContent = isTold ? "Live" : ""),
    pollMs: POLL_MS,
    signal,
  });
}

function empty() {
  return element("p", { class: "nothing", text: "Nobody takes part yet." });
}

function table(board, username, changed) {
  const isIcpc = board.format === "icpc";
  const head = element(
    "tr",
    {},
    element("th", { scope: "col", class: "number" }, element("abbr", { title: "Rank", text: "#" })),
    element("th", { scope: "col", text: "Who" }),
    element("th", { scope: "col", class: "number", text: isIcpc ? "Solved" : "Score" }),
    ...board.problems.map(({ label, title }) =>
      element("th", { scope: "col", class: "cell", title, text: label }),
    ),
  );
  const rows = board.rows.slice(0, SHOWN_ROWS).map((row) => {
    const classes = [row.username === username && "own", changed.has(row.participant) && "changed"];
    return element(
      "tr",
      { class: classes.filter(Boolean).join(" ") || null },
      element("td", { class: "number", text: row.rank ?? "–" }),
      element("th", { scope: "row", text: row.name }),
      element("td", { class: "number score", text: points(row.score) }),
      ...board.problems.map((problem) => cell(board, row, problem)),
    );
  });
  return element(
    "table",
    { class: "board" },
    element("thead", {}, head),
    element("tbody", {}, ...rows),
  );
}

function cell(board, row, problem) {
  const found = row.cells.find((each) => each.problem === problem.problem);
  if (!found) return element("td", { class: "cell" }, element("span", { class: "spoken", text: "untried" }));
  const kind = kindOf(found, row, problem);
  const { symbol, spoken } = KINDS[kind];
  const minutes = Math.floor((found.solved_after_ms ?? 0) / MINUTE_MS);
  const main = board.format === "icpc" ? (found.is_solved ? minutes : "") : points(found.score);
  return element(
    "td",
    { class: `cell ${kind}` },
    element("span", { "aria-hidden": "true", text: symbol }),
    element("span", { class: "spoken", text: spoken }),
    ` ${main}`,
  );
}

function kindOf(found, row, problem) {
  if (found.is_solved) return problem.first_solvers.includes(row.participant) ? "first" : "solved";
  if (found.pending > 0) return "pending";
  return found.score > 0 ? "partial" : "wrong";
}

function points(score) {
  return String(Math.round(score * 100) / 100);
}
