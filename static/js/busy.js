// A form that was sent can't be sent twice, and the page says that it is at work.
const root = document.documentElement;

const free = (button) => {
  button.disabled = false;
  button.removeAttribute("aria-busy");
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  // htmx has its own requests, below; a form that only asks may be asked again.
  if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post], [hx-put]")) return;
  const button = event.submitter ?? form.querySelector("[type=submit]");
  root.dataset.busy = "";
  if (!button) return;
  button.setAttribute("aria-busy", "true");
  // Only once the browser has read the form: a disabled button's value is not sent.
  setTimeout(() => (button.disabled = true));
});

// Back from the next page, the browser may show this one as it was left.
addEventListener("pageshow", () => {
  delete root.dataset.busy;
  document.querySelectorAll("button[aria-busy]").forEach(free);
});

let requests = 0;
document.addEventListener("htmx:beforeSend", () => {
  requests += 1;
  root.dataset.busy = "";
});
document.addEventListener("htmx:afterRequest", () => {
  requests = Math.max(0, requests - 1);
  if (!requests) delete root.dataset.busy;
});
