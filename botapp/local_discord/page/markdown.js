// Discord's markdown, as its components. What is in the text is never HTML: lit puts it in as text.
import { named, state } from "./store.js";
import { full, timestamp } from "./times.js";
import { html } from "./vendor.js";

const BLOCKS = /```(?:([\w+-]+)\n)?\n?([\s\S]+?)\n?```|^>>> ([\s\S]+)|^((?:> ?.*(?:\n|$))+)|^(#{1,3}) (.+)(?:\n|$)|^-# (.+)(?:\n|$)|^((?: *(?:[-*]|\d+\.) .+(?:\n|$))+)/m;
const INLINE = new RegExp(
  [
    /\\([\\*_~|`>#<@[\]()-])/, // 1 escaped
    /(`+)([\s\S]*?[^`])\2(?!`)/, // 2, 3 code
    /\*\*([\s\S]+?)\*\*(?!\*)/, // 4 bold
    /__([\s\S]+?)__(?!_)/, // 5 underlined
    /~~([\s\S]+?)~~/, // 6 struck out
    /\|\|([\s\S]+?)\|\|/, // 7 spoiler
    /\*(?=\S)((?:\*\*|[^*])+?)\*(?!\*)/, // 8 italic
    /\b_(?=\S)([^_]+?)_\b/, // 9 italic
    /\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/, // 10, 11 link
    /<?(https?:\/\/[^\s<>]+[^\s<>.,:;!?'")\]])>?/, // 12 address
    /<@!?(\d+)>/, // 13 member
    /<#(\d+)>/, // 14 channel
    /<@&(\d+)>/, // 15 role
    /<\/([^:>]+):\d+>/, // 16 command
    /@(everyone|here)\b/, // 17
    /<t:(-?\d+)(?::([tTdDfFR]))?>/, // 18, 19 time
    /<a?:(\w+):\d+>/, // 20 emoji of a server
  ].map((part) => part.source).join("|"),
);
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s){1,40}$/u;

/** Return a text with blocks: code, quotes, headers, lists. */
export function markdown(text) {
  if (text && ONLY_EMOJI.test(text) && /\p{Extended_Pictographic}/u.test(text)) return html`<span class="jumbo">${text}</span>`;
  return blocks(text);
}

function blocks(text) {
  const parts = [];
  let rest = text;
  for (let found; rest && (found = BLOCKS.exec(rest)); rest = rest.slice(found.index + found[0].length)) {
    if (found.index) parts.push(...inline(rest.slice(0, found.index)));
    parts.push(block(found));
  }
  if (rest) parts.push(...inline(rest));
  return parts;
}

function block([, , code, longQuote, quote, header, title, small, list]) {
  if (code) return html`<pre class="block"><code>${code}</code></pre>`;
  if (longQuote) return html`<discord-quote>${blocks(longQuote)}</discord-quote>`;
  if (quote) return html`<discord-quote>${blocks(quote.replace(/^> ?/gm, "").replace(/\n$/, ""))}</discord-quote>`;
  if (header) return html`<discord-header level=${header.length}>${inline(title)}</discord-header>`;
  if (small) return html`<discord-subscript>${inline(small)}</discord-subscript>`;
  const items = list.trimEnd().split("\n").map((line) => line.match(/^( *)(?:[-*]|(\d+)\.) (.+)$/));
  const item = ([, indent, , content]) => html`<li class=${indent.length > 1 ? "deeper" : ""}>${inline(content)}</li>`;
  return items[0][2]
    ? html`<ol class="list" start=${items[0][2]}>${items.map(item)}</ol>`
    : html`<ul class="list">${items.map(item)}</ul>`;
}

/** Return a text within a line: no blocks. */
export function inline(text) {
  const parts = [];
  let rest = text;
  for (let found; rest && (found = INLINE.exec(rest)); rest = rest.slice(found.index + found[0].length)) {
    parts.push(rest.slice(0, found.index), mark(found));
  }
  parts.push(rest);
  return parts.filter((part) => part !== "");
}

function mark(found) {
  const [whole, escaped, , code, bold, under, struck, spoiler, italic, italic2, label, target, address] = found;
  const [member, channel, role, command, everybody, unix, style, emoji] = found.slice(13);
  if (escaped) return escaped;
  if (code !== undefined) return html`<code class="code">${code.trim() || code}</code>`;
  if (bold) return html`<strong>${inline(bold)}</strong>`;
  if (under) return html`<u>${inline(under)}</u>`;
  if (struck) return html`<s>${inline(struck)}</s>`;
  if (spoiler) return html`<discord-spoiler role="button" tabindex="0">${inline(spoiler)}</discord-spoiler>`;
  if (italic ?? italic2) return html`<em>${inline(italic ?? italic2)}</em>`;
  if (target) return html`<discord-link href=${target} target="_blank" rel="noopener noreferrer">${inline(label)}</discord-link>`;
  if (address) return html`<discord-link href=${address} target="_blank" rel="noopener noreferrer">${address}</discord-link>`;
  if (member) return html`<discord-mention type="user">${named(member)?.name ?? member}</discord-mention>`;
  if (channel) return html`<discord-mention type="channel">${named(channel)?.name ?? channel}</discord-mention>`;
  if (role) return html`<discord-mention type="role">${role === state.world.guild.id ? "everyone" : role}</discord-mention>`;
  if (command) return html`<discord-mention type="slash">${command}</discord-mention>`;
  if (everybody) return html`<discord-mention type="role">${everybody}</discord-mention>`;
  if (unix) return html`<discord-time title=${full(new Date(unix * 1000))}>${timestamp(unix, style)}</discord-time>`;
  return emoji ? `:${emoji}:` : whole;
}

/** Return a text without its marks, for one line: the message that is answered. */
export function plain(text) {
  return text
    .replace(/<@!?(\d+)>/g, (_whole, id) => `@${named(id)?.name ?? id}`)
    .replace(/<#(\d+)>/g, (_whole, id) => `#${named(id)?.name ?? id}`)
    .replace(/<t:(-?\d+)(?::([tTdDfFR]))?>/g, (_whole, unix, style) => timestamp(unix, style))
    .replace(/\*\*|__|~~|\|\||`+|^(?:>|#{1,3}|-#) /gm, "")
    .replace(/\s+/g, " ");
}
