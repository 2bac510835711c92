// The messages of a channel.
import { _ } from "../lib/i18n.js";
import { PAGE_SIZE, currentMember, fetchView, requestRedraw, state, viewKey } from "../lib/store.js";
import { formatDay, formatFullDate, formatMessageTime, formatTime, isSameDay } from "../lib/times.js";
import { html, ifDefined, nothing, repeat } from "../lib/vendor.js";
import { dismissCommand, hasFailed } from "./actions.js";
import { attachments, components, embed } from "./controls.js";
import { renderMarkdown, toPlainText } from "./markdown.js";

/** Messages of one author within this time are grouped under one name. */
const GROUP_WITHIN_MS = 7 * 60 * 1000;
const ADMIN_COLOUR = "#f0b232";

/** Return the messages of the open channel. */
export function chat() {
  const ready = state.shown === viewKey(state.member, state.channel);
  const shown = ready ? state.messages.filter((message) => !state.dismissed.has(message.id)) : [];
  const sent = state.sent.filter((command) => viewKey(command.member, command.channel) === viewKey(state.member, state.channel));
  const complete = ready && state.messages.length < state.newest;
  return html`<discord-messages no-background role="log" aria-live="polite" aria-label=${_("Messages")}>
    ${complete ? welcome() : nothing}
    ${ready && !complete ? html`<button class="older" type="button" @click=${loadOlder}>${_("Show older messages")}</button>` : nothing}
    ${repeat(rows(shown), (row) => row.id, (row) => row.draw())}
    ${repeat(sent, (command) => command.id, pendingCommand)}
  </discord-messages>`;
}

function loadOlder() {
  state.newest += PAGE_SIZE;
  requestRedraw();
  fetchView();
}

function welcome() {
  const dm = state.channel === "dm";
  const name = dm ? state.world.bot.name : `#${state.channel}`;
  return html`<div class="welcome">
    ${dm ? html`<img src="/avatars/${state.world.bot.id}.svg" alt="">` : html`<span class="hash" aria-hidden="true">#</span>`}
    <h1>${dm ? name : _("Welcome to %(channel)s!", { channel: name })}</h1>
    <p>${dm ? _("This is the beginning of your direct messages with %(name)s.", { name }) : _("This is the beginning of the channel %(channel)s.", { channel: name })}</p>
  </div>`;
}

// The rows of a channel: its messages, with a divider between two days.
function rows(messages) {
  const result = [];
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    const [date, previousDate] = [new Date(message.timestamp), before && new Date(before.timestamp)];
    if (!previousDate || !isSameDay(date, previousDate)) result.push({ id: `day ${date.toDateString()}`, draw: () => divider(date) });
    result.push({ id: message.id, draw: () => messageRow(message, previousDate && isSameDay(date, previousDate) && continuesGroup(message, before)) });
  });
  return result;
}

const divider = (date) => html`<div class="day" role="separator"><span>${formatDay(date)}</span></div>`;

function continuesGroup(message, before) {
  return before.author.id === message.author.id
    && new Date(message.timestamp) - new Date(before.timestamp) < GROUP_WITHIN_MS
    && !message.referenced_message && !message.message_reference && !message.command
    && !message.ephemeral && !before.ephemeral;
}

const avatar = (user) => `/avatars/${user.id}.svg`;
const colour = (user) => (user.id === state.world.admin_id ? ADMIN_COLOUR : undefined);
const isForMe = (message) => !message.ephemeral && message.author.id !== currentMember().id
  && (message.mentions.some((user) => user.id === currentMember().id) || message.mention_everyone);

function messageRow(message, together) {
  const date = new Date(message.timestamp);
  return html`<discord-message
    class=${`message${together ? " together" : ""}${message.ephemeral ? " for-you" : ""}${isForMe(message) ? " mentions-me" : ""}`}
    data-id=${message.id}
    role="article"
    author=${message.author_name}
    avatar=${avatar(message.author)}
    role-color=${ifDefined(colour(message.author))}
    .timestamp=${together ? formatTime(date) : formatMessageTime(date)}
    ?bot=${message.author.bot}
    ?message-body-only=${together}
    aria-label=${`${message.author_name}, ${formatFullDate(date)}`}
  >${head(message)}${tools(message)}<span class="text content">${content(message)}${edited(message)}</span>${attachments(message.attachments)}${message.embeds.map((part) => embed(part, message.attachments))}${components(message)}${foot(message)}</discord-message>`;
}

function content(message) {
  if (message.loading) {
    return html`<span class="thinking"><span class="dots"><i></i><i></i><i></i></span> ${_("%(name)s is thinking…", { name: message.author_name })}</span>`;
  }
  return message.content ? renderMarkdown(message.content) : nothing;
}

function edited(message) {
  if (!message.edited_timestamp || message.ephemeral || message.loading) return nothing;
  return html`<span class="edited" title=${formatFullDate(new Date(message.edited_timestamp))}>${_("(edited)")}</span>`;
}

// The line above a message: the message it replies to, or the command used.
function head(message) {
  const answered = message.referenced_message;
  if (answered) {
    return html`<discord-reply
      slot="reply"
      author=${answered.author.global_name ?? answered.author.username}
      avatar=${avatar(answered.author)}
      role-color=${ifDefined(colour(answered.author))}
      ?bot=${answered.author.bot}
      ?mentions=${message.mentions.some((user) => user.id === answered.author.id)}
      @click=${() => jumpToMessage(answered.id)}
    ><span class="quoted">${toPlainText(answered.content) || html`<em>${_("Click to see the attachment")}</em>`}</span></discord-reply>`;
  }
  if (message.message_reference) {
    return html`<div slot="reply" class="used gone"><em>${_("The original message was deleted")}</em></div>`;
  }
  const user = message.interaction_metadata?.user;
  if (message.command && user) {
    return html`<div slot="reply" class="used">
      <img src=${avatar(user)} alt=""><b>${user.global_name ?? user.username}</b> ${_("used")} <span class="name">/${message.command}</span>
    </div>`;
  }
  return nothing;
}

// Scrolls to a message and highlights it briefly.
function jumpToMessage(id) {
  const target = document.querySelector(`discord-message[data-id="${CSS.escape(id)}"]`);
  if (!target) return;
  target.scrollIntoView({ block: "center", behavior: "smooth" });
  target.classList.add("pointed-at");
  setTimeout(() => target.classList.remove("pointed-at"), 1600);
}

// The lines below a message: that the last interaction failed, and that only this member can see it.
function foot(message) {
  return html`<div slot="components" class="foot">
    ${hasFailed(message) ? html`<p class="failed" role="alert">${_("This interaction failed")}</p>` : nothing}
    ${message.ephemeral ? forYou(() => { state.dismissed.add(message.id); requestRedraw(); }) : nothing}
  </div>`;
}

const forYou = (dismiss) => html`<p class="only-you">
  <svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M12 5C6.6 5 2.7 9.3 1.2 11.4a1 1 0 0 0 0 1.2C2.7 14.7 6.6 19 12 19s9.3-4.3 10.8-6.4a1 1 0 0 0 0-1.2C21.3 9.3 17.4 5 12 5zm0 11a4 4 0 1 1 0-8 4 4 0 0 1 0 8zm0-2a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"/></svg>
  ${_("Only you can see this")} • <button type="button" class="as-link" @click=${dismiss}>${_("Dismiss message")}</button>
</p>`;

function tools(message) {
  if (message.ephemeral || message.loading) return nothing;
  return html`<div slot="reply" class="tools">
    <button type="button" title=${_("Reply")} aria-label=${_("Reply")} @click=${() => { state.replyTo = message; requestRedraw(); document.getElementById("text")?.focus(); }}>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M10 8.3V4L2 11.5 10 19v-4.4c5.5 0 9.3 1.7 12 5.4-1-6.7-4.5-11-12-11.7z"/></svg>
    </button>
  </div>`;
}

// A slash command that waits for the bot, visible only to the member who used it.
function pendingCommand(sent) {
  const { bot } = state.world;
  const now = new Date(Number(sent.id));
  return html`<discord-message class="message for-you" role="article" author=${bot.name} avatar=${avatar(bot)} .timestamp=${formatMessageTime(now)} bot>
    <div slot="reply" class="used"><img src=${avatar(currentMember())} alt=""><b>${sent.member}</b> ${_("used")} <span class="name">/${sent.spec.shown}</span></div>
    <span class="text content">${sent.failed
      ? html`<span class="failed" role="alert">${_("The application did not respond")}</span>`
      : html`<span class="thinking"><span class="dots"><i></i><i></i><i></i></span> ${_("Sending command…")}</span>`}</span>
    <div slot="components" class="foot">${sent.failed ? forYou(() => dismissCommand(sent)) : nothing}</div>
  </discord-message>`;
}
