// Keeps the page up to date: told by a stream of events, or else by asking every now and then.
// The server renders everything; this replaces what changed.
"use strict";

(() => {
  const POLL_MS = 15_000;
  // Events may get lost; and of what changes by the clock none tells while Celery is down.
  const POLL_WHILE_TOLD_MS = 60_000;
  const STREAM_RETRY_MS = 60_000;
  // So that not everybody asks at the same moment, nor more often than people can read; and where a
  // board is so large that it takes long, less often still.
  const SPREAD_MS = 1_000;
  const PAUSE_MS = 2_000;
  const PAUSE_FACTOR = 10;
  const PARTS = ["state", "times", "board"];

  const body = document.body;
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const connection = document.getElementById("connection");
  const announcement = document.getElementById("announcement");

  let stream = null;
  let isTold = false;
  let isAsking = false;
  let isAskedAgain = false;
  let timer = null;
  let askedAt = Date.now();

  function rows() {
    return [...document.querySelectorAll("#board tbody tr")];
  }

  function nameOf(row) {
    return row.querySelector(".team").textContent;
  }

  function leaders() {
    return rows()
      .filter((row) => row.querySelector(".rank").textContent === "1")
      .map((row) => row.querySelector(".name").textContent)
      .join(", ");
  }

  function show(isFresh) {
    connection.textContent = isFresh
      ? isTold
        ? "Live"
        : `Asks every ${POLL_MS / 1000} s`
      : "No connection; trying again";
  }

  function mark() {
    const wanted = find.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows()) {
      const isFound = wanted !== "" && nameOf(row).toLowerCase().includes(wanted);
      row.classList.toggle("found", isFound);
      count += isFound ? 1 : 0;
    }
    found.textContent = wanted === "" ? "" : `${count} found`;
  }

  function scrollToFound() {
    document.querySelector("#board tr.found")?.scrollIntoView({ block: "center" });
  }

  // Takes over what differs, and says aloud only what matters to everybody.
  function replace(fresh) {
    const before = new Map(rows().map((row) => [row.dataset.participant, row.innerHTML]));
    const ledBefore = leaders();
    const stateBefore = document.getElementById("state").textContent;
    for (const id of PARTS) {
      document.getElementById(id).replaceWith(document.adoptNode(fresh.getElementById(id)));
    }
    const empty = fresh.getElementById("empty");
    document.getElementById("empty")?.remove();
    if (empty) {
      document.querySelector("main").append(document.adoptNode(empty));
    }
    body.dataset.etag = fresh.body.dataset.etag;
    for (const row of rows()) {
      const known = before.get(row.dataset.participant);
      row.classList.toggle("changed", known !== undefined && known !== row.innerHTML);
    }
    mark();
    const news = [];
    const state = document.getElementById("state").textContent;
    if (state !== stateBefore) {
      news.push(state);
    }
    if (leaders() !== ledBefore) {
      news.push(`Leading: ${leaders()}.`);
    }
    if (news.length > 0) {
      announcement.textContent = news.join(" ");
    }
  }

  async function ask() {
    if (isAsking) {
      isAskedAgain = true;
      return;
    }
    isAsking = true;
    askedAt = Date.now();
    try {
      const answer = await fetch(location.href, {
        cache: "no-store",
        headers: { "If-None-Match": body.dataset.etag },
      });
      if (answer.status === 200) {
        replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } else if (answer.status === 403 || answer.status === 404) {
        location.reload();
      }
      show(answer.ok || answer.status === 304);
    } catch {
      show(false);
    }
    setTimeout(() => {
      isAsking = false;
      if (isAskedAgain) {
        isAskedAgain = false;
        ask();
      }
    }, Math.max(PAUSE_MS, PAUSE_FACTOR * (Date.now() - askedAt)));
  }

  function askSoon() {
    timer ??= setTimeout(() => {
      timer = null;
      ask();
    }, Math.random() * SPREAD_MS);
  }

  function listen() {
    stream = new EventSource(body.dataset.events);
    stream.addEventListener("open", () => {
      isTold = true;
      show(true);
    });
    stream.addEventListener("board", askSoon);
    stream.addEventListener("error", () => {
      isTold = false;
      show(true);
      if (stream.readyState === EventSource.CLOSED) {
        setTimeout(listen, STREAM_RETRY_MS);
      }
    });
  }

  function askIfDue() {
    const wait = isTold ? POLL_WHILE_TOLD_MS : POLL_MS;
    if (!document.hidden && Date.now() - askedAt >= wait) {
      ask();
    }
  }

  document.getElementById("tools").hidden = false;
  find.addEventListener("input", mark);
  find.addEventListener("change", scrollToFound);
  document.addEventListener("visibilitychange", askIfDue);
  setInterval(askIfDue, 1_000);
  mark();
  listen();
})();
