// Streams of changes: the server says when something is new, and often what; else the page asks.

import { accessToken } from "./session.js";

const RETRY_MS = [500, 2_000, 5_000, 15_000];
// Close codes: the token is no longer good; the resource is not for the visitor.
const REFUSED = new Set([4001, 4003]);

/**
 * Watch a resource of the API until `signal` ends it. `onChange` is given what the stream told: the
 * resource's new form where the stream carries it, else `null`, which means to ask for it.
 * `onConnection` is given whether the stream tells; where it does not, `onChange` is called every
 * `pollMs`.
 */
export function watch(path, { onChange, onConnection = () => {}, pollMs, signal }) {
  let socket = null;
  let lastId = null;
  let failures = 0;
  let isTold = false;
  let askedAt = Date.now();

  async function listen() {
    if (signal.aborted) return;
    const query = new URLSearchParams();
    try {
      const token = await accessToken();
      if (token !== null) query.set("token", token);
    } catch {
      return retry();
    }
    if (signal.aborted) return;
    if (lastId !== null) query.set("last_event_id", lastId);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}${path}events?${query}`);
    socket.addEventListener("open", () => tell(true));
    socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      tell(false);
      if (REFUSED.has(event.code)) failures = RETRY_MS.length;
      retry();
    });
  }

  function tell(isNow) {
    if (isNow) failures = 0;
    if (isNow !== isTold) onConnection(isNow);
    isTold = isNow;
  }

  function take(message) {
    if (message.id === undefined) return; // a heartbeat
    lastId = message.id;
    askedAt = Date.now();
    onChange(message.data ?? null);
  }

  function retry() {
    if (signal.aborted) return;
    const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
    failures += 1;
    setTimeout(listen, wait);
  }

  const timer = setInterval(() => {
    if (isTold || document.hidden || Date.now() - askedAt < pollMs) return;
    askedAt = Date.now();
    onChange(null);
  }, Math.min(pollMs, 1_000));
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    socket?.close();
  });
  listen();
}
