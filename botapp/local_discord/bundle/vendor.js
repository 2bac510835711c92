// What the page stands on: the components that look like Discord, and the lit that they are made of.
import "./settings.js";

import "@skyra/discord-components-core/discord-action-row.js";
import "@skyra/discord-components-core/discord-attachments.js";
import "@skyra/discord-components-core/discord-author-info.js";
import "@skyra/discord-components-core/discord-embed.js";
import "@skyra/discord-components-core/discord-embed-description.js";
import "@skyra/discord-components-core/discord-embed-field.js";
import "@skyra/discord-components-core/discord-embed-fields.js";
import "@skyra/discord-components-core/discord-embed-footer.js";
import "@skyra/discord-components-core/discord-header.js";
import "@skyra/discord-components-core/discord-link.js";
import "@skyra/discord-components-core/discord-mention.js";
import "@skyra/discord-components-core/discord-message.js";
import "@skyra/discord-components-core/discord-messages.js";
import "@skyra/discord-components-core/discord-quote.js";
import "@skyra/discord-components-core/discord-reply.js";
import "@skyra/discord-components-core/discord-spoiler.js";
import "@skyra/discord-components-core/discord-subscript.js";
import "@skyra/discord-components-core/discord-time.js";

export { css, html, nothing, render, svg } from "lit";
export { classMap } from "lit/directives/class-map.js";
export { ifDefined } from "lit/directives/if-defined.js";
export { keyed } from "lit/directives/keyed.js";
export { live } from "lit/directives/live.js";
export { repeat } from "lit/directives/repeat.js";
export { styleMap } from "lit/directives/style-map.js";
