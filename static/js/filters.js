// <form data-auto-submit>: sent when a facet changes; its button is for those without JavaScript.
for (const form of document.querySelectorAll("form[data-auto-submit]")) {
  form.classList.add("gh-sends-itself");
  form.addEventListener("change", (event) => {
    if (event.target.matches("select, [type=checkbox], [type=radio], [type=date]")) form.requestSubmit();
  });
}
