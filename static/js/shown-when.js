// [data-shown-when="due=date"]: a field that waits for what another one says. Left out, it is not
// sent; what was typed into it is still there when it comes back.
for (const form of document.querySelectorAll("form.gh-form")) {
  const waiting = [...form.querySelectorAll("[data-shown-when]")];
  const frame = (field) => field.closest(".col-md, [id^='div_id_']");

  const arrange = () => {
    for (const field of waiting) {
      const [name, value] = field.dataset.shownWhen.split("=");
      const said = form.elements[name];
      const isShown = !said.disabled && said.value === value;
      field.disabled = !isShown;
      frame(field).hidden = !isShown;
    }
    for (const group of form.querySelectorAll("fieldset")) {
      const fields = [...group.querySelectorAll("[data-shown-when]")];
      group.hidden = fields.length > 0 && fields.every((field) => frame(field).hidden);
    }
  };

  form.addEventListener("change", arrange);
  arrange();
}
