// What the page says, in the language of the member's client. English stands in the code, and is the key of the
// catalogue; a placeholder is %(name)s.

let catalogue = {};
export let locale = "en-US";

/** Speak the language of a client (Discord's code) from now on. */
export async function speak(language) {
  const known = language === "id";
  catalogue = known ? await (await fetch("/page/words.id.json")).json() : {};
  locale = known ? "id-ID" : "en-US";
  document.documentElement.lang = known ? "id" : "en";
}

/** Return `text` in the language in use, with its placeholders filled in. */
export function _(text, values = {}) {
  return (catalogue[text] || text).replace(/%\((\w+)\)s/g, (placeholder, name) => values[name] ?? placeholder);
}
