// A problem beside the editor: its statement, its samples, its limits.

import { drawMaths } from "../core/maths.js";
import { byId, element, say, show } from "./elements.js";
import { duration, size } from "./words.js";

/** Show a problem of a contest; `onSample` is given the input of a sample that somebody wants to run. */
export function showProblem({ contest, problem, onSample }) {
  const place = byId("problem");
  const { label, points } = contest.problems.find((each) => each.problem === problem.id) ?? {};
  const limits = [
    duration(problem.time_limit_ms),
    size(problem.memory_limit_bytes),
    points ? `${points} points` : null,
  ];
  const statement = element("div", { class: "statement" });
  // Rendered and sanitized by the server.
  statement.innerHTML = problem.statement_html;
  place.replaceChildren(
    element(
      "nav",
      { "aria-label": "Contest", class: "trail" },
      element("a", { href: `#/contests/${contest.id}`, text: `← ${contest.title}` }),
      ...contest.problems.map((each) =>
        element("a", {
          class: "letter",
          href: `#/contests/${contest.id}/problems/${each.problem}`,
          title: each.title,
          "aria-current": each.problem === problem.id ? "page" : null,
          text: each.label,
        }),
      ),
    ),
    element("h1", { id: "problem-title", text: `${label ? `${label}. ` : ""}${problem.title}` }),
    element("p", { class: "quiet-text", text: limits.filter(Boolean).join(" · ") }),
    statement,
    ...problem.samples.map((sample, index) => sampleBlock(sample, index + 1, onSample)),
    ...attachmentsBlock(problem.attachments ?? []),
  );
  show(place);
  drawMaths(statement);
}

function sampleBlock(sample, number, onSample) {
  return element(
    "section",
    { class: "sample", "aria-label": `Sample ${number}` },
    element(
      "div",
      { class: "row" },
      element("h2", { text: `Sample ${number}` }),
      element("span", { class: "grow" }),
      element("button", {
        type: "button",
        class: "quiet",
        text: "Use as input",
        "aria-label": `Use sample ${number} as input`,
        onclick: () => {
          onSample(sample.input);
          say(`The input of sample ${number} is the program's input now.`);
        },
      }),
    ),
    element(
      "div",
      { class: "pair" },
      element("div", {}, element("h3", { text: "Input" }), element("pre", { text: sample.input })),
      element(
        "div",
        {},
        element("h3", { text: "Output" }),
        element("pre", { text: sample.expected_output }),
      ),
    ),
  );
}

// The cookie of the sign-in lets these through: a link can carry no token.
function attachmentsBlock(attachments) {
  if (attachments.length === 0) return [];
  const list = element("ul", { class: "attachments" });
  list.append(
    ...attachments.map(({ name, url, size_bytes: bytes }) =>
      element(
        "li",
        {},
        element("a", { href: url, download: true, text: name }),
        element("span", { class: "quiet-text", text: ` ${size(bytes)}` }),
      ),
    ),
  );
  const block = element("section", { class: "sample", "aria-label": "Files" });
  block.append(element("h2", { text: "Files" }), list);
  return [block];
}
