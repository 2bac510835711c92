// One message, and the messages of a channel one below the other.
import { attachments, components, embed } from "./controls.js";
import { forget, hasFailed } from "./deeds.js";
import { markdown, plain } from "./markdown.js";
import { changed, CHUNK, fetchView, key, me, state } from "./store.js";
import { clock, day, full, sameDay, written } from "./times.js";
import { html, ifDefined, nothing, repeat } from "./vendor.js";
import { _ } from "./words.js";

/** Messages of one author within this time stand together under one name. */
const TOGETHER_MS = 7 * 60 * 1000;
const ADMIN_COLOUR = "#f0b232";

/** Return the messages of the channel that is open. */
export function chat() {
  const ready = state.shown === key(state.member, state.channel);
  const shown = ready ? state.messages.filter((one) => !state.dismissed.has(one.id)) : [];
  const sent = state.sent.filter((one) => key(one.member, one.channel) === key(state.member, state.channel));
  const complete = ready && state.messages.length < state.newest;
  return html`<discord-messages no-background role="log" aria-live="polite" aria-label=${_("Messages")}>
    ${complete ? welcome() : nothing}
    ${ready && !complete ? html`<button class="older" type="button" @click=${older}>${_("Show older messages")}</button>` : nothing}
    ${repeat(rows(shown), (row) => row.id, (row) => row.draw())}
    ${repeat(sent, (one) => one.id, pending)}
  </discord-messages>`;
}

function older() {
  state.newest += CHUNK;
  changed();
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

// The rows of a channel: messages, with a line between two days.
function rows(messages) {
  const found = [];
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    const [now, then] = [new Date(message.timestamp), before && new Date(before.timestamp)];
    if (!then || !sameDay(now, then)) found.push({ id: `day ${now.toDateString()}`, draw: () => divider(now) });
    found.push({ id: message.id, draw: () => one(message, then && sameDay(now, then) && continues(message, before)) });
  });
  return found;
}

const divider = (date) => html`<div class="day" role="separator"><span>${day(date)}</span></div>`;

function continues(message, before) {
  return before.author.id === message.author.id
    && new Date(message.timestamp) - new Date(before.timestamp) < TOGETHER_MS
    && !message.referenced_message && !message.message_reference && !message.command
    && !message.ephemeral && !before.ephemeral;
}

const avatar = (user) => `/avatars/${user.id}.svg`;
const colour = (user) => (user.id === state.world.admin_id ? ADMIN_COLOUR : undefined);
const isForMe = (message) => !message.ephemeral && message.author.id !== me().id
  && (message.mentions.some((user) => user.id === me().id) || message.mention_everyone);

function one(message, together) {
  const date = new Date(message.timestamp);
  return html`<discord-message
    class=${`message${together ? " together" : ""}${message.ephemeral ? " for-you" : ""}${isForMe(message) ? " mentions-me" : ""}`}
    data-id=${message.id}
    role="article"
    author=${message.author_name}
    avatar=${avatar(message.author)}
    role-color=${ifDefined(colour(message.author))}
    .timestamp=${together ? clock(date) : written(date)}
    ?bot=${message.author.bot}
    ?message-body-only=${together}
    aria-label=${`${message.author_name}, ${full(date)}`}
  >${head(message)}${tools(message)}<span class="text content">${content(message)}${edited(message)}</span>${attachments(message.attachments)}${message.embeds.map((part) => embed(part, message.attachments))}${components(message)}${foot(message)}</discord-message>`;
}

function content(message) {
  if (message.loading) {
    return html`<span class="thinking"><span class="dots"><i></i><i></i><i></i></span> ${_("%(name)s is thinking…", { name: message.author_name })}</span>`;
  }
  return message.content ? markdown(message.content) : nothing;
}

function edited(message) {
  if (!message.edited_timestamp || message.ephemeral || message.loading) return nothing;
  return html`<span class="edited" title=${full(new Date(message.edited_timestamp))}>${_("(edited)")}</span>`;
}

// What stands above a message: the message it answers, or the command.
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
      @click=${() => jump(answered.id)}
    ><span class="quoted">${plain(answered.content) || html`<em>${_("Click to see the attachment")}</em>`}</span></discord-reply>`;
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

/** Bring a message into view and point at it for a moment. */
function jump(id) {
  const found = document.querySelector(`discord-message[data-id="${CSS.escape(id)}"]`);
  if (!found) return;
  found.scrollIntoView({ block: "center", behavior: "smooth" });
  found.classList.add("pointed-at");
  setTimeout(() => found.classList.remove("pointed-at"), 1600);
}

// What stands below: whom it is for, and that the last deed came to nothing.
function foot(message) {
  return html`<div slot="components" class="foot">
    ${hasFailed(message) ? html`<p class="failed" role="alert">${_("This interaction failed")}</p>` : nothing}
    ${message.ephemeral ? forYou(() => { state.dismissed.add(message.id); changed(); }) : nothing}
  </div>`;
}

const forYou = (dismiss) => html`<p class="only-you">
  <svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M12 5C6.6 5 2.7 9.3 1.2 11.4a1 1 0 0 0 0 1.2C2.7 14.7 6.6 19 12 19s9.3-4.3 10.8-6.4a1 1 0 0 0 0-1.2C21.3 9.3 17.4 5 12 5zm0 11a4 4 0 1 1 0-8 4 4 0 0 1 0 8zm0-2a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"/></svg>
  ${_("Only you can see this")} • <button type="button" class="as-link" @click=${dismiss}>${_("Dismiss message")}</button>
</p>`;

function tools(message) {
  if (message.ephemeral || message.loading) return nothing;
  return html`<div slot="reply" class="tools">
    <button type="button" title=${_("Reply")} aria-label=${_("Reply")} @click=${() => { state.replyTo = message; changed(); document.getElementById("text")?.focus(); }}>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M10 8.3V4L2 11.5 10 19v-4.4c5.5 0 9.3 1.7 12 5.4-1-6.7-4.5-11-12-11.7z"/></svg>
    </button>
  </div>`;
}

// A slash command on its way, as only the member who used it sees it.
function pending(sent) {
  const { bot } = state.world;
  const now = new Date(Number(sent.id));
  return html`<discord-message class="message for-you" role="article" author=${bot.name} avatar=${avatar(bot)} .timestamp=${written(now)} bot>
    <div slot="reply" class="used"><img src=${avatar(me())} alt=""><b>${sent.member}</b> ${_("used")} <span class="name">/${sent.spec.shown}</span></div>
    <span class="text content">${sent.failed
      ? html`<span class="failed" role="alert">${_("The application did not respond")}</span>`
      : html`<span class="thinking"><span class="dots"><i></i><i></i><i></i></span> ${_("Sending command…")}</span>`}</span>
    <div slot="components" class="foot">${sent.failed ? forYou(() => forget(sent)) : nothing}</div>
  </discord-message>`;
}
