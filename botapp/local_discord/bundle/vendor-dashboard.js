// What the dashboard's page stands on: lit, and uPlot for its charts.
export { html, nothing, render } from "lit";
export { classMap } from "lit/directives/class-map.js";
export { repeat } from "lit/directives/repeat.js";
export { styleMap } from "lit/directives/style-map.js";
export { default as Plot } from "uplot";
