// Read by the components when they are loaded, hence a module of its own that comes first: without it a picture that
// is missing would be asked for at Discord's servers.
const picture = "/avatars/0.svg";
globalThis.$discordMessage = {
  avatars: Object.fromEntries(["default", "blue", "gray", "green", "orange", "red", "pink"].map((name) => [name, picture])),
};
