// Beneath a select of columns: what the chosen one holds, as the page tells of every column.
const told = document.getElementById("examples");
const examples = told ? JSON.parse(told.textContent) : {};

for (const place of document.querySelectorAll("[data-examples-of]")) {
  const select = document.getElementById(place.dataset.examplesOf);
  select.addEventListener("change", () => {
    const shown = (examples[select.value] ?? []).map((text) => {
      const span = document.createElement("span");
      span.textContent = text;
      return span;
    });
    place.replaceChildren(...shown);
  });
}
