// The composer below the messages: text, files and replies, or the fields of a slash command.
import { toPlainText } from "../chat/markdown.js";
import { _ } from "../lib/i18n.js";
import { callApi, requestRedraw, showNotice, state, viewKey } from "../lib/store.js";
import { formatSize } from "../lib/times.js";
import { html, live, nothing } from "../lib/vendor.js";
import { encodeFile } from "./files.js";
import { cancelCommand, commandLine, commandList, currentCommand, handleListKey, matchCommands, onTextChanged, sendCommand } from "./slash.js";

const MAX_FILES = 10;
/** All files of a message together. Base64 adds a third, and the server accepts requests of up to 26 MiB. */
const MAX_BYTES = 15 * 1024 * 1024;
const MAX_CONTENT = 2000;

/** Attachments of the next message. */
let files = [];
let sending = false;
/** The view in which Enter was pressed while a message was being sent. */
let queuedView = null;

const place = () => viewKey(state.member, state.channel);
const draft = () => state.drafts.get(place()) ?? "";

/** Return the composer. */
export function compose() {
  const where = state.channel === "dm" ? `@${state.world.bot.name}` : `#${state.channel}`;
  return html`${typing()}
  <form class="compose" @submit=${(event) => { event.preventDefault(); submit(); }}>
    ${currentCommand() ? nothing : commandList(draft())}
    ${state.replyTo ? replyBar() : nothing}
    ${files.length ? html`<div class="files">${files.map(fileCard)}</div>` : nothing}
    <div class="line">
      <label class="icon" title=${_("Attach a file")}>
        <input type="file" multiple class="hidden" aria-label=${_("Attach a file")} @change=${(event) => { attach(event.target.files); event.target.value = ""; }}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm5 11h-4v4h-2v-4H7v-2h4V7h2v4h4z"/></svg>
      </label>
      ${currentCommand() ? commandLine() : textBox(where)}
      <button class="icon send" aria-label=${_("Send")} ?disabled=${!currentCommand() && !draft().trim() && !files.length}>
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
    @input=${onInput}
    @keydown=${onKeyDown}
    @paste=${(event) => { if (event.clipboardData.files.length) { event.preventDefault(); attach(event.clipboardData.files); } }}
  ></textarea>`;
}

function typing() {
  const channel = state.channel === "dm" ? state.world.members.find((member) => member.name === state.member).dm_id : state.world.channels.find((visible) => visible.name === state.channel)?.id;
  const on = (state.typing.get(channel) ?? 0) > Date.now();
  return html`<div class="typing" aria-live="polite">${on ? html`<span class="dots"><i></i><i></i><i></i></span> <b>${state.world.bot.name}</b> ${_("is typing…")}` : nothing}</div>`;
}

function replyBar() {
  const { author_name, content } = state.replyTo;
  return html`<div class="reply-bar">
    <span>${_("Replying to")} <b>${author_name}</b> <em>${toPlainText(content)}</em></span>
    <button type="button" class="icon" aria-label=${_("Cancel reply")} @click=${() => { state.replyTo = null; requestRedraw(); }}>✕</button>
  </div>`;
}

const fileCard = (file) => html`<div class="file-card">
  <span>${file.name}<small>${formatSize(file.size)}</small></span>
  <button type="button" class="icon" aria-label=${_("Remove %(name)s", { name: file.name })} @click=${() => { files = files.filter((other) => other !== file); requestRedraw(); }}>✕</button>
</div>`;

function attach(list) {
  for (const file of list) {
    const bytes = [...files, file].reduce((sum, other) => sum + other.size, 0);
    if (bytes > MAX_BYTES) showNotice(_("The files of one message may add up to at most %(most)s.", { most: formatSize(MAX_BYTES) }));
    else if (files.length >= MAX_FILES) showNotice(_("A message can have at most %(most)s files.", { most: MAX_FILES }));
    else files = [...files, file];
  }
  requestRedraw();
  document.getElementById("text")?.focus();
}

function onInput(event) {
  state.drafts.set(place(), event.target.value);
  onTextChanged();
  fitTextBox(event.target);
  requestRedraw();
}

/** Make the text box as high as its text. */
export function fitTextBox(box = document.getElementById("text")) {
  if (!box) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

function onKeyDown(event) {
  if (event.isComposing) return;
  if (handleListKey(event, draft())) {
    event.preventDefault();
    event.stopPropagation();
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && state.replyTo) {
    state.replyTo = null;
    requestRedraw();
  }
}

async function submit() {
  if (currentCommand()) { sendCommand(); return; }
  const text = draft().trim();
  if (sending) { queuedView = place(); return; }
  if ((!text && !files.length) || matchCommands(text).length) return;
  sending = true;
  const [at, reply, attached] = [place(), state.replyTo, files];
  try {
    await callApi("POST", "message", {
      member: state.member,
      channel: state.channel,
      content: insertMentions(text),
      ...(reply && { reply_to: reply.id }),
      ...(attached.length && { files: await Promise.all(attached.map(encodeFile)) }),
    });
    if (state.drafts.get(at)?.trim() === text) state.drafts.delete(at); // keeps text typed in the meantime
    if (state.replyTo === reply) state.replyTo = null;
    files = files.filter((file) => !attached.includes(file));
  } catch (error) {
    queuedView = null;
    showNotice(_("The message was not sent: %(why)s", { why: error.message }));
  }
  sending = false;
  requestRedraw();
  requestAnimationFrame(() => fitTextBox());
  const sendNext = queuedView === place();
  queuedView = null;
  if (sendNext) submit();
}

// Turns "@Budi" into a mention, as choosing the name in Discord does.
function insertMentions(text) {
  const users = [...state.world.members, state.world.bot];
  return users.reduce((result, user) => result.replaceAll(`@${user.name}`, `<@${user.id}>`), text);
}

/** Drop attachments and the current command, because the member or channel changes. */
export function resetComposer() {
  files = [];
  if (currentCommand()) cancelCommand();
}
