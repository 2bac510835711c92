// Renders Discord's markdown as components. Text never becomes HTML: lit inserts it as text.
import { findById, state } from "../lib/store.js";
import { formatFullDate, formatTimestamp } from "../lib/times.js";
import { html } from "../lib/vendor.js";

const BLOCKS = /```(?:([\w+-]+)\n)?\n?([\s\S]+?)\n?```|^>>> ([\s\S]+)|^((?:> ?.*(?:\n|$))+)|^(#{1,3}) (.+)(?:\n|$)|^-# (.+)(?:\n|$)|^((?: *(?:[-*]|\d+\.) .+(?:\n|$))+)/m;
const INLINE = new RegExp(
  [
    /\\([\\*_~|`>#<@[\]()-])/, // 1 escaped
    /(`+)([\s\S]*?[^`])\2(?!`)/, // 2, 3 code
    /\*\*([\s\S]+?)\*\*(?!\*)/, // 4 bold
    /__([\s\S]+?)__(?!_)/, // 5 underlined
    /~~([\s\S]+?)~~/, // 6 strikethrough
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

/** Render markdown including blocks: code, quotes, headers, lists. */
export function renderMarkdown(text) {
  if (text && ONLY_EMOJI.test(text) && /\p{Extended_Pictographic}/u.test(text)) return html`<span class="jumbo">${text}</span>`;
  return blocks(text);
}

function blocks(text) {
  const parts = [];
  let rest = text;
  for (let match; rest && (match = BLOCKS.exec(rest)); rest = rest.slice(match.index + match[0].length)) {
    if (match.index) parts.push(...renderInline(rest.slice(0, match.index)));
    parts.push(block(match));
  }
  if (rest) parts.push(...renderInline(rest));
  return parts;
}

function block([, , code, longQuote, quote, header, title, small, list]) {
  if (code) return html`<pre class="block"><code>${code}</code></pre>`;
  if (longQuote) return html`<discord-quote>${blocks(longQuote)}</discord-quote>`;
  if (quote) return html`<discord-quote>${blocks(quote.replace(/^> ?/gm, "").replace(/\n$/, ""))}</discord-quote>`;
  if (header) return html`<discord-header level=${header.length}>${renderInline(title)}</discord-header>`;
  if (small) return html`<discord-subscript>${renderInline(small)}</discord-subscript>`;
  const items = list.trimEnd().split("\n").map((line) => line.match(/^( *)(?:[-*]|(\d+)\.) (.+)$/));
  const item = ([, indent, , content]) => html`<li class=${indent.length > 1 ? "deeper" : ""}>${renderInline(content)}</li>`;
  return items[0][2]
    ? html`<ol class="list" start=${items[0][2]}>${items.map(item)}</ol>`
    : html`<ul class="list">${items.map(item)}</ul>`;
}

/** Render markdown within a line, without blocks. */
export function renderInline(text) {
  const parts = [];
  let rest = text;
  for (let match; rest && (match = INLINE.exec(rest)); rest = rest.slice(match.index + match[0].length)) {
    parts.push(rest.slice(0, match.index), mark(match));
  }
  parts.push(rest);
  return parts.filter((part) => part !== "");
}

function mark(match) {
  const [whole, escaped, , code, bold, under, struck, spoiler, italic, italic2, label, target, address] = match;
  const [member, channel, role, command, everyone, unix, style, emoji] = match.slice(13);
  if (escaped) return escaped;
  if (code !== undefined) return html`<code class="code">${code.trim() || code}</code>`;
  if (bold) return html`<strong>${renderInline(bold)}</strong>`;
  if (under) return html`<u>${renderInline(under)}</u>`;
  if (struck) return html`<s>${renderInline(struck)}</s>`;
  if (spoiler) return html`<discord-spoiler role="button" tabindex="0">${renderInline(spoiler)}</discord-spoiler>`;
  if (italic ?? italic2) return html`<em>${renderInline(italic ?? italic2)}</em>`;
  if (target) return html`<discord-link href=${target} target="_blank" rel="noopener noreferrer">${renderInline(label)}</discord-link>`;
  if (address) return html`<discord-link href=${address} target="_blank" rel="noopener noreferrer">${address}</discord-link>`;
  if (member) return html`<discord-mention type="user">${findById(member)?.name ?? member}</discord-mention>`;
  if (channel) return html`<discord-mention type="channel">${findById(channel)?.name ?? channel}</discord-mention>`;
  if (role) return html`<discord-mention type="role">${role === state.world.guild.id ? "everyone" : role}</discord-mention>`;
  if (command) return html`<discord-mention type="slash">${command}</discord-mention>`;
  if (everyone) return html`<discord-mention type="role">${everyone}</discord-mention>`;
  if (unix) return html`<discord-time title=${formatFullDate(new Date(unix * 1000))}>${formatTimestamp(unix, style)}</discord-time>`;
  return emoji ? `:${emoji}:` : whole;
}

/** Return markdown as one line of plain text. */
export function toPlainText(text) {
  return text
    .replace(/<@!?(\d+)>/g, (_whole, id) => `@${findById(id)?.name ?? id}`)
    .replace(/<#(\d+)>/g, (_whole, id) => `#${findById(id)?.name ?? id}`)
    .replace(/<t:(-?\d+)(?::([tTdDfFR]))?>/g, (_whole, unix, style) => formatTimestamp(unix, style))
    .replace(/\*\*|__|~~|\|\||`+|^(?:>|#{1,3}|-#) /gm, "")
    .replace(/\s+/g, " ");
}
