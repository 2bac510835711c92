// Entry point of the dashboard: draws the state of store.js.
import { _ } from "./lib/i18n.js";
import { addListener, chooseLanguage, chooseRange, connect, requestRedraw, state } from "./lib/store.js";
import { html, nothing, render } from "./lib/vendor.js";
import { drawBands } from "./view/bands.js";
import { drawCharts } from "./view/charts.js";
import { errors, logs } from "./view/logs.js";
import { figures, overview, restarts } from "./view/overview.js";
import { shop } from "./view/shop.js";

/** Interval at which relative times ("2 minutes ago") and uptimes are redrawn. */
const REDRAW_MS = 5000;
const at = (id) => document.getElementById(id);

// A function, so that the texts follow the current language.
const ranges = () => [["day", _("24 hours")], ["week", _("7 days")], ["month", _("30 days")]];

function header() {
  return html`
    <h1><img src="/page/icon.svg" alt="" width="24" height="24">stocksup</h1>
    <div class="ranges" role="group" aria-label=${_("Time range")}>
      ${ranges().map(([range, name]) => html`<button type="button" aria-pressed=${range === state.range} @click=${() => chooseRange(range)}>${name}</button>`)}
    </div>
    <select aria-label=${_("Language")} @change=${(event) => chooseLanguage(event.target.value)}>
      ${[["id", "Indonesia"], ["en", "English"]].map(([code, name]) => html`<option value=${code} ?selected=${code === state.language}>${name}</option>`)}
    </select>
    ${state.live ? nothing : html`<p class="lost" role="status">${_("The dashboard is not responding. Trying again…")}</p>`}
    ${state.live && !state.now.connected ? html`<p class="lost" role="status">${_("The supervisor is not responding. Its programs keep running, and it will take over again when it is back.")}</p>` : nothing}`;
}

function draw() {
  if (!state.now) return;
  render(header(), at("header"));
  render(html`${overview()}${restarts()}${figures()}${shop()}${errors()}`, at("main"));
  render(logs(), at("logs"));
  drawBands();
  drawCharts();
  document.documentElement.dataset.ready = state.series !== null && (state.shop !== null || state.shopProblem !== null);
}

addListener(draw);
addEventListener("resize", requestRedraw);
matchMedia("(prefers-color-scheme: light)").addEventListener("change", requestRedraw);
setInterval(() => !document.hidden && requestRedraw(), REDRAW_MS);
connect();
