// [data-rows]: a button that adds another row of the same questions.
for (const rows of document.querySelectorAll("[data-rows]")) {
  const button = rows.querySelector("[data-add-row]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const last = [...rows.querySelectorAll("[data-row]")].at(-1);
    const row = last.cloneNode(true);
    const number = rows.querySelectorAll("[data-row]").length;
    for (const shown of row.querySelectorAll("[data-row-number]")) shown.textContent = number + 1;
    for (const element of row.querySelectorAll("[name], [for]")) {
      for (const attribute of ["id", "name", "for"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace(/-\d+-/, `-${number}-`));
      }
      if ("value" in element) element.value = "";
    }
    last.after(row);
    row.querySelector("textarea, input, select").focus();
  });
}
