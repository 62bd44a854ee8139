// Who the visitor is. Tokens live in this tab's session storage: closing the tab forgets them.

import { ApiError, request } from "./api.js";

const KEY = "session";
// Renewed this long before it ends, so that no request starts with one that is about to.
const MARGIN_MS = 30_000;
const NOBODY = { user: null, tokens: null, guest: null };

let state = NOBODY;
const listeners = [];

/** Call back whenever somebody signs in or out: whose session has ended, and whether by itself. */
export function onSessionChange(listener) {
  listeners.push(listener);
}

/** Give the account that is signed in, or `null`. */
export function user() {
  return state.user;
}

/** Take over what an earlier visit in this tab left. */
export function restoreSession() {
  try {
    state = { ...NOBODY, ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}") };
  } catch {
    state = NOBODY;
  }
}

function keep(next, { isExpired = false } = {}) {
  const before = state.user;
  state = next;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // A browser that keeps nothing: the session then lasts as long as the page.
  }
  if (state.user?.id !== before?.id) {
    for (const listener of listeners) listener({ before, isExpired });
  }
}

function tokensOf(answer) {
  return {
    access: answer.access_token,
    refresh: answer.refresh_token ?? null,
    endsAt: Date.now() + (answer.expires_in) * 1000,
  };
}

/** Sign in with a name, a password and, where the account asks for one, a code. */
export function signIn(username, password, code) {
  return enter("/api/auth/token/", { username, password, code });
}

/** Make an account, and sign in with it. */
export function register(username, email, password) {
  return enter("/api/auth/register/", { username, email, password });
}

async function enter(path, body) {
  // The cookie that comes along is what pictures in statements are fetched with.
  const { json } = await request("POST", path, { body, credentials: "same-origin" });
  keep({ user: json.user, tokens: tokensOf(json), guest: null });
}

/** End the session, on the server too. */
export async function signOut() {
  const token = state.tokens?.access;
  keep(NOBODY);
  if (token) {
    // Whether or not the server hears of it, this tab has forgotten the tokens.
    const sent = request("POST", "/api/auth/logout/", { token, credentials: "same-origin" });
    await sent.catch(() => null);
  }
}

let renewal = null;

// Everybody who needs a token at the same moment waits for the same renewal.
function renewed() {
  renewal ??= renew().finally(() => (renewal = null));
  return renewal;
}

async function renew() {
  const refresh = state.tokens?.refresh;
  try {
    const body = { refresh_token: refresh };
    const answer = await request("POST", "/api/auth/token/refresh/", {
      body,
      credentials: "same-origin",
    });
    keep({ ...state, tokens: tokensOf(answer.json) });
  } catch (error) {
    if (error.isPassing) throw error;
    keep(NOBODY, { isExpired: true });
    throw new ApiError("Your session has ended. Sign in again.", { status: 401 });
  }
}

/** Give the account's token, or `null` where nobody is signed in. */
export async function accessToken() {
  if (state.tokens === null) return null;
  if (state.tokens.endsAt - MARGIN_MS < Date.now()) await renewed();
  return state.tokens?.access ?? null;
}

/** Send a request as the visitor; a token that is no longer good is renewed once. */
export async function ask(method, path, options = {}) {
  const token = await accessToken();
  try {
    return await request(method, path, { ...options, token });
  } catch (error) {
    if (error.status !== 401 || token === null) throw error;
    if (state.tokens?.access === token) await renewed();
    return request(method, path, { ...options, token: await accessToken() });
  }
}

/** Give a token that programs may be run with: the account's, or a guest's. */
export async function runToken() {
  const own = await accessToken();
  if (own !== null) return own;
  if (state.guest === null || state.guest.endsAt - MARGIN_MS < Date.now()) {
    keep({ ...state, guest: await guestTokens() });
  }
  return state.guest.access;
}

/** Forget a token that was refused, so that the next one is new. */
export async function forgetRunToken() {
  if (state.tokens !== null) await renewed();
  else keep({ ...state, guest: null });
}

async function guestTokens() {
  try {
    return tokensOf((await request("POST", "/api/auth/guest/")).json);
  } catch (error) {
    if (error.isPassing) throw error;
    throw new ApiError("Here one runs programs with an account. Sign in, or register.", {
      status: 401,
    });
  }
}

