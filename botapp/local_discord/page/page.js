// Entry point of the local Discord's page: draws the state of store.js and keeps the scroll position.
import "./styles/component_styles.js";
import { chat } from "./chat/messages.js";
import { hideModal, modal, showModal } from "./chat/modal.js";
import { compose, fitTextBox } from "./compose/compose.js";
import { header, narrow, notice, rail, side } from "./layout.js";
import { _ } from "./lib/i18n.js";
import { addListener, connect, fetchSupervisor, requestRedraw, state, viewKey } from "./lib/store.js";
import { render } from "./lib/vendor.js";
import { panel } from "./panel/panel.js";

/** Interval at which the visible panel fetches what the supervisor sends no event for: health and memory. */
const SUPERVISOR_POLL_MS = 3000;
const TICK_MS = 1000;
/** Interval at which relative times ("2 minutes ago") are redrawn. */
const REDRAW_MS = 15000;
const RECONNECT_MS = 2000;
/** Up to this distance from the end the chat follows new messages, in pixels. */
const NEAR_PX = 80;

const at = (id) => document.getElementById(id);
const panelShown = () => (narrow.matches ? state.drawer === "panel" : state.panel);
/** The view that was drawn last. */
let shown = "";
/** Whether the chat stays at its end when new messages arrive. */
let followsEnd = true;

function draw() {
  if (!state.world) return;
  const scroller = at("chat");
  const place = state.shown;
  drawLayout();
  render(chat(), scroller);
  render(compose(), at("compose"));
  if (!state.modal) hideModal();
  render(modal(), at("over"));
  if (state.modal) showModal();
  drawPanel();
  if (place !== shown) onViewOpened();
  shown = place;
  if (followsEnd) scrollToEnd();
}

function drawLayout() {
  const classes = document.body.classList;
  classes.toggle("with-panel", state.panel);
  classes.toggle("drawer-side", state.drawer === "side");
  classes.toggle("drawer-panel", state.drawer === "panel");
  // The keyboard must not reach what a drawer covers.
  at("main").inert = Boolean(state.drawer);
  at("side").inert = narrow.matches && state.drawer !== "side";
  at("panel").inert = !panelShown();
  at("rail").inert = at("side").inert;
  render(rail(), at("rail"));
  render(side(), at("side"));
  render(header(), at("header"));
  render(notice(), at("notice"));
  const news = [...state.unread].filter(([view]) => view.startsWith(`${state.member}/`)).reduce((sum, [, count]) => sum + count, 0);
  const where = state.channel === "dm" ? state.world.bot.name : `#${state.channel}`;
  document.title = `${news ? `(${news}) ` : ""}${where} | ${state.world.guild.name}`;
  document.documentElement.dataset.ready = state.shown === viewKey(state.member, state.channel);
}

function drawPanel() {
  if (panelShown()) render(panel(), at("panel"));
}

function scrollToEnd() {
  at("chat").scrollTop = at("chat").scrollHeight;
}

// Messages grow after they are drawn (components render asynchronously, images load) and the window is resized. A chat
// at its end stays at its end.
function followGrowth() {
  const growth = new ResizeObserver(() => followsEnd && scrollToEnd());
  growth.observe(at("chat"));
  growth.observe(at("chat").firstElementChild);
  let top = 0;
  at("chat").addEventListener("scroll", ({ target }) => {
    const near = target.scrollHeight - target.scrollTop - target.clientHeight < NEAR_PX;
    // Only scrolling up stops following. Otherwise the end itself moved.
    if (near || target.scrollTop < top) followsEnd = near;
    top = target.scrollTop;
  });
}

// Focuses the text box, but not on a phone: its keyboard would cover the messages.
function onViewOpened() {
  if (!shown) followGrowth();
  followsEnd = true;
  fitTextBox();
  const elsewhere = document.activeElement && document.activeElement !== document.body;
  if (!narrow.matches && !elsewhere) at("text")?.focus();
}

// Typing while nothing has the focus goes to the text box, as in Discord.
function onKeyDown(event) {
  if (event.key === "Escape" && state.drawer) {
    state.drawer = null;
    requestRedraw();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement === document.body) {
    at("text")?.focus();
  }
}

addListener(draw);
document.addEventListener("keydown", onKeyDown);
at("shade").addEventListener("click", () => { state.drawer = null; requestRedraw(); });
narrow.addEventListener("change", () => { state.drawer = null; requestRedraw(); });
setInterval(() => !document.hidden && panelShown() && state.world && drawPanel(), TICK_MS);
setInterval(() => !document.hidden && panelShown() && state.world && fetchSupervisor(), SUPERVISOR_POLL_MS);
setInterval(requestRedraw, REDRAW_MS);

// The page may be opened before the local Discord answers.
function connectWithRetry() {
  connect().catch(() => {
    at("notice").textContent = _("The local Discord is not responding. Trying again…");
    setTimeout(connectWithRetry, RECONNECT_MS);
  });
}

connectWithRetry();
