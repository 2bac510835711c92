// Style overrides for components that look older than Discord does. They must be added before the first element exists.
import { css } from "../lib/vendor.js";

const STYLES = {
  "discord-message": css`
    :host { line-height: 1.375rem; font-size: 1rem; }
    :host(:hover) { background-color: #2e3035; }
    .discord-message-timestamp { color: #949ba4; font-size: 0.75rem; font-weight: 500; margin-left: 0.25rem; }
    .discord-author-avatar { margin-top: 2px; }
    .discord-message-content { line-height: 1.375rem; padding-top: 0; min-width: 0; }
    .discord-message-body { line-height: 1.375rem; }
    .discord-message-body-only-indent { flex: none; width: 56px; }
    .discord-message-timestamp-hover { align-self: flex-start; margin-left: 0; line-height: 1.375rem; font-size: 0.6875rem; }
    .discord-message-inner-center { align-items: flex-start; }
    .discord-message-compact-indent { min-width: 0; }
  `,
  "discord-author-info": css`
    .discord-author-username { color: #f2f3f5; }
  `,
  "discord-verified-author-tag": css`
    :host { border-radius: 0.25rem; font-weight: 500; font-size: 0.75rem; height: 1rem; text-transform: none; }
  `,
  "discord-embed": css`
    :host { color: #dbdee1; margin: 4px 0 0; max-width: 100%; }
    :host .discord-embed-root { min-width: 0; }
    :host .discord-embed-wrapper { background-color: #2b2d31; border: 0; max-width: 516px; }
    :host .discord-left-border { background-color: #1e1f22; }
    :host .discord-embed-wrapper .discord-embed-grid { padding: 0.125rem 1rem 0.875rem 0.75rem; min-width: 0; }
    :host .discord-embed-image { max-width: 100%; }
  `,
  "discord-quote": css`
    .discord-quote-divider { flex: none; }
    blockquote { min-width: 0; }
  `,
  "discord-reply": css`
    .discord-application-tag { border-radius: 0.25rem; font-size: 0.625rem; text-transform: none; }
    .discord-replied-message-content { overflow: hidden; min-width: 0; }
    .discord-replied-message-username { color: #f2f3f5; opacity: 0.75; }
  `,
};

for (const [name, rules] of Object.entries(STYLES)) customElements.get(name).elementStyles.push(rules);
