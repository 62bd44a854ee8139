// One run of a program: started, watched through a socket, or by asking where none can be had.

import { ApiError, request } from "./api.js";
import { forgetRunToken, runToken } from "./session.js";
import { isFinal } from "./words.js";

const DOOR = "/api/v1/executions";
const FIRST_POLL_MS = 300;
const POLL_MS = 1_000;
const RETRY_SOCKET_MS = [250, 1_000, 3_000];
const PING_MS = 20_000;
// Close codes of the door: the token is no longer good; the execution is not the visitor's.
const BAD_TOKEN = 4001;
const NOT_YOURS = 4003;

/**
 * Run a program and resolve to its last state. `onState` is given each state, `onOutput` each piece
 * of output (its stream and text), `onConnection` how it is watched: `live`, `polling` or `lost`.
 * `signal` stops watching, not the program.
 */
export async function execute(program, { onStart, onState, onOutput, onConnection, signal }) {
  const id = await start(program);
  signal.throwIfAborted();
  onStart(id);
  onState({ status: "pending" });
  return new Watch(id, { onState, onOutput, onConnection, signal }).end;
}

async function start({ code, language, input }) {
  const body = { code, language, input_data: input, stream_output: true };
  const send = async () => request("POST", `${DOOR}/execute`, { body, token: await runToken() });
  try {
    return (await send()).json.execution_id;
  } catch (error) {
    if (error.status !== 401) throw error;
    await forgetRunToken();
    return (await send()).json.execution_id;
  }
}

/** Stop a program that runs. */
export async function cancel(id) {
  await request("POST", `${DOOR}/cancel/${id}`, { token: await runToken() });
}

class Watch {
  #id;
  #told;
  #socket = null;
  #failures = 0;
  #sequence = -1;
  #timers = new Set();
  #isOver = false;
  #finish;

  constructor(id, told) {
    this.#id = id;
    this.#told = told;
    this.end = new Promise((resolve, reject) => (this.#finish = { resolve, reject }));
    told.signal.addEventListener("abort", () => {
      this.#stop();
      this.#finish.reject(new DOMException("Stopped watching", "AbortError"));
    });
    this.#listen();
    this.#later(FIRST_POLL_MS, () => this.#poll());
  }

  get #isLive() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #later(ms, what) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      what();
    }, ms);
    this.#timers.add(timer);
  }

  #stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  async #listen() {
    let token;
    try {
      token = await runToken();
    } catch {
      return this.#retry();
    }
    if (this.#told.signal.aborted || this.#isOver) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const address = `${scheme}//${location.host}${DOOR}/ws/${this.#id}?token=${encodeURIComponent(token)}`;
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#told.onConnection("live");
      this.#ping(socket);
    });
    socket.addEventListener("message", (event) => this.#take(event.data));
    socket.addEventListener("close", (event) => this.#closed(socket, event.code));
  }

  // Keeps proxies from closing a socket on which nothing happens.
  #ping(socket) {
    this.#later(PING_MS, () => {
      if (socket !== this.#socket || !this.#isLive) return;
      socket.send("ping");
      this.#ping(socket);
    });
  }

  async #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#told.onConnection("polling");
    if (code === NOT_YOURS) return this.#fail(new ApiError("There is no such run any more."));
    if (code === BAD_TOKEN) await forgetRunToken().catch(() => null);
    this.#retry();
  }

  #retry() {
    const wait = RETRY_SOCKET_MS[Math.min(this.#failures, RETRY_SOCKET_MS.length - 1)];
    this.#failures += 1;
    if (!this.#isOver) this.#later(wait, () => this.#listen());
  }

  #take(text) {
    const message = JSON.parse(text);
    if (message.type === "execution_update") {
      this.#failures = 0;
      this.#see(message.data);
    } else if (message.type === "execution_output" && message.data.sequence > this.#sequence) {
      this.#sequence = message.data.sequence;
      this.#told.onOutput(message.data.stream, message.data.text);
    }
  }

  // Only where the socket does not tell; the state is asked for, so that nothing is ever lost.
  async #poll() {
    if (!this.#isLive) {
      try {
        const token = await runToken();
        const { json } = await request("GET", `${DOOR}/status/${this.#id}`, { token });
        if (!this.#isLive) this.#told.onConnection("polling");
        this.#see(json);
      } catch (error) {
        if (error.status === 404) return this.#fail(new ApiError("There is no such run any more."));
        if (error.status === 401) await forgetRunToken().catch(() => null);
        if (!this.#isLive) this.#told.onConnection("lost");
      }
    }
    if (!this.#isOver) this.#later(POLL_MS, () => this.#poll());
  }

  #see(state) {
    if (this.#isOver || this.#told.signal.aborted) return;
    this.#told.onState(state);
    if (!isFinal(state.status)) return;
    this.#isOver = true;
    this.#stop();
    this.#finish.resolve(state);
  }

  #fail(error) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop();
    this.#finish.reject(error);
  }
}
