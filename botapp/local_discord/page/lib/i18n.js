// Translates the texts of the page into the language of the member's client. The English text in the code is the key
// of the catalogue; placeholders are written %(name)s.

let catalogue = {};
export let locale = "en-US";

/** Set the language of the page; `language` is Discord's code of it. */
export async function setLanguage(language) {
  const known = language === "id";
  catalogue = known ? await (await fetch(new URL("words.id.json", import.meta.url))).json() : {};
  locale = known ? "id-ID" : "en-US";
  document.documentElement.lang = known ? "id" : "en";
}

/** Return `text` in the current language, with its placeholders replaced by `values`. */
export function _(text, values = {}) {
  return (catalogue[text] || text).replace(/%\((\w+)\)s/g, (placeholder, name) => values[name] ?? placeholder);
}
