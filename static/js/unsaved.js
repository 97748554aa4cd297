// <form data-unsaved>: the browser asks before what was typed is lost.
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  let touched = false;
  form.addEventListener("input", () => (touched = true));
  form.addEventListener("submit", () => (touched = false));
  addEventListener("beforeunload", (event) => touched && event.preventDefault());
}
