// What states, verdicts and measures are called on the page.

/** A verdict in words: a symbol, a name, what it means, and how it is coloured. */
export const VERDICTS = {
  AC: { symbol: "✓", name: "Accepted", hint: "", tone: "good" },
  WA: { symbol: "✗", name: "Wrong answer", hint: "It ran, but printed something else.", tone: "bad" },
  TLE: {
    symbol: "⏱",
    name: "Time limit exceeded",
    hint: "It ran for longer than is allowed, and was stopped.",
    tone: "bad",
  },
  MLE: {
    symbol: "▣",
    name: "Memory limit exceeded",
    hint: "It asked for more memory than is allowed, and was stopped.",
    tone: "bad",
  },
  OLE: {
    symbol: "≡",
    name: "Output limit exceeded",
    hint: "It printed more than is kept, and was stopped.",
    tone: "bad",
  },
  RTE: {
    symbol: "!",
    name: "Runtime error",
    hint: "It ended with an error; what it said about it is below.",
    tone: "bad",
  },
  CE: {
    symbol: "!",
    name: "Compile error",
    hint: "It was not run; what the compiler said is below.",
    tone: "bad",
  },
  IE: {
    symbol: "?",
    name: "Our fault",
    hint: "Something broke on the server, not in your program. Try again.",
    tone: "bad",
  },
};
const UNKNOWN = { symbol: "•", name: "Done", hint: "", tone: "idle" };
const CANCELLED = { symbol: "■", name: "Stopped", hint: "", tone: "idle" };
const FINISHED = { symbol: "✓", name: "Finished", hint: "", tone: "good" };
const FAILED = { symbol: "!", name: "Failed", hint: "What is known is below.", tone: "bad" };

const FINAL = new Set(["completed", "success", "error", "cancelled"]);

/** Tell whether nothing comes after this status. */
export function isFinal(status) {
  return FINAL.has(status);
}

/** Say what became of a program that was run, where there is no answer to compare with. */
export function ofExecution({ status, verdict, is_cancelled: isCancelled }) {
  if (isCancelled) return CANCELLED;
  if (verdict === "AC" || (status !== "error" && !verdict)) return FINISHED;
  return VERDICTS[verdict] ?? FAILED;
}

/** Say what a submission, or its run on one test, got. */
export function ofVerdict(verdict, status = "completed") {
  if (status === "cancelled") return CANCELLED;
  return VERDICTS[verdict] ?? (status === "error" ? FAILED : UNKNOWN);
}

/** Say where a submission is that has no verdict yet. */
export function ofProgress({ status, progress }) {
  if (status === "pending") return "Waiting for a free place";
  if (progress?.stage === "compiling") return "Compiling";
  if (progress?.tests_total) {
    return `Test ${Math.min(progress.tests_done + 1, progress.tests_total)} of ${progress.tests_total}`;
  }
  return "Judging";
}

const PHASES = {
  inactive: "Not active",
  before: "Not started",
  running: "Running",
  frozen: "Running, board frozen",
  ended: "Over",
  unfrozen: "Over",
  finalized: "Final",
};

/** Say where a contest is in its life. */
export function ofPhase(phase) {
  return PHASES[phase] ?? phase;
}

const MIB = 1024 * 1024;

/** Write milliseconds. */
export function duration(ms) {
  if (ms === null || ms === undefined) return null;
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Write bytes. */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return null;
  return bytes < MIB ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}

/** Write when something was: the time today, the date before. */
export function moment(text) {
  const at = new Date(text);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday
    ? at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })
    : at.toLocaleDateString([], { day: "numeric", month: "short" });
}
