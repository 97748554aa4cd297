// <div data-yes-no>: a question with two radio buttons; Y or N, while one of them has the focus,
// answers it and goes on to the next question, and from the last one to what follows it.
const questions = [...document.querySelectorAll("[data-yes-no]")];

function next(question) {
  const after = questions[questions.indexOf(question) + 1];
  if (after) return after.querySelector(":checked") ?? after.querySelector("input");
  return question.closest("form").querySelector(".gh-amounts input, [type=submit]");
}

for (const question of questions) {
  question.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const value = { y: "yes", n: "no" }[event.key.toLowerCase()];
    if (!value) return;
    event.preventDefault();
    const radio = question.querySelector(`[value=${value}]`);
    radio.checked = true;
    radio.dispatchEvent(new Event("input", { bubbles: true }));
    next(question)?.focus();
  });
}
for (const hint of document.querySelectorAll("[data-yes-no-hint]")) hint.hidden = false;
