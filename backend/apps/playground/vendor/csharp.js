// CodeMirror has no parser of its own for C#; its older mode does.

import { LanguageSupport, StreamLanguage } from "@codemirror/language";
import { csharp } from "@codemirror/legacy-modes/mode/clike";

export function csharpSupport() {
  return new LanguageSupport(StreamLanguage.define(csharp));
}
