// The line at the bottom: text, files, replies; slash commands take its place while one is filled in.
import { encoded } from "./files.js";
import { plain } from "./markdown.js";
import { abandon, commandLine, fillingIn, offerKey, offerList, offered, sendCommand, typedAnew } from "./slash.js";
import { ask, changed, key, state, tell } from "./store.js";
import { size } from "./times.js";
import { html, live, nothing } from "./vendor.js";
import { _ } from "./words.js";

const MAX_FILES = 10;
/** of all files of a message together; the server takes no request above 26 MiB, and they grow by a third on the way */
const MAX_BYTES = 15 * 1024 * 1024;
const MAX_CONTENT = 2000;

/** Files that go with the next message. */
let files = [];
let sending = false;
/** Where Enter was pressed while a message was on its way. */
let again = null;

const place = () => key(state.member, state.channel);
const draft = () => state.drafts.get(place()) ?? "";

/** Return the composer. */
export function compose() {
  const where = state.channel === "dm" ? `@${state.world.bot.name}` : `#${state.channel}`;
  return html`${typing()}
  <form class="compose" @submit=${(event) => { event.preventDefault(); submit(); }}>
    ${fillingIn() ? nothing : offerList(draft())}
    ${state.replyTo ? replyBar() : nothing}
    ${files.length ? html`<div class="files">${files.map(fileCard)}</div>` : nothing}
    <div class="line">
      <label class="icon" title=${_("Attach a file")}>
        <input type="file" multiple class="hidden" aria-label=${_("Attach a file")} @change=${(event) => { attach(event.target.files); event.target.value = ""; }}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm5 11h-4v4h-2v-4H7v-2h4V7h2v4h4z"/></svg>
      </label>
      ${fillingIn() ? commandLine() : textBox(where)}
      <button class="icon send" aria-label=${_("Send")} ?disabled=${!fillingIn() && !draft().trim() && !files.length}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M3 20.5 22 12 3 3.5v6.6L15 12 3 13.9z"/></svg>
      </button>
    </div>
  </form>`;
}

function textBox(where) {
  return html`<textarea
    id="text"
    rows="1"
    maxlength=${MAX_CONTENT}
    placeholder=${_("Message %(where)s", { where })}
    aria-label=${_("Message %(where)s as %(member)s", { where, member: state.member })}
    aria-controls="offers"
    .value=${live(draft())}
    @input=${typed}
    @keydown=${keydown}
    @paste=${(event) => { if (event.clipboardData.files.length) { event.preventDefault(); attach(event.clipboardData.files); } }}
  ></textarea>`;
}

function typing() {
  const channel = state.channel === "dm" ? state.world.members.find((one) => one.name === state.member).dm_id : state.world.channels.find((one) => one.name === state.channel)?.id;
  const on = (state.typing.get(channel) ?? 0) > Date.now();
  return html`<div class="typing" aria-live="polite">${on ? html`<span class="dots"><i></i><i></i><i></i></span> <b>${state.world.bot.name}</b> ${_("is typing…")}` : nothing}</div>`;
}

function replyBar() {
  const { author_name, content } = state.replyTo;
  return html`<div class="reply-bar">
    <span>${_("Replying to")} <b>${author_name}</b> <em>${plain(content)}</em></span>
    <button type="button" class="icon" aria-label=${_("Do not reply")} @click=${() => { state.replyTo = null; changed(); }}>✕</button>
  </div>`;
}

const fileCard = (file) => html`<div class="file-card">
  <span>${file.name}<small>${size(file.size)}</small></span>
  <button type="button" class="icon" aria-label=${_("Remove %(name)s", { name: file.name })} @click=${() => { files = files.filter((one) => one !== file); changed(); }}>✕</button>
</div>`;

function attach(list) {
  for (const file of list) {
    const bytes = [...files, file].reduce((sum, one) => sum + one.size, 0);
    if (bytes > MAX_BYTES) tell(_("Files of more than %(most)s are too much for one message.", { most: size(MAX_BYTES) }));
    else if (files.length >= MAX_FILES) tell(_("A message takes at most %(most)s files.", { most: MAX_FILES }));
    else files = [...files, file];
  }
  changed();
  document.getElementById("text")?.focus();
}

function typed(event) {
  state.drafts.set(place(), event.target.value);
  typedAnew();
  fit(event.target);
  changed();
}

/** Make the text's box as high as its text. */
export function fit(box = document.getElementById("text")) {
  if (!box) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

function keydown(event) {
  if (event.isComposing) return;
  if (offerKey(event, draft())) {
    event.preventDefault();
    event.stopPropagation();
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && state.replyTo) {
    state.replyTo = null;
    changed();
  }
}

async function submit() {
  if (fillingIn()) { sendCommand(); return; }
  const text = draft().trim();
  if (sending) { again = place(); return; }
  if ((!text && !files.length) || offered(text).length) return;
  sending = true;
  const [at, reply, attached] = [place(), state.replyTo, files];
  try {
    await ask("POST", "message", {
      member: state.member,
      channel: state.channel,
      content: mentioned(text),
      ...(reply && { reply_to: reply.id }),
      ...(attached.length && { files: await Promise.all(attached.map(encoded)) }),
    });
    if (state.drafts.get(at)?.trim() === text) state.drafts.delete(at); // what was typed meanwhile stays
    if (state.replyTo === reply) state.replyTo = null;
    files = files.filter((one) => !attached.includes(one));
  } catch (error) {
    again = null;
    tell(_("The message was not sent: %(why)s", { why: error.message }));
  }
  sending = false;
  changed();
  requestAnimationFrame(() => fit());
  const next = again === place();
  again = null;
  if (next) submit();
}

// "@Budi" becomes a mention, as choosing the name in Discord does.
function mentioned(text) {
  const everybody = [...state.world.members, state.world.bot];
  return everybody.reduce((so_far, one) => so_far.replaceAll(`@${one.name}`, `<@${one.id}>`), text);
}

/** Somebody else writes now, or elsewhere: what was begun here stays here. */
export function leave() {
  files = [];
  if (fillingIn()) abandon();
}
