// Signing in, registering, signing out: the dialog and the corner of the page that says who one is.

import { byId, notice, say, show } from "./elements.js";
import { register, signIn, signOut, user } from "./session.js";

const FIELDS = ["username", "email", "password", "one-time-code"];
const CODE_NEEDED = "second-factor-required";
const WORDS = {
  in: {
    title: "Sign in",
    text: "The name or the e-mail address of your account.",
    name: "User name or e-mail address",
    other: "No account yet? Register",
    autocomplete: "current-password",
  },
  up: {
    title: "Register",
    text: "An account is made at once.",
    name: "User name",
    other: "You have an account? Sign in",
    autocomplete: "new-password",
  },
};

let mode = "in";

/** Listen to the dialog and the buttons. */
export function listenToAccount() {
  byId("sign-in").addEventListener("click", () => openSignIn());
  byId("sign-out").addEventListener("click", async () => {
    await signOut();
    say("Signed out.");
  });
  byId("account-close").addEventListener("click", () => byId("account").close());
  byId("account-other").addEventListener("click", () => choose(mode === "in" ? "up" : "in"));
  byId("account-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  showWho();
}

/** Open the dialog. */
export function openSignIn() {
  choose("in");
  byId("account").showModal();
  byId("username").focus();
}

/** Say who is signed in. */
export function showWho() {
  const own = user();
  byId("who").textContent = own === null ? "Guest" : own.username;
  show(byId("sign-in"), own === null);
  show(byId("sign-out"), own !== null);
}

function choose(chosen) {
  mode = chosen;
  const { title, text, name, other, autocomplete } = WORDS[mode];
  byId("account-title").textContent = byId("account-send").textContent = title;
  byId("account-text").textContent = text;
  document.querySelector("label[for=username]").textContent = name;
  byId("account-other").textContent = other;
  byId("password").autocomplete = autocomplete;
  show(byId("email-field"), mode === "up");
  askForCode(false);
  tellWrong({}, null);
}

function askForCode(isAsked) {
  show(byId("one-time-code-field"), isAsked);
  if (!isAsked) byId("one-time-code").value = "";
}

async function send() {
  const [username, email, password, code] = FIELDS.map((name) => byId(name).value.trim());
  const missing = missingOf({ username, email, password });
  tellWrong(missing, null);
  if (Object.keys(missing).length > 0) return;
  byId("account-send").disabled = true;
  try {
    const secret = byId("password").value;
    await (mode === "in" ? signIn(username, secret, code) : register(username, email, secret));
    byId("account-form").reset();
    byId("account").close();
    // What opened the dialog is gone.
    byId("main").focus({ preventScroll: true });
    notice(null);
    say(`Signed in as ${user().username}.`);
  } catch (error) {
    if (error.code === CODE_NEEDED) {
      askForCode(true);
      error.fields = { "one-time-code": [code === "" ? "Your account asks for it." : error.message] };
    }
    const known = FIELDS.some((name) => error.fields[name]);
    tellWrong(error.fields, known ? null : error.message);
  }
  byId("account-send").disabled = false;
}

function missingOf(values) {
  // Whether a code is wanted, the server says.
  const wanted = mode === "in" ? ["username", "password"] : ["username", "email", "password"];
  return Object.fromEntries(
    wanted.filter((name) => values[name] === "").map((name) => [name, ["Fill this in."]]),
  );
}

function tellWrong(fields, text) {
  for (const name of FIELDS) {
    const words = [fields[name] ?? []].flat().join(" ");
    byId(`${name}-wrong`).textContent = words;
    show(byId(`${name}-wrong`), words !== "");
    byId(name).setAttribute("aria-invalid", String(words !== ""));
    byId(name).setAttribute("aria-describedby", `${name}-wrong`);
  }
  byId("account-wrong").textContent = text ?? "";
  show(byId("account-wrong"), Boolean(text));
  if (text) byId("password").focus();
  else byId(FIELDS.find((name) => fields[name]) ?? "username").focus();
}
