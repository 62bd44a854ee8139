// Requests to the API, and what its refusals mean in plain words.

const TIMEOUT_MS = 30_000;

/** A request that was refused or got no answer; `message` is for people, `fields` for forms. */
export class ApiError extends Error {
  constructor(message, { status = 0, code = null, fields = {}, retryAfterS = null } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.retryAfterS = retryAfterS;
  }

  /** Whether trying again later may help. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * Send a request and give the answer with its JSON. Cookies are left out, so that the token alone
 * says who asks; signing in is what needs them.
 */
export async function request(
  method,
  path,
  { body, token, headers = {}, credentials = "omit" } = {},
) {
  const sent = { Accept: "application/json", ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials,
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new ApiError("The server can't be reached. Check your connection, then try again.");
  }
  const json = await response.json().catch(() => null);
  if (!response.ok && response.status !== 304) throw refusal(response, json);
  return { status: response.status, headers: response.headers, json };
}

function refusal(response, json) {
  const { status } = response;
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const retryAfterS = Number.isNaN(seconds) ? null : seconds;
  const detail = typeof json?.detail === "string" ? json.detail : null;
  const fields = detail === null && json !== null && !Array.isArray(json) ? json : {};
  const message = wordsFor(status, retryAfterS, detail ?? firstOf(json?.detail) ?? firstOf(json));
  return new ApiError(message, { status, code: json?.code ?? null, fields, retryAfterS });
}

function wordsFor(status, retryAfterS, detail) {
  if (status === 429) {
    return `That was a lot in a short time. Try again ${inSeconds(retryAfterS)}.`;
  }
  if (status === 503) {
    return `${detail ?? "The server is busy or being restarted."} Try again ${inSeconds(retryAfterS)}.`;
  }
  if (status === 502 || status === 504) {
    return "The part that runs programs does not answer. Try again in a moment.";
  }
  if (status >= 500) return "Something broke on the server, not in your program. Try again.";
  return detail ?? `The server refused that (${status}).`;
}

function inSeconds(seconds) {
  if (seconds === null) return "in a moment";
  return seconds < 90 ? `in ${seconds} s` : `in ${Math.ceil(seconds / 60)} minutes`;
}

// What forms answer: texts by field, or a list with a message for each.
function firstOf(value) {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object") return null;
  if (typeof value.msg === "string") return value.msg;
  for (const each of Object.values(value)) {
    const found = firstOf(each);
    if (found !== null) return found;
  }
  return null;
}

/** Give a key with which a request may be sent again without being done again. */
export function idempotencyKey() {
  const random = () => Math.random().toString(36).slice(2);
  return { "Idempotency-Key": `${Date.now().toString(36)}-${random()}${random()}` };
}
