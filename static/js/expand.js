// <button data-expand="id"> in a form that leads to a page: opens a piece of that page in place, in
// the hidden element of this id. Without JavaScript, or without htmx, the form is sent instead.
const load = async (place, url) => {
  const target = place.querySelector("[data-expand-here]");
  // What waits there links to the page; while it is still there, opening asks again.
  if (!target.querySelector("[data-expand-waits]") || place.hasAttribute("aria-busy")) return;
  place.setAttribute("aria-busy", "true");
  try {
    await window.htmx.ajax("GET", url, { target, swap: "innerHTML" });
  } finally {
    place.removeAttribute("aria-busy");
  }
};

if (window.htmx) {
  for (const button of document.querySelectorAll("button[data-expand]")) {
    const place = document.getElementById(button.dataset.expand);
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", place.id);
    button.addEventListener("click", (event) => {
      event.preventDefault();
      place.hidden = !place.hidden;
      button.setAttribute("aria-expanded", String(!place.hidden));
      if (!place.hidden) load(place, button.form.action);
    });
  }
}
