/* The SQL editor: Ctrl+Enter runs, Tab completes the word, a click on a column puts it in. */
"use strict";

const editor = document.getElementById("text");
const words = document.getElementById("words");
const KEYWORDS = "SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN USING LEFT COUNT DISTINCT WITH HAVING BETWEEN INTERVAL".split(" ");
const known = [...new Set([...document.querySelectorAll("[data-word]")].map((one) => one.dataset.word || one.textContent)), ...KEYWORDS];

function begun() {
  const found = /[A-Za-z_]\w*$/.exec(editor.value.slice(0, editor.selectionStart));
  return found ? found[0] : "";
}

function matching() {
  const word = begun().toLowerCase();
  return word.length < 2 ? [] : known.filter((one) => one.toLowerCase().startsWith(word) && one.toLowerCase() !== word).slice(0, 8);
}

function put(text, over) {
  editor.focus();
  editor.setRangeText(text, editor.selectionStart - over, editor.selectionEnd, "end");
  offer();
}

function offer() {
  words.replaceChildren(...matching().map((one) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "word";
    button.textContent = one;
    button.addEventListener("click", () => put(one, begun().length));
    return button;
  }));
}

editor.addEventListener("input", offer);
editor.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    editor.form.querySelector(".primary").click();
  } else if (event.key === "Tab" && !event.shiftKey && matching().length) {
    event.preventDefault();
    put(matching()[0], begun().length);
  }
});
document.querySelector(".schema").addEventListener("click", (event) => {
  const word = event.target.closest("button.word");
  if (word) put(word.dataset.word, 0);
});
/* These answer with a file or another page, which htmx would put into this one. */
for (const button of editor.form.querySelectorAll("[data-plain]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const form = document.createElement("form");
    form.method = "post";
    form.action = button.getAttribute("formaction") || editor.form.getAttribute("action");
    for (const [name, value] of [["text", editor.value], ["name", editor.form.elements.name.value], [button.name, button.value]]) {
      if (!name) continue;
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.body.append(form);
    form.submit();
    form.remove();
  });
}
