// Everything around the messages: servers, channels, member switcher, header and notices.
import { resetComposer } from "./compose/compose.js";
import { _ } from "./lib/i18n.js";
import { chooseLanguage, openView, requestRedraw, showNotice, state, viewKey, visibleChannels } from "./lib/store.js";
import { html, nothing, svg } from "./lib/vendor.js";

const unread = (channel) => state.unread.get(viewKey(state.member, channel)) ?? 0;
const badge = (count) => (count ? html`<span class="badge" aria-label=${_("%(count)s new", { count })}>${count > 99 ? "99+" : count}</span>` : nothing);
const avatar = (id) => html`<img src="/avatars/${id}.svg" alt="">`;

const ICONS = {
  menu: svg`<path fill="currentColor" d="M3 5h18v2H3zm0 6h18v2H3zm0 6h18v2H3z"/>`,
  panel: svg`<path fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" d="M2 12h4l3-7 5 14 3-7h5"/>`,
  chats: svg`<path fill="currentColor" d="M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-8l-5 4v-4H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm4 6a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zm4 0a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zm4 0a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z"/>`,
  lock: svg`<path fill="currentColor" d="M17 9V7A5 5 0 0 0 7 7v2a3 3 0 0 0-3 3v7a3 3 0 0 0 3 3h10a3 3 0 0 0 3-3v-7a3 3 0 0 0-3-3zM9 7a3 3 0 1 1 6 0v2H9z"/>`,
};

/** Open another view. */
function visit(where) {
  resetComposer();
  openView(where);
}

/** Return the column of servers: direct messages and the shop. */
export function rail() {
  const home = state.channel === "dm";
  const shop = visibleChannels().reduce((sum, channel) => sum + unread(channel.name), 0);
  const initials = state.world.guild.name.split(" ").map((word) => word[0]).join("");
  return html`
    <button type="button" class="server" aria-label=${_("Direct messages")} title=${_("Direct messages")} aria-current=${home} @click=${() => visit({ channel: "dm" })}>
      ${icon("chats")}${badge(unread("dm"))}
    </button>
    <hr>
    <button type="button" class="server" title=${state.world.guild.name} aria-label=${state.world.guild.name} aria-current=${!home} @click=${() => home && visit({ channel: "toko" })}>
      ${initials}${shop && home ? html`<span class="badge dot"></span>` : nothing}
    </button>`;
}

/** Return an icon by its name. */
function icon(name) {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;
}

/** Return the column of channels, with the member switcher below. */
export function side() {
  const home = state.channel === "dm";
  return html`
    <h1>${home ? _("Direct messages") : state.world.guild.name}</h1>
    <div class="channels">
      <h2>${home ? _("Direct messages") : _("Text channels")}</h2>
      <ul>${home ? botItem() : visibleChannels().map(channelItem)}</ul>
      ${home ? nothing : html`<h2>${_("Members")} — ${state.world.members.length + 1}</h2><ul class="people">${memberList()}</ul>`}
    </div>
    ${memberSwitcher()}`;
}

function channelItem(channel) {
  const count = unread(channel.name);
  const secret = channel.members.length < state.world.members.length;
  return html`<li><button type="button" class=${count ? "channel new" : "channel"} aria-current=${channel.name === state.channel ? "page" : "false"} @click=${() => visit({ channel: channel.name })}>
    <span class="hash" aria-hidden="true">${secret ? icon("lock") : "#"}</span><span class="name">${channel.name}</span>${badge(count)}
  </button></li>`;
}

const dot = (on) => html`<i class=${on ? "presence on" : "presence"}></i>`;

function botItem() {
  return html`<li><button type="button" class="channel" aria-current="page" @click=${() => visit({ channel: "dm" })}>
    <span class="pic">${avatar(state.world.bot.id)}${dot(state.online)}</span><span class="name">${state.world.bot.name}</span>
  </button></li>`;
}

function memberList() {
  const { members, bot: app } = state.world;
  return html`
    <li id="bot" class=${state.online ? "online" : ""}><span class="pic">${avatar(app.id)}${dot(state.online)}</span><span class="name">${app.name}</span><span class="app">App</span><small>${state.online ? _("online") : _("offline")}</small></li>
    ${members.map((member) => html`<li><span class="pic">${avatar(member.id)}${dot(true)}</span><span class=${member.id === state.world.admin_id ? "name owner" : "name"}>${member.name}</span></li>`)}`;
}

// Switches the member and the language of the member's client.
function memberSwitcher() {
  return html`<div class="identity">
    <h2 id="acting">${_("You are")}</h2>
    <div class="members" role="radiogroup" aria-labelledby="acting" @keydown=${onMemberKey}>${state.world.members.map(memberButton)}</div>
    <label class="language"><span>${_("Language of this client")}</span>
      <select @change=${(event) => onLanguage(event.target.value)}>
        ${Object.entries(state.world.languages).map(([code, name]) => html`<option value=${code} ?selected=${code === state.world.members.find((member) => member.name === state.member).language}>${name}</option>`)}
      </select>
    </label>
  </div>`;
}

function memberButton(member) {
  const chosen = member.name === state.member;
  const news = [...state.unread].filter(([place]) => place.startsWith(`${member.name}/`)).reduce((sum, [, count]) => sum + count, 0);
  return html`<button type="button" role="radio" aria-checked=${chosen} tabindex=${chosen ? 0 : -1} data-member=${member.name} @click=${() => switchMember(member.name)}>
    ${avatar(member.id)}<span>${member.name}</span>${chosen ? nothing : badge(news)}
  </button>`;
}

function switchMember(name) {
  visit({ member: name });
}

function onMemberKey(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const names = state.world.members.map((member) => member.name);
  const next = names[(names.indexOf(state.member) + step + names.length) % names.length];
  switchMember(next);
  requestAnimationFrame(() => document.querySelector(`[data-member="${next}"]`)?.focus());
}

async function onLanguage(language) {
  try {
    await chooseLanguage(language);
  } catch (error) {
    showNotice(error.message);
  }
}

/** Return the header of the channel. */
export function header() {
  const home = state.channel === "dm";
  const news = [...state.unread].some(([place]) => place.startsWith(`${state.member}/`));
  return html`
    <button type="button" class="icon only-narrow" aria-label=${_("Channels and members")} aria-expanded=${state.drawer === "side"} @click=${() => toggleDrawer("side")}>${icon("menu")}${news ? html`<span class="badge dot"></span>` : nothing}</button>
    <h1>${home ? html`<span class="pic">${avatar(state.world.bot.id)}${dot(state.online)}</span>${state.world.bot.name}` : html`<span class="hash" aria-hidden="true">#</span>${state.channel}`}</h1>
    <p class="private" title=${_("A local Discord: nothing here leaves this machine.")}>${icon("lock")}<span>${_("A local Discord: nothing here leaves this machine.")}</span></p>
    <button type="button" class="icon toggle" aria-label=${_("Supervisor")} title=${_("Supervisor")} aria-pressed=${state.panel} @click=${togglePanel}>${icon("panel")}</button>`;
}

export const narrow = matchMedia("(max-width: 900px)");

function toggleDrawer(drawer) {
  state.drawer = state.drawer === drawer ? null : drawer;
  requestRedraw();
  requestAnimationFrame(() => document.querySelector(`#${drawer} button, #${drawer} [tabindex]`)?.focus());
}

function togglePanel() {
  if (narrow.matches) { toggleDrawer("panel"); return; }
  state.panel = !state.panel;
  requestRedraw();
}

/** Return the state of the connection if it is lost, or else the current notice. */
export function notice() {
  if (!state.live) return html`<p class="lost">${_("The local Discord is not responding. Trying again…")}</p>`;
  return state.toast ? html`<p class="toast">${state.toast}</p>` : nothing;
}
