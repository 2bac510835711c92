// Exchanges the token in the address, after #, for a session. A browser sends that part to no one.
const token = new URLSearchParams(location.hash.slice(1)).get("login");

if (token) {
  const response = await fetch("/session", { method: "POST", body: token }).catch(() => null);
  if (response?.ok) {
    history.replaceState(null, "", "/");
    location.reload();
  } else {
    document.getElementById(response?.status === 403 ? "refused" : "failed").hidden = false;
    // A link that was refused stays refused.
    if (response?.status === 403) history.replaceState(null, "", "/");
  }
}
